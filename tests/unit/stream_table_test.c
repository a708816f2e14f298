// SPDX-License-Identifier: Apache-2.0
// A table's life in the hands of a worker on the cluster in memory.
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

// Steps until the worker leaves; its sentence.
static const char *leave(struct stream_fixture *f)
{
    for (int i = 0; i < 10000; i++)
        if (fixture_step(f) != STATUS_OK)
            return f->err.text;
    fail_msg("no worker left");
    return "";
}

static void make_anew(struct stream_fixture *f)
{
    fake_topic_delete(f->cluster, topic);
    fake_topic_create(f->cluster, topic, 1);
}

static void open_transaction_in_the_topic__is_waited_for(void **state)
{
    (void)state;
    struct stream_fixture f;
    open_with(&f, 1);
    static const uint8_t row[] = {0, 0, 0, 0, FIXTURE_FLAG_SCHEMA_ID, 14, 2, 1, 0, 0};
    const struct fake_input input = {
        .topic = topic, .key = view_text("1111"), .value = {row, sizeof(row)}};
    fake_foreign_produce(f.cluster, "stranger", &input);
    fixture_start(&f, 0);
    fixture_step_for(&f, 5000);
    assert_int_equal(f.processes[0].worker->tasks[0]->state, TASK_TAKING);
    fake_foreign_end(f.cluster, "stranger", true);
    fixture_settle_tables(&f);
    assert_true(fixture_is_travelling(&f, "1111"));
    stream_fixture_close(&f);
}

static void missing_topic__is_waited_for(void **state)
{
    (void)state;
    struct stream_fixture f;
    open_with(&f, 1);
    fake_topic_delete(f.cluster, topic);
    fixture_purchase(&f, "1111", 1000);
    fixture_start(&f, 0);
    fixture_step_for(&f, 15000);
    assert_false(f.processes[0].metrics.ready);
    assert_int_equal(f.processes[0].worker->counters.purchases_consumed, 0);
    fake_topic_create(f.cluster, topic, 1);
    fixture_flag(&f, "1111", FLAG_ON);
    fixture_settle_tables(&f);
    fixture_settle(&f);
    assert_true(fixture_is_travelling(&f, "1111"));
    stream_fixture_close(&f);
}

static void other_partition_count__is_refused_with_both(void **state)
{
    (void)state;
    struct stream_fixture f;
    open_with(&f, 2);
    fake_topic_grow(f.cluster, topic, 5);
    fixture_start(&f, 0);
    const char *text = leave(&f);
    assert_non_null(strstr(text, "travel_flags has 5 partitions but purchases has 2"));
    stream_fixture_close(&f);
}

static void growing_topic__is_noticed_while_running(void **state)
{
    (void)state;
    struct stream_fixture f;
    open_with(&f, 2);
    fixture_start(&f, 0);
    fixture_settle_tables(&f);
    fake_topic_grow(f.cluster, topic, 3);
    assert_non_null(strstr(leave(&f), "travel_flags has 3 partitions but purchases has 2"));
    stream_fixture_close(&f);
}

static void restart__reads_the_tail_alone(void **state)
{
    (void)state;
    struct stream_fixture f;
    open_with(&f, 1);
    char card[8];
    for (int i = 0; i < 500; i++) {
        snprintf(card, sizeof(card), "%04d", i);
        fixture_flag(&f, card, i % 3 == 0 ? FLAG_ON : FLAG_OFF);
    }
    fixture_start(&f, 0);
    fixture_settle_tables(&f);
    fixture_stop(&f, 0);
    fixture_flag(&f, "0000", FLAG_OFF);
    fixture_flag(&f, "0001", FLAG_ON);
    fixture_start(&f, 0);
    fixture_settle_tables(&f);
    assert_int_equal(fixture_rows_read(&f, 0), 2);
    for (int i = 2; i < 500; i++) {
        snprintf(card, sizeof(card), "%04d", i);
        assert_true(fixture_is_travelling(&f, card) == (i % 3 == 0));
    }
    assert_false(fixture_is_travelling(&f, "0000"));
    assert_true(fixture_is_travelling(&f, "0001"));
    fixture_crash(&f, 0, false);
    fixture_start(&f, 0);
    fixture_settle_tables(&f);
    assert_in_range(fixture_rows_read(&f, 0), 0, 2);
    assert_false(fixture_is_travelling(&f, "0000"));
    stream_fixture_close(&f);
}

