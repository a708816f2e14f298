// SPDX-License-Identifier: Apache-2.0
// `cardwatch replay` beside a service on a real broker.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/murmur2.h"
#include "lib/replayed.h"
#include "lib/scene.h"
#include "lib/workspace.h"

enum { STOP_TIMEOUT_MS = 10000, LINES_BYTES_MAX = 64 * 1024 * 1024 };

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static size_t purchases(void)
{
    return scene_full_size() ? 1000000 : 60000;
}

static void assert_says(const struct replayed *replayed, const char *text)
{
    if (strstr(replayed->said, text) == NULL)
        fail_msg("\"%s\" is not in: %s", text, replayed->said);
}

static void run_service(struct scene *scene, size_t count)
{
    workload_send(&scene->workload, count);
    cardwatch_start(&scene->services[0]);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
}

static void assert_equal(struct scene *scene, size_t alerts)
{
    struct replayed verified = replayed_run(scene, WORDS("--verify"));
    char *line = workspace_text("compared: %zu equal, 0 missing, 0 extra, 0 different", alerts);
    if (verified.code != 0)
        fail_msg("exit code %d: %s", verified.code, verified.said);
    assert_says(&verified, line);
    free(line);
    replayed_release(&verified);
}

static void verify__of_a_live_service_finds_no_difference(void **state)
{
    struct scene_settings settings = scene_settings_default("verified");
    settings.threads = 2;
    settings.generator.malformed_ppm = 500;
    struct scene *scene = stage_scene(state, &settings);
    workload_send(&scene->workload, purchases());
    struct replayed early = replayed_run(scene, WORDS("--verify"));
    assert_int_equal(early.code, 1);
    assert_says(&early, "has committed nothing");
    replayed_release(&early);
    cardwatch_start(&scene->services[0]);
    assert_true(scene_await_progress(scene, (int64_t)purchases() / 4, SCENE_CATCH_UP_MS));
    struct replayed midway = replayed_run(scene, WORDS("--verify"));
    if (midway.code != 0)
        fail_msg("exit code %d: %s", midway.code, midway.said);
    replayed_release(&midway);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_equal(scene, 2 * scene->workload.alert_count);
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
    assert_true(scene_judge(scene, NULL)); // the replay has left no trace
    scene->passed = true;
}

static void add_by_hand(struct loader *loader)
{
    static const char value[] = "{\"type\": \"high_purchase_count\", \"credit_card\": "
                                "\"9999-8888-7777-6666\", \"timestamp\": 1}";
    const struct loader_message message = {
        .partition = -1,
        .key = view_text("9999-8888-7777-6666"),
        .value = view_text(value),
        .timestamp_ms = -1,
    };
    int32_t partition;
    int64_t offset;
    loader_send(loader, &message, &partition, &offset);
}

// Copies alerts with their sources, but the first one; `one_more`: and one that nobody raised.
static void copy_but_one(struct scene *scene, const char *from, const char *to, bool one_more)
{
    struct topic_records records;
    int32_t partitions = scene->settings.partitions;
    kafkad_topic(scene->kafka, to, partitions, NULL);
    records_read(&records, kafkad_bootstrap(scene->kafka), from);
    struct loader *loader = loader_open(kafkad_bootstrap(scene->kafka), to, partitions);
    for (size_t i = 1; i < records.count; i++) {
        const struct topic_record *record = &records.items[i];
        char *source = record_header(record, "cardwatch.source");
        const struct loader_message message = {
            .partition = record->partition,
            .key = record->key,
            .value = record->value,
            .timestamp_ms = record->timestamp_ms,
            .header_name = "cardwatch.source",
            .header_value = view_text(source),
        };
        int32_t partition;
        int64_t offset;
        loader_send(loader, &message, &partition, &offset);
        free(source);
    }
    if (one_more)
        add_by_hand(loader);
    loader_close(loader);
    records_release(&records);
}

