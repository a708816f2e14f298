// SPDX-License-Identifier: Apache-2.0
// The fake broker's logs: offsets, markers, isolation, compaction, retention.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/fake_log.h"

enum { ALICE = 1, BOB = 2 };

static int open_log(void **state)
{
    static struct fake_log log;
    fake_log_init(&log, 3);
    *state = &log;
    return 0;
}

static int close_log(void **state)
{
    fake_log_release(*state);
    return 0;
}

static int64_t append(struct fake_log *log, int64_t producer_id, const char *key, const char *value)
{
    struct fake_record record = {.producer_id = producer_id, .key = view_text(key)};
    if (value != NULL)
        record.value = view_text(value);
    return fake_log_append(log, &record);
}

// The offsets that a read_committed reader gets, as text, and where it ends up: "0,2 to 4".
static const char *visible(const struct fake_log *log, char out[128])
{
    size_t size = 0;
    int64_t position = log->low;
    const struct fake_record *record;
    out[0] = '\0';
    while ((record = fake_log_next(log, &position)) != NULL)
        size += (size_t)snprintf(out + size, 128 - size, "%s%d", size == 0 ? "" : ",",
                                 (int)record->offset);
    snprintf(out + size, 128 - size, " to %d", (int)position);
    return out;
}

static void log__records_get_offsets_one_after_the_other(void **state)
{
    struct fake_log *log = *state;
    char text[128];
    assert_int_equal(append(log, 0, "a", "1"), 0);
    assert_int_equal(append(log, 0, "b", "2"), 1);
    assert_string_equal(visible(log, text), "0,1 to 2");
    assert_int_equal(log->records[1].partition, 3);
}

static void log__open_transactions_hide_what_follows(void **state)
{
    struct fake_log *log = *state;
    char text[128];
    append(log, 0, "a", "1");
    append(log, ALICE, "b", "2");
    append(log, 0, "c", "3");
    assert_int_equal(fake_log_stable(log), 1);
    assert_string_equal(visible(log, text), "0 to 1");
}

static void log__markers_take_an_offset_and_show_the_data(void **state)
{
    struct fake_log *log = *state;
    char text[128];
    append(log, ALICE, "a", "1");
    append(log, 0, "b", "2");
    fake_log_mark(log, ALICE, true, 0);
    append(log, 0, "c", "3");
    assert_int_equal(log->high, 4);
    assert_string_equal(visible(log, text), "0,1,3 to 4");
}

static void log__aborted_data_is_skipped(void **state)
{
    struct fake_log *log = *state;
    char text[128];
    append(log, ALICE, "a", "1");
    append(log, 0, "b", "2");
    fake_log_mark(log, ALICE, false, 0);
    assert_string_equal(visible(log, text), "1 to 3");
}

static void log__the_oldest_open_transaction_decides(void **state)
{
    struct fake_log *log = *state;
    char text[128];
    append(log, ALICE, "a", "1");
    append(log, BOB, "b", "2");
    fake_log_mark(log, ALICE, true, 0);
    assert_string_equal(visible(log, text), "0 to 1");
    append(log, ALICE, "c", "3");
    fake_log_mark(log, BOB, false, 0);
    assert_string_equal(visible(log, text), "0 to 3");
    fake_log_mark(log, ALICE, true, 0);
    assert_string_equal(visible(log, text), "0,3 to 6");
}

static void log__one_producer_commits_after_it_aborted(void **state)
{
    struct fake_log *log = *state;
    char text[128];
    append(log, ALICE, "a", "1");
    fake_log_mark(log, ALICE, false, 0);
    append(log, ALICE, "a", "2");
    fake_log_mark(log, ALICE, true, 0);
    assert_string_equal(visible(log, text), "2 to 4");
}

static void log__compaction_keeps_the_newest_of_each_key(void **state)
{
    struct fake_log *log = *state;
    char text[128];
    append(log, 0, "a", "1");
    append(log, 0, "b", "2");
    append(log, 0, "a", "3");
    append(log, 0, "b", NULL);
    fake_log_compact(log, false);
    assert_string_equal(visible(log, text), "2,3 to 4");
    fake_log_compact(log, true);
    assert_string_equal(visible(log, text), "2 to 4");
    assert_int_equal(append(log, 0, "c", "5"), 4);
}

