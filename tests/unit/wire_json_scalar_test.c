// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/quoted.h"
#include "wire/json_scalar.h"

enum { OUT_MAX = 1 << 20 };

#define BYTES(...) ((struct view){(const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})})

struct tried {
    const char *reason;
    struct buffer out;
    bool plainly;
};

static struct tried try(const char *schema, const char *json)
{
    struct tried tried;
    struct avsc *avsc;
    struct error err;
    struct tree tree;
    const char *reason;
    size_t at;
    buffer_init(&tried.out, OUT_MAX);
    if (avsc_parse(view_text(quoted(schema)), &avsc, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    tree_init(&tree);
    if (!tree_read(&tree, view_text(quoted(json)), &reason, &at))
        fail_msg("%s: %s", json, reason);
    const struct avsc_type *type = &avsc->types[avsc->root];
    tried.reason = json_scalar_append(avsc, type, &tree.nodes[0], &tried.out);
    assert_true(json_scalar_fits(avsc, type, &tree.nodes[0], false) == (tried.reason == NULL));
    tried.plainly = json_scalar_fits(avsc, type, &tree.nodes[0], true);
    tree_release(&tree);
    avsc_free(avsc);
    return tried;
}

static void is(const char *schema, const char *json, struct view expected)
{
    struct tried tried = try(schema, json);
    if (tried.reason != NULL)
        fail_msg("%s by %s: %s", json, schema, tried.reason);
    if (!view_equal(buffer_view(&tried.out), expected))
        fail_msg("%s by %s: %zu bytes", json, schema, tried.out.size);
    buffer_release(&tried.out);
}

static void refused(const char *schema, const char *json, const char *reason)
{
    struct tried tried = try(schema, json);
    assert_non_null(tried.reason);
    assert_string_equal(tried.reason, reason);
    assert_int_equal(tried.out.size, 0);
    assert_false(tried.plainly);
    buffer_release(&tried.out);
}

static void simple_values__are_encoded(void **state)
{
    (void)state;
    is("'null'", "null", BYTES());
    is("'boolean'", "true", BYTES(1));
    is("'boolean'", "false", BYTES(0));
    is("'int'", "-7", BYTES(0x0d));
    is("'int'", "1e3", BYTES(0xd0, 0x0f));
    is("'long'", "9223372036854775807",
       BYTES(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1));
    is("'string'", "'a\\u0000b'", BYTES(6, 'a', 0, 'b'));
    is("'bytes'", "'\\u0000A\\u00ff'", BYTES(6, 0, 'A', 0xff));
    is("{'type': 'fixed', 'name': 'f', 'size': 2}", "'\\u0001\\u0080'", BYTES(1, 0x80));
    is("{'type': 'enum', 'name': 'e', 'symbols': ['A', 'B']}", "'B'", BYTES(2));
    refused("'null'", "0", "null is expected");
    refused("'boolean'", "1", "true or false is expected");
    refused("'int'", "2147483648", "the integer is out of range");
    refused("'long'", "1e19", "the integer is out of range");
    refused("'long'", "'5'", "an integer is expected, not a text");
    refused("'string'", "5", "a text is expected");
    refused("'bytes'", "'\\u0100'", "a character above U+00FF is no byte");
    refused("'bytes'", "'\\ud83d\\ude00'", "a character above U+00FF is no byte");
    refused("{'type': 'fixed', 'name': 'f', 'size': 2}", "'abc'",
            "the number of bytes is not that of the fixed");
    refused("{'type': 'enum', 'name': 'e', 'symbols': ['A', 'B']}", "'C'",
            "it is none of the enum's symbols");
}

static void reals__are_the_nearest_and_may_be_rare(void **state)
{
    (void)state;
    is("'double'", "72.2", BYTES(0xcd, 0xcc, 0xcc, 0xcc, 0xcc, 0x0c, 0x52, 0x40));
    is("'double'", "-0.0", BYTES(0, 0, 0, 0, 0, 0, 0, 0x80));
    is("'double'", "'Infinity'", BYTES(0, 0, 0, 0, 0, 0, 0xf0, 0x7f));
    is("'double'", "'-inf'", BYTES(0, 0, 0, 0, 0, 0, 0xf0, 0xff));
    is("'double'", "'NaN'", BYTES(0, 0, 0, 0, 0, 0, 0xf8, 0x7f));
    is("'float'", "72.2", BYTES(0x66, 0x66, 0x90, 0x42));
    is("'float'", "'-Infinity'", BYTES(0, 0, 0x80, 0xff));
    refused("'double'", "1e400", "the number is out of range");
    refused("'float'", "1e39", "the number is out of range");
    refused("'double'", "'12'",
            "a number is expected, or one of the texts NaN, Infinity, -Infinity");
}

static void decimals__are_numbers_or_texts(void **state)
{
    (void)state;
    static const char bytes[] =
        "{'type': 'bytes', 'logicalType': 'decimal', 'precision': 9, 'scale': 2}";
    static const char fixed[] = "{'type': 'fixed', 'name': 'f', 'size': 3, 'logicalType': "
                                "'decimal', 'precision': 4, 'scale': 3}";
    is(bytes, "72.2", BYTES(4, 0x1c, 0x34));
    is(bytes, "'72.20'", BYTES(4, 0x1c, 0x34));
    is(bytes, "-1.28", BYTES(2, 0x80));
    is(fixed, "-0.001", BYTES(0xff, 0xff, 0xff));
    is(fixed, "1", BYTES(0, 0x03, 0xe8));
    refused(bytes, "1.005", "the decimal has more digits behind the point than its scale");
    refused(bytes, "'x'", "a decimal is expected: a number, or a text with one");
    refused(bytes, "1e2000", "the decimal has too many digits");
    refused(fixed, "8388.608", "the decimal has too many digits for its fixed");
}

static void times__are_integers_or_texts(void **state)
{
    (void)state;
    is("{'type': 'long', 'logicalType': 'timestamp-millis'}", "5000", BYTES(0x90, 0x4e));
    is("{'type': 'long', 'logicalType': 'timestamp-millis'}", "'1970-01-01T00:00:05Z'",
       BYTES(0x90, 0x4e));
    is("{'type': 'long', 'logicalType': 'timestamp-millis'}", "'1969-12-31T23:59:59.999Z'",
       BYTES(1));
    is("{'type': 'long', 'logicalType': 'timestamp-micros'}", "'1970-01-01T00:00:00.000005'",
       BYTES(10));
    is("{'type': 'long', 'logicalType': 'timestamp-nanos'}", "'1970-01-01T00:00:00.000000005'",
       BYTES(10));
    is("{'type': 'int', 'logicalType': 'date'}", "'1970-01-06'", BYTES(10));
    is("{'type': 'int', 'logicalType': 'time-millis'}", "'00:00:00.005'", BYTES(10));
    is("{'type': 'long', 'logicalType': 'time-micros'}", "'00:00:00.000005'", BYTES(10));
    refused("{'type': 'long', 'logicalType': 'timestamp-nanos'}", "'9999-01-01'",
            "the time is out of range");
    refused("{'type': 'long', 'logicalType': 'timestamp-millis'}", "'noon'",
            "a time is expected: an integer, or a text as 2026-01-31T08:00:00.000Z");
    refused("{'type': 'long', 'logicalType': 'timestamp-millis'}", "'2026-01-01\\u0000'",
            "an integer is expected");
    refused("{'type': 'int', 'logicalType': 'date'}", "'2026-02-30'",
            "a date is expected: days, or a text as 2026-01-31");
    refused("{'type': 'int', 'logicalType': 'time-millis'}", "'25:00'",
            "a time of day is expected: an integer, or a text as 08:00:00.000");
}

static void looks(const char *schema, const char *json, bool expected)
{
    struct tried tried = try(schema, json);
    assert_null(tried.reason);
    assert_true(tried.plainly == expected);
    buffer_release(&tried.out);
}

static void what_a_value_looks_like__is_told(void **state)
{
    (void)state;
    looks("'int'", "5", true);
    looks("'int'", "5.0", false);
    looks("'double'", "5", false);
    looks("'double'", "5.0", true);
    looks("'double'", "'NaN'", false);
    looks("'string'", "'5'", true);
    looks("'bytes'", "'5'", false);
    looks("{'type': 'long', 'logicalType': 'timestamp-millis'}", "'2026-01-01'", false);
    looks("{'type': 'enum', 'name': 'e', 'symbols': ['A', 'B']}", "'B'", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_values__are_encoded),
        cmocka_unit_test(reals__are_the_nearest_and_may_be_rare),
        cmocka_unit_test(decimals__are_numbers_or_texts),
        cmocka_unit_test(times__are_integers_or_texts),
        cmocka_unit_test(what_a_value_looks_like__is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
