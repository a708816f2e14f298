// SPDX-License-Identifier: Apache-2.0
// `cardwatch generate` as a user runs it.
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/capture.h"
#include "lib/oracle.h"
#include "lib/records.h"
#include "lib/tools.h"
#include "lib/workspace.h"
#include "registry/registry.h"
#include "wire/purchase.h"
#include "wire/schemas.h"

enum { PARTITIONS = 4, DEADLINE_MS = 20000 };

#define START_MS 1767225600000

static int setup(void **state)
{
    struct tools *tools = tools_open();
    mock_cluster_topic(&tools->mock, "purchases", PARTITIONS);
    *state = tools;
    return 0;
}

static int teardown(void **state)
{
    tools_close(*state);
    return 0;
}

static void assert_done(struct tools *tools, const char *const *words)
{
    struct outcome outcome = tools_run(tools, words);
    if (outcome.code != 0)
        fail_msg("exit code %d: %s%s", outcome.code, outcome.out, outcome.err);
    outcome_release(&outcome);
}

static size_t lines_of(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

// Steps the partition's oracle with a record of the topic: alerts that it raises.
static size_t step(struct oracle *oracle, const struct purchase_plan *plan,
                   const struct topic_record *record)
{
    struct view body;
    uint32_t id;
    struct purchase purchase;
    const char *reason;
    struct oracle_result result;
    if (!frame_split(record->value, &id, &body) ||
        purchase_decode(plan, body, &purchase, &reason) != DEAD_LETTER_NONE)
        return 0;
    const struct oracle_purchase step = {
        .card = purchase.credit_card,
        .offset = record->offset,
        .event_time_ms = purchase.timestamp_ms,
        .id = purchase.id,
        .has_id = true,
    };
    assert_true(view_equal(record->key, purchase.credit_card));
    oracle_step(oracle, &step, &result);
    return result.alert_count;
}

static size_t alerts_in(const struct topic_records *records)
{
    const struct oracle_settings rules = oracle_settings_default();
    struct purchase_plan *plan;
    struct error err;
    size_t alerts = 0;
    assert_int_equal(purchase_plan_compile(schema_purchase(), PURCHASE_ID, &plan, &err), STATUS_OK);
    for (int32_t partition = 0; partition < PARTITIONS; partition++) {
        struct oracle *oracle = oracle_open(&rules);
        for (size_t i = 0; i < records->count; i++) {
            if (records->items[i].partition == partition)
                alerts += step(oracle, plan, &records->items[i]);
        }
        oracle_close(oracle);
    }
    purchase_plan_free(plan);
    return alerts;
}

static void topic__holds_what_the_truth_says(void **state)
{
    struct tools *tools = *state;
    struct topic_records records;
    char *truth_path = tools_path(tools, "truth.jsonl");
    assert_done(tools, WORDS("generate", "--events", "20000", "--seed", "3", "--start-ms",
                             "1767225600000", "--disorder-ms", "2000", "--duplicates", "1%",
                             "--bursts", "120", "--truth", truth_path));
    records_read(&records, tools->mock.servers, "purchases");
    assert_int_equal(records.count, 20000);
    for (size_t i = 0; i < records.count; i++)
        assert_true(records.items[i].timestamp_ms >= START_MS &&
                    records.items[i].timestamp_ms < START_MS + 20000);
    char *truth = workspace_read(truth_path);
    assert_int_equal(lines_of(truth), 120);
    assert_int_equal(alerts_in(&records), 120);
    records_release(&records);
    free(truth);
    free(truth_path);
}

static void schema__is_registered_once(void **state)
{
    struct tools *tools = *state;
    const struct registry_settings settings = {.url = tools->registry_url};
    struct registry *registry;
    struct error err;
    uint32_t id;
    for (int i = 0; i < 2; i++)
        assert_done(tools, WORDS("generate", "--events", "10"));
    assert_int_equal(registry_open(&settings, &registry, &err), STATUS_OK);
    assert_int_equal(
        registry_lookup(registry, "purchases-value", schema_purchase(), DEADLINE_MS, &id, &err),
        STATUS_OK);
    assert_int_equal(id, 1);
    registry_close(registry);
}

static void a_schema_that_may_not_be_registered__ends_it(void **state)
{
    struct outcome outcome = tools_run(*state, WORDS("generate", "--events", "10", "--set",
                                                     "schema_registry.auto_register=false"));
    assert_int_equal(outcome.code, 1);
    assert_text_contains(outcome.err, "purchases-value");
    outcome_release(&outcome);
}

static void malformed_messages__are_among_the_others(void **state)
{
    struct tools *tools = *state;
    struct topic_records records;
    struct outcome outcome = tools_run(tools, WORDS("generate", "--events", "3000", "--seed", "1",
                                                    "--start-ms", "5000", "--malformed", "10%"));
    assert_int_equal(outcome.code, 0);
    const char *said = strstr(outcome.out, " malformed");
    assert_non_null(said);
    records_read(&records, tools->mock.servers, "purchases");
    size_t bad_frames = 0, unknown = 0, mismatched = 0;
    for (size_t i = 0; i < records.count; i++) {
        struct view body;
        uint32_t id = 0;
        bad_frames += !frame_split(records.items[i].value, &id, &body);
        unknown += id == 2000000000;
        mismatched += id == 2;
    }
    assert_in_range(bad_frames, 20, 100);
    assert_in_range(unknown, 20, 100);
    assert_in_range(mismatched, 20, 100);
    records_release(&records);
    outcome_release(&outcome);
}

static size_t records_in(const struct tools *tools)
{
    struct topic_records records;
    records_read(&records, tools->mock.servers, "purchases");
    size_t count = records.count;
    records_release(&records);
    return count;
}

static void a_signal__ends_it_with_everything_written(void **state)
{
    struct tools *tools = *state;
    struct process process;
    tools_start(tools, WORDS("generate", "--events", "0", "--rate", "2000"), &process);
    int64_t deadline_ms = process_clock_ms() + DEADLINE_MS;
    while (records_in(tools) < 100 && process_clock_ms() < deadline_ms)
        process_nap();
    process_signal(&process, SIGINT);
    struct outcome outcome = tools_wait(tools, &process);
    size_t said = strtoul(outcome.out, NULL, 10);
    if (outcome.code != 0)
        fail_msg("exit code %d: %s%s", outcome.code, outcome.out, outcome.err);
    assert_true(said >= 100);
    assert_int_equal(records_in(tools), said);
    outcome_release(&outcome);
}

static void a_broker_that_is_away__is_named(void **state)
{
    struct outcome outcome =
        tools_run(*state, WORDS("generate", "--set", "kafka.bootstrap.servers=127.0.0.1:1"));
    assert_int_equal(outcome.code, 1);
    assert_text_contains(outcome.err, "cardwatch generate: no Kafka broker can be reached");
    assert_text_contains(outcome.err, "127.0.0.1:1");
    outcome_release(&outcome);
}

// The same options make the same file, and the truth beside it.
static void files__are_the_same_by_the_same_seed(void **state)
{
    struct tools *tools = *state;
    char *paths[] = {tools_path(tools, "one"), tools_path(tools, "two"),
                     tools_path(tools, "three")};
    static const char *const seeds[] = {"7", "7", "8"};
    char *data[3];
    for (size_t i = 0; i < 3; i++) {
        char *truth = workspace_text("%s.truth", paths[i]);
        assert_done(tools, WORDS("generate", "--out", paths[i], "--truth", truth, "--seed",
                                 seeds[i], "--start-ms", "1767225600000", "--events", "5000",
                                 "--disorder-ms", "500", "--duplicates", "2%"));
        char *command = workspace_text("cat %s %s | cksum", paths[i], truth);
        char *sum = workspace_text("%s.sum", paths[i]);
        assert_int_equal(process_run(WORDS("sh", "-c", command), sum, DEADLINE_MS), 0);
        data[i] = workspace_read(sum);
        free(command);
        free(truth);
        free(sum);
    }
    assert_string_equal(data[0], data[1]);
    assert_string_not_equal(data[0], data[2]);
    for (size_t i = 0; i < 3; i++) {
        free(paths[i]);
        free(data[i]);
    }
}

static void a_file_that_cannot_be_written__ends_it(void **state)
{
    struct tools *tools = *state;
    static const char *const options[] = {"--out", "--truth"};
    for (size_t i = 0; i < 2; i++) {
        struct outcome outcome = tools_run(
            tools, WORDS("generate", "--events", "1000", options[i], "/no/such/directory/file"));
        assert_int_equal(outcome.code, 1);
        assert_text_contains(outcome.err, "/no/such/directory/file cannot be written: No such");
        outcome_release(&outcome);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(topic__holds_what_the_truth_says),
        TEST(schema__is_registered_once),
        TEST(a_schema_that_may_not_be_registered__ends_it),
        TEST(malformed_messages__are_among_the_others),
        TEST(a_signal__ends_it_with_everything_written),
        TEST(a_broker_that_is_away__is_named),
        TEST(files__are_the_same_by_the_same_seed),
        TEST(a_file_that_cannot_be_written__ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
