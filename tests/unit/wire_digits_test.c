// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "wire/decimal.h"
#include "wire/digits.h"

static struct digits read_digits(const char *text)
{
    struct digits digits;
    if (!digits_read(view_text(text), &digits))
        fail_msg("'%s'", text);
    return digits;
}

static void integer_is(const char *text, int64_t expected)
{
    int64_t value;
    const struct digits digits = read_digits(text);
    assert_int_equal(digits_integer(&digits, &value), DIGITS_FIT);
    if (value != expected)
        fail_msg("%s: %" PRId64, text, value);
}

static void integer_is_not(const char *text, enum digits_fit expected)
{
    int64_t value;
    const struct digits digits = read_digits(text);
    assert_int_equal(digits_integer(&digits, &value), expected);
}

static void integers__are_exact(void **state)
{
    (void)state;
    integer_is("0", 0);
    integer_is("-0.00e99999999999999999999", 0);
    integer_is("+7", 7);
    integer_is("007", 7);
    integer_is("5.0", 5);
    integer_is("5.", 5);
    integer_is("12.5e1", 125);
    integer_is("1200e-2", 12);
    integer_is("0.05e2", 5);
    integer_is("9007199254740993", INT64_C(9007199254740993));
    integer_is("9223372036854775807", INT64_MAX);
    integer_is("-9223372036854775808", INT64_MIN);
    integer_is_not("9223372036854775808", DIGITS_TOO_LARGE);
    integer_is_not("-9223372036854775809", DIGITS_TOO_LARGE);
    integer_is_not("1e19", DIGITS_TOO_LARGE);
    integer_is_not("1e999999999999", DIGITS_TOO_LARGE);
    integer_is_not("0.5", DIGITS_FRACTION);
    integer_is_not("1e-999999999999", DIGITS_FRACTION);
}

static void what_is_no_number__is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",   "-",  ".",   "-.",    "e5",    "1e",   "1e+", "1x",
                                      "x1", "1 ", "--1", "1.2.3", "1e5.0", "0x10", "NaN", "1,5"};
    struct digits digits;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (digits_read(view_text(bad[i]), &digits))
            fail_msg("'%s'", bad[i]);
    }
    assert_false(digits_read((struct view){NULL, 0}, &digits));
}

#define BYTES(...) ((struct view){(const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})})

static void unscaled_is(const char *text, int32_t scale, struct view expected)
{
    uint8_t bytes[DIGITS_UNSCALED_BYTES_MAX];
    size_t size;
    const struct digits digits = read_digits(text);
    assert_int_equal(digits_unscaled(&digits, scale, bytes, &size), DIGITS_FIT);
    assert_int_equal(size, expected.size);
    assert_memory_equal(bytes, expected.data, size);
}

static void unscaled_is_not(const char *text, int32_t scale, enum digits_fit expected)
{
    uint8_t bytes[DIGITS_UNSCALED_BYTES_MAX];
    size_t size;
    const struct digits digits = read_digits(text);
    assert_int_equal(digits_unscaled(&digits, scale, bytes, &size), expected);
}

static void decimals__are_the_shortest_integers(void **state)
{
    (void)state;
    unscaled_is("0", 2, BYTES(0));
    unscaled_is("-0", 2, BYTES(0));
    unscaled_is("1.28", 2, BYTES(0x00, 0x80));
    unscaled_is("-1.28", 2, BYTES(0x80));
    unscaled_is("-1.29", 2, BYTES(0xff, 0x7f));
    unscaled_is("-0.01", 2, BYTES(0xff));
    unscaled_is("72.2", 2, BYTES(0x1c, 0x34));
    unscaled_is("500", -2, BYTES(5));
    unscaled_is("42949672.96", 2, BYTES(0x01, 0, 0, 0, 0));
    unscaled_is("-42949672.96", 2, BYTES(0xff, 0, 0, 0, 0));
    unscaled_is("21474836.48", 2, BYTES(0, 0x80, 0, 0, 0));
    unscaled_is("-21474836.48", 2, BYTES(0x80, 0, 0, 0));
    unscaled_is_not("1.285", 2, DIGITS_FRACTION);
    unscaled_is_not("501", -2, DIGITS_FRACTION);
    unscaled_is_not("1e1300", 0, DIGITS_TOO_LARGE);
    unscaled_is_not("1e999999999999", 0, DIGITS_TOO_LARGE);
}

// What decimal_append writes of any bytes is read as the same number.
static void decimals__are_read_as_they_are_written(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 7);
    for (int round = 0; round < 2000; round++) {
        uint8_t bytes[DIGITS_UNSCALED_BYTES_MAX], again[DIGITS_UNSCALED_BYTES_MAX];
        size_t size = 1 + random_below(&random, round % 10 == 0 ? sizeof(bytes) : 20);
        int32_t scale = (int32_t)random_range(&random, -30, 130);
        struct buffer text;
        struct digits digits;
        buffer_init(&text, 1 << 16);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)random_below(&random, 256);
        while (size > 1 && bytes[0] == ((bytes[1] & 0x80) != 0 ? 0xff : 0x00))
            memmove(bytes, bytes + 1, --size);
        assert_true(decimal_append((struct view){bytes, size}, scale, &text));
        assert_true(digits_read(buffer_view(&text), &digits));
        size_t again_size = 0;
        assert_int_equal(digits_unscaled(&digits, scale, again, &again_size), DIGITS_FIT);
        assert_int_equal(again_size, size);
        assert_memory_equal(again, bytes, size);
        buffer_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers__are_exact),
        cmocka_unit_test(what_is_no_number__is_refused),
        cmocka_unit_test(decimals__are_the_shortest_integers),
        cmocka_unit_test(decimals__are_read_as_they_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
