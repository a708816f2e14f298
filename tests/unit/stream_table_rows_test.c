// SPDX-License-Identifier: Apache-2.0
// Rows in, flags out, on the cluster in memory.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/random.h"
#include "lib/stream_fixture.h"

static void open_with(struct stream_fixture *f, int32_t partitions)
{
    stream_fixture_open(f, &(struct fixture_options){.partitions = partitions, .table = true});
}

static void last_row_of_a_card__counts(void **state)
{
    (void)state;
    struct stream_fixture f;
    open_with(&f, 2);
    fixture_flag(&f, "1111", FLAG_ON);
    fixture_flag(&f, "2222", FLAG_OFF);
    fixture_flag(&f, "3333", FLAG_NULL);
    fixture_start(&f, 0);
    fixture_settle_tables(&f);
    assert_true(fixture_is_travelling(&f, "1111"));
    assert_false(fixture_is_travelling(&f, "2222"));
    assert_false(fixture_is_travelling(&f, "3333"));
    assert_false(fixture_is_travelling(&f, "4444"));
    fixture_flag(&f, "1111", FLAG_TOMBSTONE);
    fixture_flag(&f, "2222", FLAG_ON);
    fixture_flag(&f, "3333", FLAG_ON);
    fixture_settle_tables(&f);
    assert_false(fixture_is_travelling(&f, "1111"));
    assert_true(fixture_is_travelling(&f, "2222"));
    fixture_step_for(&f, 2000); // a checkpoint is made on the way
    assert_true(fixture_is_travelling(&f, "3333"));
    fixture_flag(&f, "3333", FLAG_NULL);
    fixture_settle_tables(&f);
    assert_false(fixture_is_travelling(&f, "3333"));
    fixture_step_for(&f, 2000);
    assert_false(fixture_is_travelling(&f, "1111"));
    assert_true(fixture_is_travelling(&f, "2222"));
    assert_false(fixture_is_travelling(&f, "3333"));
    stream_fixture_close(&f);
}

static void bad_rows__are_counted_and_leave_what_was_known(void **state)
{
    (void)state;
    struct stream_fixture f;
    open_with(&f, 1);
    fixture_flag(&f, "1111", FLAG_ON);
    static const uint8_t unknown[] = {0, 0, 0, 0, FIXTURE_UNKNOWN_SCHEMA_ID, 1};
    static const uint8_t mismatch[] = {0, 0, 0, 0, FIXTURE_MISMATCH_SCHEMA_ID, 1};
    static const uint8_t cut[] = {0, 0, 0, 0, FIXTURE_FLAG_SCHEMA_ID, 14};
    fixture_row(&f, 0, view_text("1111"), view_text("no frame"));
    fixture_row(&f, 0, view_text("1111"), view_text(""));
    fixture_row(&f, 0, view_text("1111"), (struct view){unknown, sizeof(unknown)});
    fixture_row(&f, 0, view_text("1111"), (struct view){mismatch, sizeof(mismatch)});
    fixture_row(&f, 0, view_text("1111"), (struct view){cut, sizeof(cut)});
    fixture_row(&f, 0, view_text(""), (struct view){cut, sizeof(cut)});
    fixture_row(&f, 0, (struct view){NULL, 0}, (struct view){cut, sizeof(cut)});
    fixture_start(&f, 0);
    fixture_settle_tables(&f);
    assert_int_equal(f.processes[0].worker->counters.table_bad_rows, 7);
    assert_int_equal(fixture_rows_read(&f, 0), 8);
    assert_true(fixture_is_travelling(&f, "1111"));
    stream_fixture_close(&f);
}

static void row__waits_for_its_schema(void **state)
{
    (void)state;
    struct stream_fixture f;
    open_with(&f, 1);
    static const uint8_t late[] = {0, 0, 0, 0, FIXTURE_LATE_FLAG_SCHEMA_ID, 14, 2, 1, 0, 0};
    fixture_flag(&f, "1111", FLAG_ON);
    fixture_start(&f, 0);
    fixture_settle_tables(&f);
    int64_t offset = fixture_row(&f, 0, view_text("2222"), (struct view){late, sizeof(late)});
    fixture_flag(&f, "1111", FLAG_OFF);
    fixture_step_for(&f, 3000);
    assert_int_equal(fixture_table(&f, 0, 0)->next, offset);
    assert_true(fixture_is_travelling(&f, "1111"));
    assert_false(f.processes[0].metrics.ready);
    fixture_purchase(&f, "1111", 1000); // goes on meanwhile
    fixture_settle(&f);
    f.late_schema = REGISTRY_READY;
    fixture_settle_tables(&f);
    assert_true(fixture_is_travelling(&f, "2222"));
    assert_false(fixture_is_travelling(&f, "1111"));
    stream_fixture_close(&f);
}

static void damage_met_in_a_lookup__is_an_abort_and_read_anew(void **state)
{
    (void)state;
    struct stream_fixture f;
    struct token token;
    bool travelling;
    open_with(&f, 1);
    fixture_flag(&f, "1111", FLAG_ON);
    fixture_start(&f, 0);
    fixture_settle_tables(&f);
    fixture_step_for(&f, 2000);
    fake_store_damage(f.processes[0].disk, fake_store_table(0), FAKE_DAMAGE_READ);
    token_of(f.settings.token_key, view_text("1111"), &token);
    assert_int_equal(table_lookup(fixture_table(&f, 0, 0), &token, &travelling, &f.err),
                     STATUS_ABORT);
    assert_int_equal(table_lookup(fixture_table(&f, 0, 0), &token, &travelling, &f.err),
                     STATUS_ABORT);
    fixture_settle_tables(&f);
    assert_true(fixture_is_travelling(&f, "1111"));
    stream_fixture_close(&f);
}

static void large_table__is_loaded_in_bounded_memory(void **state)
{
    (void)state;
    struct stream_fixture f;
    char card[16];
    stream_fixture_open(&f, &(struct fixture_options){.table = true, .staged_max_bytes = 1000});
    for (int i = 0; i < 3000; i++) {
        snprintf(card, sizeof(card), "%04d", i);
        fixture_flag(&f, card, i % 2 == 0 ? FLAG_ON : FLAG_OFF);
    }
    fake_cluster_knobs(f.cluster)->changelog_batch_max = 20;
    fixture_start(&f, 0);
    for (int i = 0; i < 10000 && fixture_rows_read(&f, 0) < 3000; i++) {
        assert_int_equal(fixture_step(&f), STATUS_OK);
        const struct task *task = f.processes[0].worker->tasks[0];
        if (task != NULL)
            assert_in_range(task->table->staged.count, 0, 150);
    }
    fixture_settle_tables(&f);
    for (int i = 0; i < 3000; i++) {
        snprintf(card, sizeof(card), "%04d", i);
        assert_true(fixture_is_travelling(&f, card) == (i % 2 == 0));
    }
    stream_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(last_row_of_a_card__counts),
        cmocka_unit_test(bad_rows__are_counted_and_leave_what_was_known),
        cmocka_unit_test(row__waits_for_its_schema),
        cmocka_unit_test(damage_met_in_a_lookup__is_an_abort_and_read_anew),
        cmocka_unit_test(large_table__is_loaded_in_bounded_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
