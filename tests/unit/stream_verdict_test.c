// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stream/verdict.h"

static const struct stream_settings settings = {
    .input_topic = "purchases",
    .changelog_topic = "app-windows-changelog",
    .group_id = "app",
    .fingerprint = {1, 2, 3},
};

// A task whose state reflects the input up to offset 100, of a log that holds 10 .. 500.
static struct task restored_task(void)
{
    struct task task = {.partition = 3};
    task.take.committed = 100;
    task.take.input_low = 10;
    task.take.input_high = 500;
    task.take.meta_known = true;
    task.meta.input_offset = 100;
    memcpy(task.meta.fingerprint, settings.fingerprint, FINGERPRINT_BYTES);
    return task;
}

static void state_and_offset_that_agree__go_on(void **state)
{
    (void)state;
    struct task task = restored_task();
    struct verdict verdict;
    struct error err;
    assert_int_equal(verdict_reach(&task, &settings, &verdict, &err), STATUS_OK);
    assert_false(verdict.begin);
    assert_int_equal(verdict.offset, 100);
    assert_int_equal(verdict.lost, 0);
}

static void state_of_other_offsets__is_refused_with_both_numbers(void **state)
{
    (void)state;
    struct task task = restored_task();
    struct verdict verdict;
    struct error err;
    task.take.committed = 99;
    assert_int_equal(verdict_reach(&task, &settings, &verdict, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, "partition 3"));
    assert_non_null(strstr(err.text, "offset 100"));
    assert_non_null(strstr(err.text, "committed 99"));
    assert_non_null(strstr(err.text, "replay --rebuild"));
}

static void expired_group_offset__goes_on_at_the_states(void **state)
{
    (void)state;
    struct task task = restored_task();
    struct verdict verdict;
    struct error err;
    task.take.committed = -1;
    assert_int_equal(verdict_reach(&task, &settings, &verdict, &err), STATUS_OK);
    assert_int_equal(verdict.offset, 100);
    assert_false(verdict.begin);
}

static void nothing_at_all__begins_at_the_start_of_the_log(void **state)
{
    (void)state;
    struct task task = restored_task();
    struct verdict verdict;
    struct error err;
    task.take.committed = -1;
    task.take.meta_known = false;
    assert_int_equal(verdict_reach(&task, &settings, &verdict, &err), STATUS_OK);
    assert_true(verdict.begin);
    assert_int_equal(verdict.offset, 10);
}

static void committed_offset_without_state__is_refused(void **state)
{
    (void)state;
    struct task task = restored_task();
    struct verdict verdict;
    struct error err;
    task.take.meta_known = false;
    assert_int_equal(verdict_reach(&task, &settings, &verdict, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, "app-windows-changelog"));
    task.take.committed = 10; // the start of the log: nothing has been taken yet
    assert_int_equal(verdict_reach(&task, &settings, &verdict, &err), STATUS_OK);
    assert_true(verdict.begin);
}

static void other_rules__are_refused(void **state)
{
    (void)state;
    struct task task = restored_task();
    struct verdict verdict;
    struct error err;
    task.meta.fingerprint[0] ^= 1;
    assert_int_equal(verdict_reach(&task, &settings, &verdict, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, "rules"));
}

static void purchases_deleted_unread__are_counted_as_lost(void **state)
{
    (void)state;
    struct task task = restored_task();
    struct verdict verdict;
    struct error err;
    task.take.input_low = 130;
    assert_int_equal(verdict_reach(&task, &settings, &verdict, &err), STATUS_OK);
    assert_int_equal(verdict.offset, 130);
    assert_int_equal(verdict.lost, 30);
}

static void log_shorter_than_the_state__is_refused(void **state)
{
    (void)state;
    struct task task = restored_task();
    struct verdict verdict;
    struct error err;
    task.take.input_low = 0;
    task.take.input_high = 50;
    assert_int_equal(verdict_reach(&task, &settings, &verdict, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, "ends at 50"));
}

static void at_least_once_state__goes_on_at_the_larger_offset(void **state)
{
    (void)state;
    struct task task = restored_task();
    struct verdict verdict;
    struct error err;
    task.meta.at_least_once = true;
    task.take.committed = 90;
    assert_int_equal(verdict_reach(&task, &settings, &verdict, &err), STATUS_OK);
    assert_int_equal(verdict.offset, 100);
    task.take.committed = 110;
    assert_int_equal(verdict_reach(&task, &settings, &verdict, &err), STATUS_OK);
    assert_int_equal(verdict.offset, 110);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_and_offset_that_agree__go_on),
        cmocka_unit_test(state_of_other_offsets__is_refused_with_both_numbers),
        cmocka_unit_test(expired_group_offset__goes_on_at_the_states),
        cmocka_unit_test(nothing_at_all__begins_at_the_start_of_the_log),
        cmocka_unit_test(committed_offset_without_state__is_refused),
        cmocka_unit_test(other_rules__are_refused),
        cmocka_unit_test(purchases_deleted_unread__are_counted_as_lost),
        cmocka_unit_test(log_shorter_than_the_state__is_refused),
        cmocka_unit_test(at_least_once_state__goes_on_at_the_larger_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
