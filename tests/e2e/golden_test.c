// SPDX-License-Identifier: Apache-2.0
// An alert to the byte: value, key, headers, time and partition, in both topics; and a configured
// program from nothing: check, init, run.
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

static void init__makes_what_is_missing_and_check_is_content(void **state)
{
    const struct scene_settings settings = scene_settings_default("fresh");
    struct scene *scene = stage_scene(state, &settings);
    struct cardwatch *cardwatch = &scene->services[0];
    cardwatch_set(cardwatch, "application_id=fresh");
    cardwatch_set(cardwatch, "topics.purchases=fresh-p");
    cardwatch_set(cardwatch, "topics.alerts_avro=fresh-a");
    cardwatch_set(cardwatch, "topics.alerts_json=fresh-j");
    assert_int_equal(cardwatch_command(cardwatch, "check"), 1); // no topics yet
    assert_int_equal(kafkad_partitions(scene->kafka, "fresh-p"), -1);
    assert_int_equal(cardwatch_command(cardwatch, "init"), 0);
    assert_int_equal(cardwatch_command(cardwatch, "init"), 0);
    int32_t partitions = kafkad_partitions(scene->kafka, "fresh-p");
    assert_true(partitions > 0);
    assert_true(kafkad_partitions(scene->kafka, "fresh-a") > 0);
    assert_true(kafkad_partitions(scene->kafka, "fresh-j") > 0);
    assert_int_equal(cardwatch_command(cardwatch, "check"), 0);
    cardwatch_start(cardwatch);
    assert_true(cardwatch_await_log(cardwatch, 0, "partition running", (size_t)partitions, 30000));
    assert_int_equal(kafkad_partitions(scene->kafka, "fresh-windows-changelog"), partitions);
    assert_true(kafkad_partitions(scene->kafka, "fresh-dead-letters") > 0);
    char *policy = kafkad_topic_setting(scene->kafka, "fresh-windows-changelog", "cleanup.policy");
    assert_string_equal(policy, "compact");
    free(policy);
    assert_int_equal(cardwatch_stop(cardwatch, 5000), 0);
    scene->passed = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(alert__is_right_to_the_byte),
        stage_test(init__makes_what_is_missing_and_check_is_content),
    };
    return stage_run(tests);
}
