// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/log.h"
#include "lib/capture.h"

// One record with one field of each kind.
static int write_all_kinds(void *context)
{
    log_configure(LOG_DEBUG, *(enum log_format *)context);
    log_warn("task", "partition restored", LOG_INT("partition", 3), LOG_REAL("seconds", 0.25),
             LOG_TEXT("topic", "purchases"), LOG_TEXT("reason", "said \"no\"\n\tand left"),
             LOG_TEXT("empty", ""), LOG_CARD("card", view_text("1111-2222-3333-4444")));
    return 0;
}

static int write_text(void *context)
{
    log_configure(LOG_INFO, LOG_FORMAT_JSON);
    log_info("x", "y", LOG_VIEW("text", *(struct view *)context), LOG_INT("last", 1));
    return 0;
}

static char *captured(int (*run)(void *context), void *context)
{
    struct capture capture;
    capture_run(&capture, run, context);
    assert_int_equal(capture.exit_code, 0);
    assert_string_equal(capture.out, "");
    char *err = strdup(capture.err);
    capture_release(&capture);
    return err;
}

// Exactly one line, and that line a JSON object.
static json_t *captured_object(int (*run)(void *context), void *context)
{
    char *line = captured(run, context);
    json_error_t error;
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    json_t *object = json_loads(line, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    if (object == NULL)
        fail_msg("%s in %s", error.text, line);
    free(line);
    return object;
}

static const char *member(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void text__is_one_line_with_named_fields(void **state)
{
    (void)state;
    enum log_format format = LOG_FORMAT_TEXT;
    char *line = captured(write_all_kinds, &format);
    assert_int_equal(strlen("2026-01-01T00:00:00.000Z"), strcspn(line, " "));
    assert_string_equal(strchr(line, ' '),
                        " warn task partition restored partition=3 seconds=0.25 topic=purchases"
                        " reason=\"said \\\"no\\\"\\u000a\\u0009and left\" empty=\"\""
                        " card=\"************4444\"\n");
    free(line);
}

static void json__is_one_object_a_line(void **state)
{
    (void)state;
    enum log_format format = LOG_FORMAT_JSON;
    json_t *object = captured_object(write_all_kinds, &format);
    assert_string_equal(member(object, "level"), "warn");
    assert_string_equal(member(object, "component"), "task");
    assert_string_equal(member(object, "message"), "partition restored");
    assert_string_equal(member(object, "reason"), "said \"no\"\n\tand left");
    assert_string_equal(member(object, "card"), "************4444");
    assert_int_equal(json_integer_value(json_object_get(object, "partition")), 3);
    json_decref(object);
}

static void json__stays_valid_whatever_the_bytes_are(void **state)
{
    (void)state;
    uint8_t bytes[256];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    struct view text = {bytes, sizeof(bytes)};
    json_t *object = captured_object(write_text, &text);
    json_decref(object);
    text = view_text("caf\xc3\xa9");
    object = captured_object(write_text, &text);
    assert_string_equal(member(object, "text"), "caf\xc3\xa9");
    json_decref(object);
}

static void json__stays_valid_when_a_value_is_far_too_long(void **state)
{
    (void)state;
    for (size_t size = 2000; size < 40000; size += 3777) {
        struct view text = {memset(malloc(size), size % 2 ? '"' : '\x01', size), size};
        json_t *object = captured_object(write_text, &text);
        json_decref(object);
        free((void *)(uintptr_t)text.data);
    }
}

static void json__says_when_fields_were_left_out(void **state)
{
    (void)state;
    struct view text = {memset(malloc(3000), '\x01', 3000), 3000};
    json_t *object = captured_object(write_text, &text);
    assert_true(json_is_true(json_object_get(object, "cut")));
    assert_null(json_object_get(object, "text"));
    json_decref(object);
    free((void *)(uintptr_t)text.data);
}

static int write_numbers(void *context)
{
    (void)context;
    log_configure(LOG_INFO, LOG_FORMAT_JSON);
    log_info("x", "y", LOG_REAL("nan", NAN), LOG_REAL("infinite", INFINITY),
             LOG_INT("lowest", INT64_MIN));
    return 0;
}

static void json__has_null_for_what_is_no_number(void **state)
{
    (void)state;
    json_t *object = captured_object(write_numbers, NULL);
    assert_true(json_is_null(json_object_get(object, "nan")));
    assert_true(json_is_null(json_object_get(object, "infinite")));
    assert_true(json_integer_value(json_object_get(object, "lowest")) == INT64_MIN);
    json_decref(object);
}

static int write_each_level(void *context)
{
    log_configure(*(enum log_level *)context, LOG_FORMAT_TEXT);
    log_debug("x", "a debug line");
    log_info("x", "an info line");
    log_warn("x", "a warn line");
    log_error("x", "an error line");
    return 0;
}

static void levels__below_the_lowest_are_not_written(void **state)
{
    (void)state;
    enum log_level lowest = LOG_WARN;
    char *text = captured(write_each_level, &lowest);
    assert_false(text_contains(text, "an info line"));
    assert_text_contains(text, " warn x a warn line\n");
    assert_text_contains(text, " error x an error line\n");
    free(text);
}

static int repeat(void *context)
{
    log_configure(LOG_INFO, *(enum log_format *)context);
    for (int i = 0; i < 100; i++)
        log_info("task", "said before", LOG_INT("partition", 3));
    log_settle(); // too early
    log_flush();
    log_flush();
    return 0;
}

static void repeats__are_counted(void **state)
{
    (void)state;
    enum log_format format = LOG_FORMAT_TEXT;
    char *text = captured(repeat, &format);
    char *second = strchr(text, '\n') + 1;
    assert_text_contains(text, " info task said before partition=3\n");
    assert_text_contains(second, " info task said before repeated=99 within_ms=");
    assert_int_equal(strcspn(second, "\n"), strlen(second) - 1); // nothing follows
    free(text);
}

static void repeats__are_counted_in_json_too(void **state)
{
    (void)state;
    enum log_format format = LOG_FORMAT_JSON;
    json_error_t error;
    char *text = captured(repeat, &format);
    json_t *told = json_loads(strchr(text, '\n') + 1, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(told);
    assert_string_equal(member(told, "message"), "said before");
    assert_string_equal(member(told, "component"), "task");
    assert_int_equal(json_integer_value(json_object_get(told, "repeated")), 99);
    json_decref(told);
    free(text);
}

static int repeat_in_debugging(void *context)
{
    (void)context;
    log_configure(LOG_DEBUG, LOG_FORMAT_TEXT);
    for (int i = 0; i < 5; i++)
        log_warn("x", "w");
    log_flush();
    return 0;
}

static void debugging__has_all_lines(void **state)
{
    (void)state;
    char *text = captured(repeat_in_debugging, NULL);
    size_t count = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        count++;
    assert_int_equal(count, 5);
    free(text);
}

enum { WRITERS = 4, LINES_EACH = 500 };

static void *write_many(void *context)
{
    static const char *const sentences[] = {"one", "two", "three"};
    (void)context;
    for (int i = 0; i < LINES_EACH; i++) {
        log_warn("x", sentences[i % 3], LOG_INT("i", i % 7));
        log_settle();
    }
    return NULL;
}

static int write_at_once(void *context)
{
    pthread_t threads[WRITERS];
    (void)context;
    log_configure(LOG_INFO, LOG_FORMAT_JSON);
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, NULL), 0);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    log_flush();
    return 0;
}

// Each line is whole, and each record written or counted.
static void threads__lose_nothing(void **state)
{
    (void)state;
    char *text = captured(write_at_once, NULL);
    char *rest = text;
    json_int_t records = 0;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && line[0] != '\0';) {
        json_error_t error;
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
        if (object == NULL)
            fail_msg("%s in %s", error.text, line);
        json_t *repeated = json_object_get(object, "repeated");
        records += repeated != NULL ? json_integer_value(repeated) : 1;
        json_decref(object);
    }
    assert_int_equal(records, WRITERS * LINES_EACH);
    free(text);
}

