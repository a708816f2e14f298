// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { WARNING = 4, DEBUG = 7 };

static void log__counts_repeats_instead_of_repeating(void **state)
{
    (void)state;
    struct kafka_log *log = kafka_log_open();
    assert_int_equal(kafka_log_admit(log, WARNING, "FAIL", "x", 1000), 0);
    for (int i = 0; i < 50; i++)
        assert_int_equal(kafka_log_admit(log, WARNING, "FAIL", "x", 1001 + i), -1);
    assert_int_equal(kafka_log_admit(log, WARNING, "OTHER", "x", 1100), 0);
    assert_int_equal(kafka_log_admit(log, WARNING, "FAIL", "x", 11000), 50);
    assert_int_equal(kafka_log_admit(log, WARNING, "FAIL", "x", 21000), 0);
    kafka_log_drop(log);
}

static void log__lets_all_debugging_through(void **state)
{
    (void)state;
    struct kafka_log *log = kafka_log_open();
    for (int i = 0; i < 10; i++)
        assert_int_equal(kafka_log_admit(log, DEBUG, "FETCH", "x", 1000), 0);
    kafka_log_drop(log);
}

static void log__drops_what_says_nothing_to_an_operator(void **state)
{
    (void)state;
    struct kafka_log *log = kafka_log_open();
    assert_int_equal(kafka_log_admit(log, WARNING, "CONFWARN",
                                     "Configuration property linger.ms is a producer property and "
                                     "will be ignored by this consumer instance",
                                     1000),
                     -1);
    assert_int_equal(
        kafka_log_admit(log, WARNING, "CONFWARN", "Configuration property x is deprecated", 1000),
        0);
    assert_int_equal(kafka_log_admit(log, WARNING, "TERMINATE", "x", 1000), -1);
    kafka_log_drop(log);
}

static void log__of_unboundedly_many_kinds_stays_bounded(void **state)
{
    (void)state;
    struct kafka_log *log = kafka_log_open();
    for (int i = 0; i < 1000; i++) {
        char name[40];
        snprintf(name, sizeof(name), "KIND-%d-WITH-A-VERY-LONG-NAME", i);
        assert_int_equal(kafka_log_admit(log, WARNING, name, "x", 1000), 0);
    }
    kafka_log_drop(log);
}

static void log__lives_as_long_as_it_is_held(void **state)
{
    (void)state;
    struct kafka_log *log = kafka_log_open();
    struct kafka_log *same = kafka_log_keep(log);
    kafka_log_drop(log);
    assert_int_equal(kafka_log_admit(same, WARNING, "FAIL", "x", 1000), 0);
    kafka_log_drop(same);
    kafka_log_drop(NULL);
}

static void severity__of_librdkafka_is_at_most_a_warning(void **state)
{
    (void)state;
    for (int severity = 0; severity <= 4; severity++)
        assert_int_equal(kafka_log_level(severity), LOG_WARN);
    assert_int_equal(kafka_log_level(5), LOG_INFO);
    assert_int_equal(kafka_log_level(6), LOG_INFO);
    assert_int_equal(kafka_log_level(7), LOG_DEBUG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log__counts_repeats_instead_of_repeating),
        cmocka_unit_test(log__lets_all_debugging_through),
        cmocka_unit_test(log__drops_what_says_nothing_to_an_operator),
        cmocka_unit_test(log__of_unboundedly_many_kinds_stays_bounded),
        cmocka_unit_test(log__lives_as_long_as_it_is_held),
        cmocka_unit_test(severity__of_librdkafka_is_at_most_a_warning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
