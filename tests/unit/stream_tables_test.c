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

static struct table *table_at(struct stream_fixture *f, size_t process, int32_t partition)
{
    struct task *task = f->processes[process].worker->tasks[partition];
    assert_non_null(task);
    return task->table;
}

static uint64_t rows_read(const struct stream_fixture *f, size_t process)
{
    return f->processes[process].worker->counters.table_rows;
}

static void step_for(struct stream_fixture *f, int64_t ms)
{
    int64_t until_ms = fake_clock_ms(f->cluster) + ms;
    while (fake_clock_ms(f->cluster) < until_ms)
        if (fixture_step(f) != STATUS_OK)
            fail_msg("a worker left: %s", f->err.text);
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
    assert_int_equal(rows_read(&f, 0), 50);
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
        step_for(&f, 2000);
        assert_true(fixture_is_travelling(&f, "1111")); // what was known holds
        assert_false(f.processes[0].metrics.ready);
        fake_topic_create(f.cluster, topic, 1);
        for (int i = 0; i < rows; i++)
            fixture_flag(&f, "2222", FLAG_ON);
        fixture_purchases(&f, 50, 5, &(struct random){7});
        step_for(&f, 1000);
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
    step_for(&f, 20000);
    fixture_settle_tables(&f);
    assert_true(rows_read(&f, 1) > 0);
    fixture_crash(&f, 0, false);
    fixture_flag(&f, "0001", FLAG_ON);
    step_for(&f, 20000);
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
    assert_int_equal(table_at(&f, 0, 0)->next, 31);
    assert_false(fixture_is_travelling(&f, "1111"));
    stream_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(purchases__wait_until_the_table_is_loaded),
        cmocka_unit_test(topic_made_anew__is_read_whole_while_running),
        cmocka_unit_test(partition__takes_its_table_along),
        cmocka_unit_test(partition_that_comes_back__has_read_what_came_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