static void log__compaction_counts_only_committed_data(void **state)
{
    struct fake_log *log = *state;
    char text[128];
    append(log, 0, "a", "1");
    append(log, ALICE, "a", "2");
    fake_log_mark(log, ALICE, false, 0);
    append(log, BOB, "a", "3");
    fake_log_compact(log, false);
    assert_string_equal(visible(log, text), "0 to 3");
    assert_int_equal(log->count, 3); // the aborted one is gone
    fake_log_mark(log, BOB, true, 0);
    fake_log_compact(log, false);
    assert_string_equal(visible(log, text), "3 to 5");
}

static void log__compaction_leaves_what_is_not_stable(void **state)
{
    struct fake_log *log = *state;
    char text[128];
    append(log, ALICE, "x", "1");
    append(log, 0, "a", NULL);
    append(log, 0, "b", NULL);
    fake_log_compact(log, true);
    assert_int_equal(log->count, 3);
    fake_log_mark(log, ALICE, true, 0);
    fake_log_compact(log, true);
    assert_string_equal(visible(log, text), "0 to 4");
}

static void log__cleaning_leaves_the_active_segment_and_young_tombstones(void **state)
{
    struct fake_log *log = *state;
    char text[128];
    append(log, 0, "a", "1");
    append(log, 0, "b", NULL);
    append(log, 0, "a", "2");
    append(log, 0, "b", "3");
    log->records[1].timestamp_ms = 500;
    fake_log_clean(log, 2, 500); // what is behind 2 supersedes nothing yet
    assert_string_equal(visible(log, text), "0,1,2,3 to 4");
    fake_log_clean(log, 3, 500);
    assert_string_equal(visible(log, text), "1,2,3 to 4");
    fake_log_clean(log, 3, 501);
    assert_string_equal(visible(log, text), "2,3 to 4");
}

static void log__truncation_moves_the_start(void **state)
{
    struct fake_log *log = *state;
    char text[128];
    append(log, 0, "a", "1");
    append(log, 0, "b", "2");
    append(log, 0, "c", "3");
    fake_log_truncate(log, 2);
    assert_int_equal(log->low, 2);
    assert_string_equal(visible(log, text), "2 to 3");
    fake_log_truncate(log, 3);
    assert_string_equal(visible(log, text), " to 3");
}

static void log__records_keep_headers_and_nulls(void **state)
{
    struct fake_log *log = *state;
    struct header headers[] = {{"one", view_text("1")}, {"none", {NULL, 0}}};
    fake_log_append(
        log, &(struct fake_record){.value = view_text(""), .headers = headers, .header_count = 2});
    const struct fake_record *record = &log->records[0];
    assert_null(record->key.data);
    assert_non_null(record->value.data);
    assert_int_equal(record->value.size, 0);
    assert_int_equal(record->header_count, 2);
    assert_true(view_equal(fake_record_header(record, "one"), view_text("1")));
    assert_null(fake_record_header(record, "none").data);
}

#define log_test(test) cmocka_unit_test_setup_teardown(test, open_log, close_log)

int main(void)
{
    const struct CMUnitTest tests[] = {
        log_test(log__records_get_offsets_one_after_the_other),
        log_test(log__open_transactions_hide_what_follows),
        log_test(log__markers_take_an_offset_and_show_the_data),
        log_test(log__aborted_data_is_skipped),
        log_test(log__the_oldest_open_transaction_decides),
        log_test(log__one_producer_commits_after_it_aborted),
        log_test(log__compaction_keeps_the_newest_of_each_key),
        log_test(log__compaction_counts_only_committed_data),
        log_test(log__compaction_leaves_what_is_not_stable),
        log_test(log__cleaning_leaves_the_active_segment_and_young_tombstones),
        log_test(log__truncation_moves_the_start),
        log_test(log__records_keep_headers_and_nulls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
