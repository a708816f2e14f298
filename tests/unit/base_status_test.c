// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/status.h"

static void error_set__writes_the_sentence_and_returns_the_status(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(error_set(&err, STATUS_RETRY, "topic %s, partition %d", "purchases", 3),
                     STATUS_RETRY);
    assert_string_equal(err.text, "topic purchases, partition 3");
}

static void error_set__cuts_a_sentence_that_is_too_long(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(error_set(&err, STATUS_FATAL, "%*s", 5000, "x"), STATUS_FATAL);
    assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
}

static void error_set__takes_no_error_at_all(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, STATUS_ABORT, "nobody asks"), STATUS_ABORT);
    assert_int_equal(error_prefix(NULL, STATUS_ABORT, "nobody asks"), STATUS_ABORT);
}

static void error_prefix__puts_the_context_in_front(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(error_set(&err, STATUS_FATAL, "no such file"), STATUS_FATAL);
    assert_int_equal(error_prefix(&err, STATUS_FATAL, "reading %s", "a.yaml"), STATUS_FATAL);
    assert_string_equal(err.text, "reading a.yaml: no such file");
}

static void error_prefix__cuts_what_does_not_fit(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(error_set(&err, STATUS_FATAL, "%*s", 2000, "x"), STATUS_FATAL);
    assert_int_equal(error_prefix(&err, STATUS_FATAL, "front"), STATUS_FATAL);
    assert_memory_equal(err.text, "front:  ", 8);
    assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
    assert_int_equal(error_prefix(&err, STATUS_FATAL, "%*s", 2000, "y"), STATUS_FATAL);
    assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
}

static void status_name__names_each_status(void **state)
{
    (void)state;
    assert_string_equal(status_name(STATUS_OK), "ok");
    assert_string_equal(status_name(STATUS_RECORD), "record");
    assert_string_equal(status_name(STATUS_RETRY), "retry");
    assert_string_equal(status_name(STATUS_ABORT), "abort");
    assert_string_equal(status_name(STATUS_RESET), "reset");
    assert_string_equal(status_name(STATUS_FATAL), "fatal");
    assert_string_equal(status_name((enum status)77), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_set__writes_the_sentence_and_returns_the_status),
        cmocka_unit_test(error_set__cuts_a_sentence_that_is_too_long),
        cmocka_unit_test(error_set__takes_no_error_at_all),
        cmocka_unit_test(error_prefix__puts_the_context_in_front),
        cmocka_unit_test(error_prefix__cuts_what_does_not_fit),
        cmocka_unit_test(status_name__names_each_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
