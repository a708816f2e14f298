// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "demo/seen_alert.h"

#define CARD "1111-2222-3333-4444"
#define VALUE                                                                                      \
    "{\"type\": \"high_purchase_count\", \"credit_card\": \"" CARD                                 \
    "\", \"timestamp\": 1664000000123}"

enum { HEADERS = 4 };

// As the service writes them.
static void fill_headers(struct header *headers)
{
    headers[0] = (struct header){"cardwatch.rule", view_text("high_purchase_count")};
    headers[1] = (struct header){"cardwatch.count", view_text("3")};
    headers[2] = (struct header){"cardwatch.detected_at", view_text("1664000030000")};
    headers[3] = (struct header){"cardwatch.source", view_text("purchases/2/1234")};
}

static void alert__is_read_from_value_and_headers(void **state)
{
    (void)state;
    struct header headers[HEADERS];
    struct seen_alert alert;
    struct error err;
    fill_headers(headers);
    assert_int_equal(seen_alert_read(view_text(VALUE), headers, HEADERS, &alert, &err), STATUS_OK);
    assert_string_equal(alert.type, "high_purchase_count");
    assert_string_equal(alert.card, CARD);
    assert_true(alert.timestamp_ms == 1664000000123);
    assert_int_equal(alert.count, 3);
    assert_true(alert.detected_at_ms == 1664000030000);
    assert_int_equal(alert.source_partition, 2);
    assert_int_equal(alert.source_offset, 1234);
}

static void alert__needs_its_headers(void **state)
{
    (void)state;
    struct seen_alert alert;
    struct error err;
    for (size_t left_out = 1; left_out < HEADERS; left_out++) {
        struct header headers[HEADERS];
        fill_headers(headers);
        const char *name = headers[left_out].name;
        headers[left_out].name = "other";
        assert_int_equal(seen_alert_read(view_text(VALUE), headers, HEADERS, &alert, &err),
                         STATUS_RECORD);
        assert_non_null(strstr(err.text, name));
    }
}

static void expect_bad_header(size_t at, const char *text)
{
    struct header headers[HEADERS];
    struct seen_alert alert;
    struct error err;
    fill_headers(headers);
    headers[at].value = view_text(text);
    assert_int_equal(seen_alert_read(view_text(VALUE), headers, HEADERS, &alert, &err),
                     STATUS_RECORD);
}

static void alert__refuses_headers_that_are_not_as_they_should_be(void **state)
{
    (void)state;
    expect_bad_header(1, "");
    expect_bad_header(1, "three");
    expect_bad_header(1, "3 ");
    expect_bad_header(1, "99999999999999999999999999999999");
    expect_bad_header(2, "1664000030000x");
    expect_bad_header(3, "purchases");
    expect_bad_header(3, "purchases/2");
    expect_bad_header(3, "purchases/2/");
    expect_bad_header(3, "purchases//5");
    expect_bad_header(3, "purchases/-1/5");
    expect_bad_header(3, "purchases/2/5/6");
}

static void expect_bad_value(struct view value)
{
    struct header headers[HEADERS];
    struct seen_alert alert;
    struct error err;
    fill_headers(headers);
    assert_int_equal(seen_alert_read(value, headers, HEADERS, &alert, &err), STATUS_RECORD);
}

static void alert__refuses_values_that_are_no_alert(void **state)
{
    (void)state;
    expect_bad_value((struct view){NULL, 0});
    expect_bad_value(view_text(""));
    expect_bad_value(view_text("[]"));
    expect_bad_value(view_text("{\"type\": \"a\", \"credit_card\": \"b\"}"));
    expect_bad_value(view_text("{\"type\": \"a\", \"timestamp\": 1}"));
    expect_bad_value(view_text("{\"type\": 1, \"credit_card\": \"b\", \"timestamp\": 1}"));
    expect_bad_value(view_text("{\"type\": \"a\", \"credit_card\": \"b\", \"timestamp\": 1.5}"));
}

static void expect_line(const struct seen_alert *alert, bool colour, const char *expected)
{
    struct buffer line;
    buffer_init(&line, 1024);
    seen_alert_line(alert, 12, colour, &line);
    assert_true(buffer_append_byte(&line, '\0'));
    assert_string_equal((const char *)line.data, expected);
    buffer_release(&line);
}

static void alert_line__shows_no_more_than_four_digits_of_the_card(void **state)
{
    (void)state;
    struct seen_alert alert = {
        .type = "high_purchase_count", .card = CARD, .timestamp_ms = 1664000000123, .count = 3};
    expect_line(&alert, false,
                "ALERT ************4444  high_purchase_count  3 purchases since 06:13:20.123  "
                "12 ms");
}

static void alert_line__is_coloured_on_demand(void **state)
{
    (void)state;
    struct seen_alert alert = {.type = "r", .card = CARD, .timestamp_ms = 5, .count = 3};
    expect_line(&alert, true,
                "\033[1;31mALERT\033[0m ************4444  r  3 purchases since 00:00:00.005  "
                "12 ms");
}

static void alert_line__takes_any_time(void **state)
{
    (void)state;
    struct seen_alert alert = {.type = "r", .card = CARD, .timestamp_ms = -1, .count = 3};
    expect_line(&alert, false, "ALERT ************4444  r  3 purchases since 23:59:59.999  12 ms");
    alert.timestamp_ms = INT64_MAX;
    expect_line(&alert, false, "ALERT ************4444  r  3 purchases since 07:12:55.807  12 ms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alert__is_read_from_value_and_headers),
        cmocka_unit_test(alert__needs_its_headers),
        cmocka_unit_test(alert__refuses_headers_that_are_not_as_they_should_be),
        cmocka_unit_test(alert__refuses_values_that_are_no_alert),
        cmocka_unit_test(alert_line__shows_no_more_than_four_digits_of_the_card),
        cmocka_unit_test(alert_line__is_coloured_on_demand),
        cmocka_unit_test(alert_line__takes_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