static void assert_masked(const char *card, const char *expected)
{
    char masked[CARD_MASKED_MAX];
    card_mask(view_text(card), masked);
    assert_string_equal(masked, expected);
}

static void cards__show_their_last_four_bytes_alone(void **state)
{
    (void)state;
    assert_masked("1111-2222-3333-4444", "************4444");
    assert_masked("12345678", "************5678");
    assert_masked("1234567", "************");
    assert_masked("", "************");
    assert_masked("abcdefgh\n\x01\xff ", "************????");
}

static void due__limits_how_often_a_warning_comes(void **state)
{
    (void)state;
    int64_t last_ms = 0;
    assert_true(log_due(&last_ms, 1000, 60000));
    assert_false(log_due(&last_ms, 1001, 60000));
    assert_false(log_due(&last_ms, 60999, 60000));
    assert_true(log_due(&last_ms, 61000, 60000));
    assert_int_equal(last_ms, 61000);
    last_ms = 0;
    assert_true(log_due(&last_ms, 0, 60000));
    assert_false(log_due(&last_ms, 0, 60000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text__is_one_line_with_named_fields),
        cmocka_unit_test(json__is_one_object_a_line),
        cmocka_unit_test(json__stays_valid_whatever_the_bytes_are),
        cmocka_unit_test(json__stays_valid_when_a_value_is_far_too_long),
        cmocka_unit_test(json__says_when_fields_were_left_out),
        cmocka_unit_test(json__has_null_for_what_is_no_number),
        cmocka_unit_test(levels__below_the_lowest_are_not_written),
        cmocka_unit_test(repeats__are_counted),
        cmocka_unit_test(repeats__are_counted_in_json_too),
        cmocka_unit_test(debugging__has_all_lines),
        cmocka_unit_test(threads__lose_nothing),
        cmocka_unit_test(cards__show_their_last_four_bytes_alone),
        cmocka_unit_test(due__limits_how_often_a_warning_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
