// SPDX-License-Identifier: Apache-2.0
// What a real Kafka Connect wrote (tests/data/connect), through the service on a real Kafka, to
// alerts and dead letters: the oracle has the values from the capture's own decoding, not from
// ours.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/murmur2.h"
#include "lib/scene.h"
#include "registry/registry.h"

enum { SCHEMA_IDS = 10, VALUE_BYTES_MAX = 65536, LINE_BYTES_MAX = 262144, REGISTRY_MS = 20000 };

// One message of the capture, in the form that the workload takes.
struct captured {
    json_t *json;
    uint8_t bytes[VALUE_BYTES_MAX];
    struct generated message;
    int32_t partition;
};

// The text that the registry of the capture serves, under a subject of its own: the id it gets
// here.
static uint32_t register_one(struct registry *registry, const json_t *schema, uint32_t id)
{
    char subject[32];
    struct error err;
    uint32_t ours = 0;
    const char *text = json_string_value(json_object_get(schema, "registry"));
    snprintf(subject, sizeof(subject), "capture-%u-value", id);
    if (registry_register(registry, subject, view_text(text), REGISTRY_MS, &ours, &err) !=
        STATUS_OK)
        fail_msg("%s", err.text);
    return ours;
}

static void register_schemas(const struct scene *scene, uint32_t ids[SCHEMA_IDS])
{
    const struct registry_settings settings = {.url = scene->registry_url};
    struct registry *registry;
    struct error err;
    json_t *file = json_load_file("tests/data/connect/schemas.json", 0, NULL);
    assert_non_null(file);
    assert_int_equal(registry_open(&settings, &registry, &err), STATUS_OK);
    for (uint32_t id = 1; id < SCHEMA_IDS; id++) {
        char name[12];
        snprintf(name, sizeof(name), "%u", id);
        ids[id] =
            register_one(registry, json_object_get(json_object_get(file, "schemas"), name), id);
    }
    registry_close(registry);
    json_decref(file);
}

static struct view text_of(const json_t *json)
{
    return (struct view){(const uint8_t *)json_string_value(json), json_string_length(json)};
}

// The bytes as they were captured; the schema's id alone becomes the one of this registry.
static void take_value(struct captured *captured, const uint32_t ids[SCHEMA_IDS])
{
    const json_t *hex = json_object_get(captured->json, "value");
    size_t size = json_string_length(hex) / 2;
    assert_true(size >= 5 && size <= VALUE_BYTES_MAX);
    for (size_t i = 0; i < size; i++) {
        char digits[3] = {json_string_value(hex)[2 * i], json_string_value(hex)[2 * i + 1], 0};
        captured->bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    uint32_t id = captured->bytes[4];
    assert_in_range(id, 1, SCHEMA_IDS - 1);
    captured->bytes[4] = (uint8_t)ids[id];
    captured->message.value = (struct view){captured->bytes, size};
}

static void take_message(struct captured *captured, const uint32_t ids[SCHEMA_IDS])
{
    const json_t *decoded = json_object_get(captured->json, "decoded");
    const json_t *card = json_object_get(decoded, "credit_card");
    const json_t *time = json_object_get(decoded, "timestamp");
    struct generated *message = &captured->message;
    *message = (struct generated){
        .key = text_of(json_object_get(captured->json, "key")),
        .message_timestamp_ms = json_integer_value(json_object_get(captured->json, "timestamp")),
        .purchase = {.id = json_integer_value(json_object_get(decoded, "id")),
                     .credit_card = text_of(card),
                     .has_timestamp = json_is_integer(time),
                     .timestamp_ms = json_integer_value(time)},
    };
    // A row without a card has no key either.
    assert_true(json_is_null(card) == (message->key.data == NULL));
    if (json_string_length(card) == 0)
        message->malformed = DEAD_LETTER_NO_CARD;
    captured->partition = (int32_t)json_integer_value(json_object_get(captured->json, "partition"));
    take_value(captured, ids);
}

static bool is_of_purchases(const struct captured *captured)
{
    const char *topic = json_string_value(json_object_get(captured->json, "topic"));
    return strncmp(topic, "cx-purchases", 12) == 0 || strcmp(topic, "cx-t_num_free") == 0;
}

// All tables one after the other, each message to the partition where it was.
static size_t send_captured(struct scene *scene, const uint32_t ids[SCHEMA_IDS])
{
    static char line[LINE_BYTES_MAX];
    static struct captured captured;
    size_t count = 0;
    FILE *file = fopen("tests/data/connect/messages.jsonl", "re");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        captured.json = json_loads(line, JSON_ALLOW_NUL, NULL);
        assert_non_null(captured.json);
        if (is_of_purchases(&captured)) {
            take_message(&captured, ids);
            // Connect's keys lie where the Java client, and so we, would place them.
            const struct view key = captured.message.key;
            if (key.size > 0)
                assert_int_equal(captured.partition, murmur2_partition(key, 4));
            workload_take(&scene->workload, &captured.message, captured.partition);
            count++;
        }
        json_decref(captured.json);
    }
    fclose(file);
    loader_flush(scene->workload.loader);
    return count;
}

static size_t letters_of(const struct scene *scene, enum dead_letter_class class_)
{
    size_t count = 0;
    for (size_t i = 0; i < scene->workload.letter_count; i++)
        count += scene->workload.letters[i].class_ == class_;
    return count;
}

static void what_connect_writes__raises_its_alerts(void **state)
{
    static const char *const names[] = {"high_purchase_count", "pair", NULL};
    uint32_t ids[SCHEMA_IDS];
    struct scene_settings settings = scene_settings_default("connect");
    settings.rules = "[{name: high_purchase_count}, {name: pair, window_ms: 10000, threshold: 2}]";
    settings.rule_names = names;
    settings.oracle.rules[1] =
        (struct oracle_rule){.kind = ORACLE_SLIDING, .window_ms = 10000, .threshold = 2};
    settings.oracle.rule_count = 2;
    struct scene *scene = stage_scene(state, &settings);
    register_schemas(scene, ids);
    assert_int_equal(send_captured(scene, ids), 124);
    // The capture has something of everything.
    assert_true(scene->workload.alert_count >= 5);
    assert_true(scene->workload.duplicate_count >= 5);
    assert_true(letters_of(scene, DEAD_LETTER_NO_CARD) >= 3);
    assert_true(letters_of(scene, DEAD_LETTER_FUTURE_TIMESTAMP) >= 1);
    cardwatch_start(&scene->services[0]);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, NULL));
    assert_int_equal(cardwatch_stop(&scene->services[0], 5000), 0);
    scene->passed = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(what_connect_writes__raises_its_alerts),
    };
    return stage_run(tests);
}
