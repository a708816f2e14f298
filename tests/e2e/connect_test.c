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
#include "lib/workspace.h"
#include "registry/registry.h"

static const int64_t FAR_MS = 1795248300000; // after the last message of the capture

enum {
    PARTITIONS = 4,
    SCHEMA_IDS = 10,
    VALUE_BYTES_MAX = 65536,
    LINE_BYTES_MAX = 262144,
    REGISTRY_MS = 20000
};

// The table's topic, and what its rows say.
struct flags {
    char *topic;
    struct loader *rows;
    json_t *by_card;
    size_t count;
};

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

// A double, as a text when JSON has no such number; in schema 8 the column is a text, which cannot
// be read as a distance.
static void take_distance(struct captured *captured, const json_t *distance)
{
    struct generated *message = &captured->message;
    bool text_column = json_integer_value(json_object_get(captured->json, "schema_id")) == 8;
    if (text_column && json_is_string(distance)) {
        message->malformed = DEAD_LETTER_SCHEMA_MISMATCH;
        return;
    }
    message->purchase.has_distance = distance != NULL && !json_is_null(distance);
    message->purchase.distance_from_billing_zip = json_is_string(distance)
                                                      ? strtod(json_string_value(distance), NULL)
                                                      : json_number_value(distance);
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
    take_distance(captured, json_object_get(decoded, "distance_from_billing_zip"));
    take_value(captured, ids);
}

static const char *topic_of(const struct captured *captured)
{
    return json_string_value(json_object_get(captured->json, "topic"));
}

static bool is_of_purchases(const struct captured *captured)
{
    const char *topic = topic_of(captured);
    return strncmp(topic, "cx-purchases", 12) == 0 || strcmp(topic, "cx-t_num_free") == 0;
}

static void send_purchase(struct scene *scene, struct captured *captured,
                          const uint32_t ids[SCHEMA_IDS])
{
    take_message(captured, ids);
    // Connect's keys lie where the Java client, and so we, would place them.
    const struct view key = captured->message.key;
    if (key.size > 0)
        assert_int_equal(captured->partition, murmur2_partition(key, PARTITIONS));
    workload_take(&scene->workload, &captured->message, captured->partition);
}

// Keeps what the flag says by the capture: the card's last one counts.
static void send_flag(struct flags *flags, struct captured *captured,
                      const uint32_t ids[SCHEMA_IDS])
{
    const json_t *json = captured->json;
    const json_t *key = json_object_get(json, "key");
    const json_t *enabled = json_object_get(json_object_get(json, "decoded"), "enabled");
    struct loader_message row = {
        .partition = (int32_t)json_integer_value(json_object_get(json, "partition")),
        .key = text_of(key),
        .timestamp_ms = json_integer_value(json_object_get(json, "timestamp")),
    };
    int32_t partition;
    int64_t offset;
    if (json_is_string(json_object_get(json, "value"))) { // otherwise a tombstone
        take_value(captured, ids);
        row.value = captured->message.value;
    }
    loader_send(flags->rows, &row, &partition, &offset);
    json_object_set_new(flags->by_card, json_string_value(key),
                        json_boolean(json_is_true(enabled)));
    flags->count++;
}

static bool is_travelling(void *context, struct view card)
{
    const struct flags *flags = context;
    char *text = workspace_text("%.*s", (int)card.size, (const char *)card.data);
    bool travelling = json_is_true(json_object_get(flags->by_card, text));
    free(text);
    return travelling;
}

// Each message to the partition where it was: the purchases of all tables, or the rows of flags.
static size_t send_captured(struct scene *scene, struct flags *flags, bool rows,
                            const uint32_t ids[SCHEMA_IDS])
{
    static char line[LINE_BYTES_MAX];
    static struct captured captured;
    size_t count = 0;
    FILE *file = fopen("tests/data/connect/messages.jsonl", "re");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        captured.json = json_loads(line, JSON_ALLOW_NUL, NULL);
        assert_non_null(captured.json);
        if (!rows && is_of_purchases(&captured)) {
            send_purchase(scene, &captured, ids);
            count++;
        } else if (rows && strcmp(topic_of(&captured), "cx-travel_flags") == 0) {
            send_flag(flags, &captured, ids);
        }
        json_decref(captured.json);
    }
    fclose(file);
    loader_flush(scene->workload.loader);
    loader_flush(flags->rows);
    return count;
}

