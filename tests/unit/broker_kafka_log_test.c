// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/capture.h"

enum { WARNING = 4, DEBUG = 7 };

// The log of a function, the caller's to free().
static char *logged(int (*run)(void *context))
{
    struct capture capture;
    capture_run(&capture, run, NULL);
    assert_int_equal(capture.exit_code, 0);
    char *err = strdup(capture.err);
    capture_release(&capture);
    return err;
}

static size_t lines_in(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

static int repeat(void *context)
{
    (void)context;
    for (int i = 0; i < 50; i++)
        kafka_log_line("c#1", WARNING, "FAIL", i % 2 == 0 ? "after 0ms" : "after 17ms");
    kafka_log_line("c#1", WARNING, "OTHER", "x");
    log_flush();
    return 0;
}

static void log__counts_repeats_instead_of_repeating(void **state)
{
    (void)state;
    char *text = logged(repeat);
    assert_int_equal(lines_in(text), 3);
    assert_text_contains(text,
                         " warn kafka librdkafka says client=c#1 kind=FAIL text=\"after 0ms\"\n");
    assert_text_contains(text, " kind=OTHER text=x\n");
    assert_text_contains(text, " warn kafka librdkafka says kind=FAIL repeated=49 within_ms=");
    free(text);
}

static int say_nothing(void *context)
{
    (void)context;
    kafka_log_line("c", WARNING, "CONFWARN",
                   "Configuration property linger.ms is a producer property and will be ignored by "
                   "this consumer instance");
    kafka_log_line("c", WARNING, "TERMINATE", "x");
    kafka_log_line("c", DEBUG, "FETCH", "x");
    kafka_log_trouble("c", "_TRANSPORT", "x"); // there is a FAIL of it
    kafka_log_trouble("c", "_ALL_BROKERS_DOWN", "x");
    return 0;
}

static void log__drops_what_says_nothing_to_an_operator(void **state)
{
    (void)state;
    char *text = logged(say_nothing);
    assert_string_equal(text, "");
    free(text);
}

static int say_something(void *context)
{
    (void)context;
    kafka_log_line("c", WARNING, "CONFWARN", "Configuration property x is deprecated");
    kafka_log_trouble("c", "TOPIC_AUTHORIZATION_FAILED", "no right to purchases");
    return 0;
}

static void log__has_the_rest_and_what_the_error_callback_is_told(void **state)
{
    (void)state;
    char *text = logged(say_something);
    assert_text_contains(text, "kind=CONFWARN text=\"Configuration property x is deprecated\"\n");
    assert_text_contains(text, " warn kafka librdkafka reports client=c"
                               " kind=TOPIC_AUTHORIZATION_FAILED text=\"no right to purchases\"\n");
    free(text);
}

static int debug(void *context)
{
    (void)context;
    log_configure(LOG_DEBUG, LOG_FORMAT_TEXT);
    for (int i = 0; i < 10; i++)
        kafka_log_line("c", DEBUG, "FETCH", "x");
    return 0;
}

static void log__lets_all_debugging_through(void **state)
{
    (void)state;
    char *text = logged(debug);
    assert_int_equal(lines_in(text), 10);
    free(text);
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
        cmocka_unit_test(log__drops_what_says_nothing_to_an_operator),
        cmocka_unit_test(log__has_the_rest_and_what_the_error_callback_is_told),
        cmocka_unit_test(log__lets_all_debugging_through),
        cmocka_unit_test(severity__of_librdkafka_is_at_most_a_warning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