static void verify__names_what_was_removed_and_what_was_added(void **state)
{
    const struct scene_settings settings = scene_settings_default("altered");
    struct scene *scene = stage_scene(state, &settings);
    run_service(scene, purchases());
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
    char *avro = workspace_text("%s-copy", scene->alerts_avro);
    char *json = workspace_text("%s-copy", scene->alerts_json);
    char *set_avro = workspace_text("topics.alerts_avro=%s", avro);
    char *set_json = workspace_text("topics.alerts_json=%s", json);
    (void)registrar_register(scene->registry_url, scene->purchases, avro);
    copy_but_one(scene, scene->alerts_avro, avro, false);
    copy_but_one(scene, scene->alerts_json, json, true);
    struct replayed altered =
        replayed_run(scene, WORDS("--set", set_avro, "--set", set_json, "--verify"));
    assert_int_equal(altered.code, 1);
    char *line = workspace_text("compared: %zu equal, 2 missing, 1 extra, 0 different",
                                2 * (scene->workload.alert_count - 1));
    assert_says(&altered, line);
    assert_says(&altered, "{\"difference\": \"missing\", \"topic\": \"");
    assert_says(&altered, "{\"difference\": \"extra\", \"topic\": \"");
    assert_says(&altered, "\"credit_card\": \"************6666\"");
    assert_null(strstr(altered.said, "7777"));
    replayed_release(&altered);
    free(line);
    free(set_json);
    free(set_avro);
    free(json);
    free(avro);
    scene->passed = true;
}

// The lines that the oracle expects of what was sent, under other settings: by a second run of the
// generator.
static struct buffer expected_lines(struct scene *scene, const struct oracle_settings *oracle)
{
    struct workload second;
    struct buffer lines;
    const struct workload_settings settings = {
        .generator = scene->settings.generator,
        .oracle = *oracle,
        .topic = scene->purchases,
        .partitions = scene->settings.partitions,
    };
    int64_t offsets[16] = {0};
    workload_open(&second, &settings);
    for (size_t i = 0; i < scene->workload.sent_count; i++) {
        struct generated message;
        generator_next(second.generator, &message);
        int32_t partition = murmur2_partition(message.key, settings.partitions);
        workload_expect(&second, &message, partition, offsets[partition]++);
    }
    buffer_init(&lines, LINES_BYTES_MAX);
    for (size_t i = 0; i < second.alert_count; i++) {
        const struct expected_alert *alert = &second.alerts[i];
        assert_true(buffer_append_format(
            &lines,
            "\"timestamp\": %lld, \"rule\": \"high_purchase_count\", \"count\": %llu, "
            "\"detected_at\": %lld, \"source\": \"%s/%d/%lld\"}\n",
            (long long)alert->timestamp_ms, (unsigned long long)alert->count,
            (long long)alert->detected_at_ms, scene->purchases, (int)alert->partition,
            (long long)alert->offset));
    }
    assert_true(second.alert_count > 0 && buffer_append_byte(&lines, '\0'));
    workload_close(&second);
    return lines;
}

// Every line of `text` ends like one of the expected ones, of which there are as many.
static void assert_lines(char *text, const struct buffer *expected)
{
    size_t count = 0;
    size_t expected_count = 0;
    for (size_t i = 0; i < expected->size; i++)
        expected_count += expected->data[i] == '\n';
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        const char *tail = strstr(line, "\"timestamp\"");
        assert_non_null(tail);
        assert_non_null(strstr((const char *)expected->data, tail));
        assert_non_null(strstr(line, "\"credit_card\": \"************"));
        count++;
    }
    assert_int_equal(count, expected_count);
}

static void out__is_what_another_rule_would_have_raised(void **state)
{
    const struct scene_settings settings = scene_settings_default("backtest");
    struct scene *scene = stage_scene(state, &settings);
    workload_send(&scene->workload, purchases() / 2);
    char *path = workspace_text("%s/alerts.jsonl", scene->dir);
    struct oracle_settings oracle = settings.oracle;
    oracle.rules[0].threshold = 2;
    oracle.rules[0].window_ms = 30000;
    struct buffer expected = expected_lines(scene, &oracle);
    struct replayed tested = replayed_run(scene, WORDS("--set", "rules.0.threshold=2", "--set",
                                                       "rules.0.window_ms=30000", "--out", path));
    if (tested.code != 0)
        fail_msg("exit code %d: %s", tested.code, tested.said);
    char *lines = workspace_read(path);
    assert_lines(lines, &expected);
    assert_int_equal(kafkad_partitions(scene->kafka, scene->changelog), -1); // no trace
    buffer_release(&expected);
    free(lines);
    replayed_release(&tested);
    free(path);
    scene->passed = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(verify__of_a_live_service_finds_no_difference),
        stage_test(verify__names_what_was_removed_and_what_was_added),
        stage_test(out__is_what_another_rule_would_have_raised),
    };
    return stage_run(tests);
}
