// SPDX-License-Identifier: Apache-2.0
// An alert to the byte: value, key, headers, time and partition, in both topics.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/murmur2.h"
#include "lib/scene.h"
#include "lib/workspace.h"

#define CARD "1111-2222-3333-4444"

// Three purchases in under 60 seconds, the second one out of order.
static void send_burst(struct scene *scene)
{
    struct purchase_values purchase = {
        .id = 1,
        .credit_card = view_text(CARD),
        .timestamp_ms = 1664000000000,
        .has_timestamp = true,
    };
    workload_purchase(&scene->workload, &purchase, 1664000100001);
    purchase.id = 2;
    purchase.timestamp_ms = 1664000059999;
    workload_purchase(&scene->workload, &purchase, 1664000100002);
    purchase.id = 3;
    purchase.timestamp_ms = 1664000030000;
    workload_purchase(&scene->workload, &purchase, 1664000100003);
    loader_flush(scene->workload.loader);
}

static void expect_header(const struct topic_record *record, const char *name, const char *expected)
{
    char *text = record_header(record, name);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

// Everything but the value.
static void expect_envelope(const struct scene *scene, const struct topic_record *record)
{
    const int32_t partition = murmur2_partition(view_text(CARD), scene->settings.partitions);
    char *source = workspace_text("%s/%d/2", scene->purchases, partition);
    assert_int_equal(record->partition, partition);
    assert_true(record->timestamp_ms == 1664000100003);
    assert_true(view_equal(record->key, view_text(CARD)));
    assert_int_equal(record->header_count, 4);
    expect_header(record, "cardwatch.rule", "high_purchase_count");
    expect_header(record, "cardwatch.count", "3");
    expect_header(record, "cardwatch.detected_at", "1664000030000");
    expect_header(record, "cardwatch.source", source);
    free(source);
}

static void expect_avro(const struct topic_record *record)
{
    // 00 | schema id 2 | 1 "high_purchase_count" | 1 card | 1 zigzag(1664000000000)
    const uint8_t expected[] = "\x00\x00\x00\x00\x02\x02\x26high_purchase_count\x02\x26" CARD
                               "\x02\x80\x80\x88\xe2\xed\x60";
    assert_int_equal(record->value.size, sizeof(expected) - 1);
    assert_memory_equal(record->value.data, expected, sizeof(expected) - 1);
}

static void expect_json(const struct topic_record *record)
{
    json_t *expected = json_pack("{s:s, s:s, s:I}", "type", "high_purchase_count", "credit_card",
                                 CARD, "timestamp", (json_int_t)1664000000000);
    json_t *seen = json_loadb((const char *)record->value.data, record->value.size, 0, NULL);
    assert_non_null(seen);
    assert_true(json_equal(seen, expected));
    json_decref(expected);
    json_decref(seen);
}

static void alert__is_right_to_the_byte(void **state)
{
    struct topic_records avro;
    struct topic_records json;
    const struct scene_settings settings = scene_settings_default("golden");
    struct scene *scene = stage_scene(state, &settings);
    send_burst(scene);
    cardwatch_start(&scene->services[0]);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    records_read(&avro, kafkad_bootstrap(scene->kafka), scene->alerts_avro);
    records_read(&json, kafkad_bootstrap(scene->kafka), scene->alerts_json);
    assert_int_equal(avro.count, 1);
    assert_int_equal(json.count, 1);
    expect_envelope(scene, &avro.items[0]);
    expect_envelope(scene, &json.items[0]);
    expect_avro(&avro.items[0]);
    expect_json(&json.items[0]);
    assert_true(scene_judge(scene, NULL));
    records_release(&avro);
    records_release(&json);
    assert_int_equal(cardwatch_stop(&scene->services[0], 5000), 0);
    scene->passed = true;
}

// Each line of the log is an object with no name twice.
static void expect_json_log(const struct cardwatch *service)
{
    static const char *const names[] = {"time", "level", "component", "message"};
    char *text = workspace_read(service->log_path);
    char *rest = text;
    size_t count = 0;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && line[0] != '\0'; count++) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            if (!json_is_string(json_object_get(object, names[i])))
                fail_msg("no %s in: %s", names[i], line);
        json_decref(object);
    }
    assert_true(count > 0);
    free(text);
}

static void run__makes_its_own_topics_and_logs_in_json(void **state)
{
    const struct scene_settings settings = scene_settings_default("fresh");
    struct scene *scene = stage_scene(state, &settings);
    const size_t partitions = (size_t)settings.partitions;
    cardwatch_set(&scene->services[0], "log.format=json");
    cardwatch_start(&scene->services[0]);
    assert_true(
        cardwatch_await_log(&scene->services[0], 0, "partition running", partitions, 30000));
    assert_int_equal(kafkad_partitions(scene->kafka, scene->changelog), partitions);
    assert_true(kafkad_partitions(scene->kafka, scene->dead_letters) > 0);
    char *policy = kafkad_topic_setting(scene->kafka, scene->changelog, "cleanup.policy");
    assert_string_equal(policy, "compact");
    free(policy);
    assert_int_equal(cardwatch_stop(&scene->services[0], 5000), 0);
    expect_json_log(&scene->services[0]);
    scene->passed = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(alert__is_right_to_the_byte),
        stage_test(run__makes_its_own_topics_and_logs_in_json),
    };
    return stage_run(tests);
}
