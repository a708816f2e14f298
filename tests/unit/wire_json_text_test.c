// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "wire/decimal.h"
#include "wire/json_text.h"

enum { NUMBERS = 20000 };

#define BYTES(...) ((struct view){(const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})})

static void assert_is(struct buffer *out, const char *expected)
{
    assert_true(buffer_append_byte(out, 0));
    assert_string_equal((const char *)out->data, expected);
    buffer_clear(out);
}

static void texts__are_quoted(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 1000);
    assert_true(json_text_append(&out, view_text("")));
    assert_is(&out, "\"\"");
    assert_true(json_text_append(&out, view_text("a\"\\\n\x01/\xc3\xa9")));
    assert_is(&out, "\"a\\\"\\\\\\n\\u0001/\xc3\xa9\"");
    assert_true(json_text_append(&out, BYTES('a', 0xff, 0xc3)));
    assert_is(&out, "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_true(json_bytes_append(&out, BYTES('a', '"', 0x00, 0x7f, 0xff)));
    assert_is(&out, "\"a\\\"\\u0000\\u007f\\u00ff\"");
    buffer_release(&out);
}

static void reals__are_short_and_exact(void **state)
{
    (void)state;
    const struct {
        double value;
        bool single;
        const char *text;
    } cases[] = {
        {0, false, "0.0"},
        {-0.0, false, "-0.0"},
        {72.2, false, "72.2"},
        {1e21, false, "1e+21"},
        {0.1 + 0.2, false, "0.30000000000000004"},
        {5e-324, false, "4.94065645841247e-324"},
        {(double)72.2f, true, "72.2"},
        {NAN, false, "null"},
        {-INFINITY, true, "null"},
        {123456789, false, "123456789.0"},
    };
    struct buffer out;
    buffer_init(&out, 1000);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(json_real_append(&out, cases[i].value, cases[i].single));
        assert_is(&out, cases[i].text);
    }
    buffer_release(&out);
}

static void reals__read_back_the_same(void **state)
{
    (void)state;
    struct random random;
    struct buffer out;
    random_seed(&random, 1);
    buffer_init(&out, 1000);
    for (int i = 0; i < NUMBERS; i++) {
        uint64_t bits = random_next(&random);
        double value;
        memcpy(&value, &bits, sizeof(value));
        if (!isfinite(value))
            continue;
        assert_true(json_real_append(&out, value, false) && buffer_append_byte(&out, 0));
        assert_true(strtod((const char *)out.data, NULL) == value);
        assert_true(json_is_valid((struct view){out.data, out.size - 1}));
        buffer_clear(&out);
    }
    buffer_release(&out);
}

static void decimals__have_all_their_digits(void **state)
{
    (void)state;
    const struct {
        struct view unscaled;
        int32_t scale;
        const char *text;
    } cases[] = {
        {BYTES(0x1c, 0x34), 2, "72.20"},
        {BYTES(0xe3, 0xcc), 2, "-72.20"},
        {BYTES(0), 0, "0"},
        {BYTES(0), 3, "0.000"},
        {{NULL, 0}, 1, "0.0"},
        {BYTES(5), -2, "5e2"},
        {BYTES(5), 3, "0.005"},
        {BYTES(0xff), 1, "-0.1"},
        {BYTES(0x80), 0, "-128"},
        {BYTES(0, 0x80), 0, "128"},
        {BYTES(0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), 4, "236118324143482260.6847"},
    };
    struct buffer out;
    buffer_init(&out, 5000);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(decimal_append(cases[i].unscaled, cases[i].scale, &out));
        assert_is(&out, cases[i].text);
    }
    buffer_release(&out);
}

// The number that the text says is the one that the double is.
static void decimals__agree_with_their_doubles(void **state)
{
    (void)state;
    struct random random;
    struct buffer out;
    uint8_t bytes[DECIMAL_TEXT_BYTES_MAX];
    random_seed(&random, 1);
    buffer_init(&out, 5000);
    for (int i = 0; i < NUMBERS; i++) {
        size_t size =
            random_below(&random, random_chance(&random, 1, 100) ? sizeof(bytes) + 1 : 20);
        for (size_t b = 0; b < size; b++)
            bytes[b] = (uint8_t)random_below(&random, 256);
        int32_t scale = (int32_t)random_range(&random, -1024, 1024);
        scale = random_chance(&random, 1, 2) ? scale % 30 : scale;
        const struct view unscaled = {bytes, size};
        assert_true(decimal_append(unscaled, scale, &out) && buffer_append_byte(&out, 0));
        double expected = decimal_to_double(unscaled, scale);
        double shown = strtod((const char *)out.data, NULL);
        if (expected != shown)
            fail_msg("%s is not %.17g", (const char *)out.data, expected);
        buffer_clear(&out);
    }
    buffer_release(&out);
}

static void json__is_told_from_text(void **state)
{
    (void)state;
    static const char *const good[] = {
        "{}", " [1, 2]\n", "null", "-1.5e3", "\"x\"", "{\"a\": {}}", "12345678901234567890123"};
    static const char *const bad[] = {"",         "{",    "{} {}",    "4111-2222", "abc",
                                      "{'a': 1}", "[1,]", "\"\xff\"", "1e999"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(json_is_valid(view_text(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(json_is_valid(view_text(bad[i])));
    assert_false(json_is_valid(BYTES('[', '2', 0, ']')));
}

static void a_full_buffer__is_told(void **state)
{
    (void)state;
    for (size_t max = 0; max < 6; max++) {
        struct buffer out;
        buffer_init(&out, max);
        assert_false(json_text_append(&out, view_text("\x01")));
        buffer_clear(&out);
        assert_false(json_bytes_append(&out, view_text("\x01")));
        buffer_clear(&out);
        assert_false(json_real_append(&out, 123.4567, false));
        buffer_clear(&out);
        assert_false(decimal_append(BYTES(1), 6, &out));
        buffer_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts__are_quoted),
        cmocka_unit_test(reals__are_short_and_exact),
        cmocka_unit_test(reals__read_back_the_same),
        cmocka_unit_test(decimals__have_all_their_digits),
        cmocka_unit_test(decimals__agree_with_their_doubles),
        cmocka_unit_test(json__is_told_from_text),
        cmocka_unit_test(a_full_buffer__is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
