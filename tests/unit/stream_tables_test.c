// SPDX-License-Identifier: Apache-2.0
// A worker's tables beside its purchases, on the cluster in memory.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/random.h"
#include "lib/stream_fixture.h"

static const char topic[] = "travel_flags";

static void open_with(struct stream_fixture *f, int32_t partitions)
{
    stream_fixture_open(f, &(struct fixture_options){.partitions = partitions, .table = true});
}

static void flag__decides_over_far_purchases(void **state)
{
    (void)state;
    for (int guarantee = 0; guarantee < 2; guarantee++) {
        struct stream_fixture f;
        stream_fixture_open(&f, &(struct fixture_options){.partitions = 2,
                                                          .table = true,
                                                          .at_least_once = guarantee == 1});
        const uint64_t *alerts;
        fixture_flag(&f, "1111", FLAG_ON);
        fixture_far_purchase(&f, "1111", 100000);
        fixture_far_purchase(&f, "2222", 100000);
        fixture_start(&f, 0);
        fixture_settle(&f);
        alerts = &f.processes[0].worker->counters.alerts[1];
        assert_int_equal(*alerts, 1);
        fixture_flag(&f, "1111", FLAG_TOMBSTONE);
        fixture_flag(&f, "2222", FLAG_ON);
        fixture_settle_tables(&f);
        fixture_far_purchase(&f, "1111", 200000);
        fixture_far_purchase(&f, "2222", 200000);
        fixture_settle(&f);
        assert_int_equal(*alerts, 2);
        struct fake_records records = fake_read(f.cluster, "alerts-json");
        assert_int_equal(records.count, 2);
        for (size_t i = 0; i < records.count; i++) {
            bool first = view_equal(records.items[i]->key, view_text("2222"));
            assert_int_equal(records.items[i]->timestamp_ms, first ? 100000 : 200000);
        }
        fake_records_release(&records);
        stream_fixture_close(&f);
    }
}

// Every call that has to do with the table fails once, in each of its ways, and is crashed in.
static void travel_through(struct stream_fixture *f)
{
    char card[8];
    fake_cluster_knobs(f->cluster)->changelog_batch_max = 3;
    for (int i = 0; i < 10; i++) {
        snprintf(card, sizeof(card), "%04d", i);
        fixture_flag(f, card, i % 2 == 0 ? FLAG_ON : FLAG_OFF);
    }
    fixture_start(f, 0);
    for (int i = 0; i < 10; i++) {
        snprintf(card, sizeof(card), "%04d", i);
        fixture_far_purchase(f, card, 100000);
    }
    int64_t until_ms = fake_clock_ms(f->cluster) + 300000;
    while (!fixture_is_settled(f) && fake_clock_ms(f->cluster) < until_ms)
        if (fixture_step(f) != STATUS_OK)
            fixture_start(f, 0);
    assert_true(fixture_is_settled(f));
}

static void fail_once(enum fake_op op, size_t way, unsigned k)
{
    struct stream_fixture f;
    open_with(&f, 2);
    struct fake_fault fault = {.op = op, .crash = true};
    if (way < fake_fault_way_count(op))
        fault = fake_fault_way(op, way);
    fault.countdown = k;
    fake_fault_add(f.cluster, fault);
    travel_through(&f);
    assert_int_equal(fake_faults_left(f.cluster), 0);
    struct fake_records records = fake_read(f.cluster, "alerts-json");
    assert_int_equal(records.count, 5);
    fake_records_release(&records);
    stream_fixture_close(&f);
}

static void table_call__may_fail_or_crash(void **state)
{
    (void)state;
    static const enum fake_op calls[] = {FAKE_TABLE_FACTS, FAKE_TABLE_WATERMARKS, FAKE_TABLE_OPEN,
                                         FAKE_TABLE_POLL};
    for (size_t i = 0; i < 4; i++)
        for (size_t way = 0; way <= fake_fault_way_count(calls[i]); way++)
            for (unsigned k = 1; k < 3; k++)
                fail_once(calls[i], way, k);
}