static void quiet_table__stays_fresh(void **state)
{
    (void)state;
    struct stream_fixture f;
    open_with(&f, 1);
    fake_cluster_knobs(f.cluster)->table_retention_ms = 100 * 60 * 1000;
    fixture_flag(&f, "1111", FLAG_ON);
    fixture_start(&f, 0);
    fixture_settle_tables(&f);
    fixture_step_for(&f, 3 * 60 * 60 * 1000);
    fixture_crash(&f, 0, false);
    fixture_start(&f, 0);
    fixture_settle_tables(&f);
    assert_int_equal(fixture_rows_read(&f, 0), 0);
    assert_true(fixture_is_travelling(&f, "1111"));
    stream_fixture_close(&f);
}

static void old_checkpoint__is_dropped_for_tombstones_may_be_gone(void **state)
{
    (void)state;
    struct stream_fixture f;
    open_with(&f, 1);
    fake_cluster_knobs(f.cluster)->table_retention_ms = 60 * 60 * 1000;
    fixture_flag(&f, "1111", FLAG_ON);
    fixture_flag(&f, "2222", FLAG_ON);
    fixture_start(&f, 0);
    fixture_settle_tables(&f);
    fixture_stop(&f, 0);
    fixture_flag(&f, "1111", FLAG_TOMBSTONE);
    fixture_flag(&f, "3333", FLAG_ON);
    fake_compact(f.cluster, topic, 0, true);
    fake_clock_advance(f.cluster, 31 * 60 * 1000);
    fixture_start(&f, 0);
    fixture_settle_tables(&f);
    assert_false(fixture_is_travelling(&f, "1111"));
    assert_true(fixture_is_travelling(&f, "2222"));
    assert_true(fixture_is_travelling(&f, "3333"));
    stream_fixture_close(&f);
}

static void other_token_key__makes_the_store_anothers(void **state)
{
    (void)state;
    struct stream_fixture f;
    open_with(&f, 1);
    fixture_flag(&f, "1111", FLAG_ON);
    fixture_start(&f, 0);
    fixture_settle_tables(&f);
    fixture_stop(&f, 0);
    token_key_close((struct token_key *)f.settings.token_key);
    f.settings.token_key = token_key_open(view_text("another secret, long enough"));
    fixture_start(&f, 0);
    fixture_settle_tables(&f);
    assert_true(fixture_is_travelling(&f, "1111"));
    stream_fixture_close(&f);
}

static void topic_made_anew__is_read_whole_after_a_restart(void **state)
{
    (void)state;
    for (int rows = 0; rows < 5; rows++) {
        struct stream_fixture f;
        open_with(&f, 1);
        fixture_flag(&f, "1111", FLAG_ON);
        fixture_flag(&f, "2222", FLAG_ON);
        fixture_start(&f, 0);
        fixture_settle_tables(&f);
        fixture_stop(&f, 0);
        fake_clock_advance(f.cluster, 1000);
        make_anew(&f);
        for (int i = 0; i < rows; i++)
            fixture_flag(&f, "2222", FLAG_ON);
        fixture_start(&f, 0);
        fixture_settle_tables(&f);
        assert_false(fixture_is_travelling(&f, "1111"));
        assert_true(fixture_is_travelling(&f, "2222") == (rows > 0));
        stream_fixture_close(&f);
    }
}

static void damaged_store__is_read_anew(void **state)
{
    (void)state;
    static const enum fake_damage damages[] = {FAKE_DAMAGE_OPEN, FAKE_DAMAGE_LOAD};
    for (size_t i = 0; i < 2; i++) {
        struct stream_fixture f;
        open_with(&f, 1);
        fixture_flag(&f, "1111", FLAG_ON);
        fixture_start(&f, 0);
        fixture_settle_tables(&f);
        fixture_stop(&f, 0);
        fake_store_damage(f.processes[0].disk, fake_store_table(0), damages[i]);
        fixture_start(&f, 0);
        fixture_settle_tables(&f);
        assert_true(fixture_is_travelling(&f, "1111"));
        stream_fixture_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_transaction_in_the_topic__is_waited_for),
        cmocka_unit_test(missing_topic__is_waited_for),
        cmocka_unit_test(other_partition_count__is_refused_with_both),
        cmocka_unit_test(growing_topic__is_noticed_while_running),
        cmocka_unit_test(restart__reads_the_tail_alone),
        cmocka_unit_test(quiet_table__stays_fresh),
        cmocka_unit_test(old_checkpoint__is_dropped_for_tombstones_may_be_gone),
        cmocka_unit_test(other_token_key__makes_the_store_anothers),
        cmocka_unit_test(topic_made_anew__is_read_whole_after_a_restart),
        cmocka_unit_test(damaged_store__is_read_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