static size_t letters_of(const struct scene *scene, enum dead_letter_class class_)
{
    size_t count = 0;
    for (size_t i = 0; i < scene->workload.letter_count; i++)
        count += scene->workload.letters[i].class_ == class_;
    return count;
}

// The cards with flags, far from home, after all that was captured.
static void send_far_purchases(struct scene *scene)
{
    static const char *const cards[] = {"1111-2222-3333-4444", "9999-0000-1111-2222",
                                        "4000-0000-0000-0002", "5555-6666-7777-8888"};
    for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++) {
        const struct purchase_values purchase = {
            .id = 900001 + (int64_t)i,
            .credit_card = view_text(cards[i]),
            .distance_from_billing_zip = 3000,
            .timestamp_ms = FAR_MS,
            .has_distance = true,
            .has_timestamp = true,
        };
        workload_purchase(&scene->workload, &purchase, FAR_MS);
    }
    loader_flush(scene->workload.loader);
}

static struct scene *open_scene(void **state)
{
    static const char *const names[] = {"high_purchase_count", "pair", "travel_distance", NULL};
    struct scene_settings settings = scene_settings_default("connect");
    settings.rules = "[{name: high_purchase_count}, {name: pair, window_ms: 10000, threshold: 2}, "
                     "{name: travel_distance, type: travel_distance}]";
    settings.rule_names = names;
    settings.oracle.rules[1] =
        (struct oracle_rule){.kind = ORACLE_SLIDING, .window_ms = 10000, .threshold = 2};
    settings.oracle.rules[2] = (struct oracle_rule){.kind = ORACLE_TRAVEL, .min_distance = 2000};
    settings.oracle.rule_count = 3;
    return stage_scene(state, &settings);
}

static void open_flags(struct flags *flags, struct scene *scene)
{
    *flags = (struct flags){.topic = workspace_text("connect-flags"), .by_card = json_object()};
    kafkad_topic(scene->kafka, flags->topic, PARTITIONS, "compact");
    flags->rows = loader_open(kafkad_bootstrap(scene->kafka), flags->topic, PARTITIONS);
    scene->workload.travelling = is_travelling;
    scene->workload.travelling_context = flags;
    char *set = workspace_text("topics.travel_flags=%s", flags->topic);
    cardwatch_set(&scene->services[0], set);
    free(set);
}

static void close_flags(struct flags *flags, struct scene *scene)
{
    scene->workload.travelling = NULL;
    loader_close(flags->rows);
    json_decref(flags->by_card);
    free(flags->topic);
}

static void what_connect_writes__raises_its_alerts(void **state)
{
    uint32_t ids[SCHEMA_IDS];
    struct flags flags;
    struct scene *scene = open_scene(state);
    register_schemas(scene, ids);
    open_flags(&flags, scene);
    // The table is loaded to its end before the first purchase is taken.
    send_captured(scene, &flags, true, ids);
    assert_int_equal(send_captured(scene, &flags, false, ids), 124);
    assert_int_equal(flags.count, 10);
    // The capture has something of everything.
    assert_true(scene->workload.alert_count >= 5);
    assert_true(scene->workload.duplicate_count >= 5);
    assert_true(letters_of(scene, DEAD_LETTER_NO_CARD) >= 3);
    assert_true(letters_of(scene, DEAD_LETTER_FUTURE_TIMESTAMP) >= 1);
    assert_int_equal(letters_of(scene, DEAD_LETTER_SCHEMA_MISMATCH), 1);
    size_t before = scene->workload.alert_count;
    send_far_purchases(scene);
    assert_int_equal(scene->workload.alert_count - before, 3); // one card travels
    cardwatch_start(&scene->services[0]);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, NULL));
    assert_int_equal(cardwatch_stop(&scene->services[0], 20000), 0);
    close_flags(&flags, scene);
    scene->passed = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(what_connect_writes__raises_its_alerts),
    };
    return stage_run(tests);
}