static void purchases__wait_until_the_table_is_loaded(void **state)
{
    (void)state;
    struct stream_fixture f;
    open_with(&f, 1);
    fake_cluster_knobs(f.cluster)->changelog_batch_max = 1;
    for (int i = 0; i < 50; i++)
        fixture_flag(&f, "1111", i % 2 == 0 ? FLAG_OFF : FLAG_ON);
    fixture_purchase(&f, "1111", 1000);
    fixture_start(&f, 0);
    while (f.processes[0].worker->counters.purchases_consumed == 0)
        assert_int_equal(fixture_step(&f), STATUS_OK);
    assert_int_equal(fixture_rows_read(&f, 0), 50);
    assert_true(fixture_is_travelling(&f, "1111"));
    stream_fixture_close(&f);
}

static void topic_made_anew__is_read_whole_while_running(void **state)
{
    (void)state;
    for (int rows = 0; rows < 5; rows++) {
        struct stream_fixture f;
        open_with(&f, 1);
        fixture_flag(&f, "1111", FLAG_ON);
        fixture_flag(&f, "2222", FLAG_ON);
        fixture_start(&f, 0);
        fixture_settle_tables(&f);
        fake_topic_delete(f.cluster, topic);
        fixture_step_for(&f, 2000);
        assert_true(fixture_is_travelling(&f, "1111")); // what was known holds
        assert_false(f.processes[0].metrics.ready);
        fake_topic_create(f.cluster, topic, 1);
        for (int i = 0; i < rows; i++)
            fixture_flag(&f, "2222", FLAG_ON);
        fixture_purchases(&f, 50, 5, &(struct random){7});
        fixture_step_for(&f, 1000);
        fixture_settle_tables(&f);
        fixture_settle(&f);
        assert_false(fixture_is_travelling(&f, "1111"));
        assert_true(fixture_is_travelling(&f, "2222") == (rows > 0));
        fixture_expect_alerts(&f, false);
        stream_fixture_close(&f);
    }
}

static void partition__takes_its_table_along(void **state)
{
    (void)state;
    struct stream_fixture f;
    open_with(&f, 4);
    char card[8];
    fixture_start(&f, 0);
    for (int i = 0; i < 100; i++) {
        snprintf(card, sizeof(card), "%04d", i);
        fixture_flag(&f, card, i % 2 == 0 ? FLAG_ON : FLAG_OFF);
    }
    fixture_settle_tables(&f);
    fixture_start(&f, 1);
    for (int i = 0; i < 100; i += 4) {
        snprintf(card, sizeof(card), "%04d", i);
        fixture_flag(&f, card, FLAG_TOMBSTONE);
    }
    fixture_step_for(&f, 20000);
    fixture_settle_tables(&f);
    assert_true(fixture_rows_read(&f, 1) > 0);
    fixture_crash(&f, 0, false);
    fixture_flag(&f, "0001", FLAG_ON);
    fixture_step_for(&f, 20000);
    fixture_settle_tables(&f);
    for (int i = 0; i < 100; i++) {
        snprintf(card, sizeof(card), "%04d", i);
        assert_true(fixture_is_travelling(&f, card) == (i == 1 || i % 4 == 2));
    }
    stream_fixture_close(&f);
}

static void partition_that_comes_back__has_read_what_came_meanwhile(void **state)
{
    (void)state;
    struct stream_fixture f;
    open_with(&f, 1);
    fixture_flag(&f, "1111", FLAG_ON);
    fixture_start(&f, 0);
    fixture_settle_tables(&f);
    fake_cluster_knobs(f.cluster)->changelog_batch_max = 1;
    for (int i = 0; i < 30; i++)
        fixture_flag(&f, "1111", i % 2 == 0 ? FLAG_ON : FLAG_OFF);
    fake_group_rebalance(f.cluster, "cardwatch");
    bool was_taken_away = false;
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(fixture_step(&f), STATUS_OK);
        bool running = f.processes[0].worker->tasks[0]->state == TASK_RUNNING;
        was_taken_away = was_taken_away || !running;
        if (was_taken_away && running)
            break;
    }
    assert_true(was_taken_away);
    assert_int_equal(fixture_table(&f, 0, 0)->next, 31);
    assert_false(fixture_is_travelling(&f, "1111"));
    stream_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flag__decides_over_far_purchases),
        cmocka_unit_test(table_call__may_fail_or_crash),
        cmocka_unit_test(purchases__wait_until_the_table_is_loaded),
        cmocka_unit_test(topic_made_anew__is_read_whole_while_running),
        cmocka_unit_test(partition__takes_its_table_along),
        cmocka_unit_test(partition_that_comes_back__has_read_what_came_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
