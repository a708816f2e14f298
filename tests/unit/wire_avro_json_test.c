// SPDX-License-Identifier: Apache-2.0
#include <avro.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "lib/quoted.h"
#include "lib/writer_random.h"
#include "wire/avro_json.h"

enum { SCHEMAS = 1500, DATA_EACH = 4, OUT_MAX = 1 << 24 };

#define BYTES(...) ((struct view){(const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})})

// What comes of a body by a schema; the reason when it cannot be read. The caller frees it.
static char *shown_within(const char *schema, struct view body, size_t out_max)
{
    struct avsc *avsc;
    struct error err;
    struct buffer out;
    const char *reason;
    if (avsc_parse(view_text(schema), &avsc, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    buffer_init(&out, out_max);
    bool fine = avro_json_append(avsc, body, &out, &reason);
    char *text = fine ? strndup((const char *)out.data, out.size) : strdup(reason);
    buffer_release(&out);
    avsc_free(avsc);
    return text;
}

static void is(const char *schema, struct view body, const char *expected)
{
    char *text = shown_within(quoted(schema), body, OUT_MAX);
    assert_string_equal(text, expected);
    free(text);
}

static void simple_values__are_shown(void **state)
{
    (void)state;
    is("'null'", BYTES(), "null");
    is("'boolean'", BYTES(1), "true");
    is("'int'", BYTES(0x0d), "-7");
    is("'long'", BYTES(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
       "9223372036854775807");
    is("'double'", BYTES(0xcd, 0xcc, 0xcc, 0xcc, 0xcc, 0x0c, 0x52, 0x40), "72.2");
    is("'double'", BYTES(0, 0, 0, 0, 0, 0, 0xf0, 0x7f), "null");
    is("'float'", BYTES(0x66, 0x66, 0x90, 0x42), "72.2");
    is("'string'", BYTES(6, 'a', '"', 'b'), "\"a\\\"b\"");
    is("'bytes'", BYTES(6, 0, 'A', 0xff), "\"\\u0000A\\u00ff\"");
    is("{'type': 'fixed', 'name': 'f', 'size': 2}", BYTES(1, 'x'), "\"\\u0001x\"");
    is("{'type': 'enum', 'name': 'e', 'symbols': ['A', 'B']}", BYTES(2), "\"B\"");
}

static void logical_values__are_numbers(void **state)
{
    (void)state;
    is("{'type': 'bytes', 'logicalType': 'decimal', 'precision': 9, 'scale': 2}",
       BYTES(4, 0x1c, 0x34), "72.20");
    is("{'type': 'fixed', 'name': 'f', 'size': 2, 'logicalType': 'decimal', 'precision': 4, "
       "'scale': 3}",
       BYTES(0xff, 0xff), "-0.001");
    is("{'type': 'long', 'logicalType': 'timestamp-millis'}", BYTES(0x90, 0x4e), "5000");
}

static void readable(const char *schema, struct view body, const char *expected)
{
    struct avsc *avsc;
    struct error err;
    struct buffer out;
    const char *reason;
    assert_int_equal(avsc_parse(view_text(quoted(schema)), &avsc, &err), STATUS_OK);
    buffer_init(&out, OUT_MAX);
    assert_true(avro_json_append_readable(avsc, body, &out, &reason));
    assert_true(buffer_append_byte(&out, '\0'));
    assert_string_equal((const char *)out.data, expected);
    buffer_release(&out);
    avsc_free(avsc);
}

static void times__can_be_texts(void **state)
{
    (void)state;
    readable("{'type': 'int', 'logicalType': 'date'}", BYTES(2), "\"1970-01-02\"");
    readable("{'type': 'int', 'logicalType': 'time-millis'}", BYTES(2), "\"00:00:00.001\"");
    readable("{'type': 'int', 'logicalType': 'time-millis'}", BYTES(1), "-1");
    readable("{'type': 'long', 'logicalType': 'time-micros'}", BYTES(2), "\"00:00:00.000001\"");
    readable("{'type': 'long', 'logicalType': 'timestamp-millis'}", BYTES(1),
             "\"1969-12-31T23:59:59.999Z\"");
    readable("{'type': 'long', 'logicalType': 'timestamp-micros'}", BYTES(2),
             "\"1970-01-01T00:00:00.000001Z\"");
    readable("{'type': 'long', 'logicalType': 'timestamp-nanos'}", BYTES(2),
             "\"1970-01-01T00:00:00.000000001Z\"");
    readable("{'type': 'long', 'logicalType': 'timestamp-millis'}",
             BYTES(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1), "9223372036854775807");
    readable("'long'", BYTES(2), "1");
    readable("{'type': 'bytes', 'logicalType': 'decimal', 'precision': 9, 'scale': 2}",
             BYTES(4, 0x1c, 0x34), "72.20");
}

static void compound_values__are_shown(void **state)
{
    (void)state;
    is("['null', 'string']", BYTES(0), "null");
    is("['null', 'string']", BYTES(2, 2, 'x'), "\"x\"");
    is("{'type': 'array', 'items': 'int'}", BYTES(0), "[]");
    is("{'type': 'array', 'items': 'int'}", BYTES(4, 2, 4, 1, 2, 6, 0), "[1, 2, 3]");
    is("{'type': 'map', 'values': 'int'}", BYTES(4, 2, 'a', 2, 2, 'b', 4, 0),
       "{\"a\": 1, \"b\": 2}");
    is("{'type': 'record', 'name': 'r', 'fields': [{'name': 'a', 'type': 'int'}, "
       "{'name': 'n', 'type': 'null'}, {'name': 'r', 'type': ['null', 'r']}]}",
       BYTES(2, 2, 4, 0), "{\"a\": 1, \"n\": null, \"r\": {\"a\": 2, \"n\": null, \"r\": null}}");
}

static void bytes_that_are_no_datum__are_refused(void **state)
{
    (void)state;
    static const char bad[] = "the bytes are not a datum of the schema";
    is("'int'", BYTES(), bad);
    is("'int'", BYTES(0x80), bad);
    is("'boolean'", BYTES(2), bad);
    is("'string'", BYTES(8, 'a', 'b'), bad);
    is("'double'", BYTES(1, 2, 3), bad);
    is("['null', 'int']", BYTES(4), bad);
    is("{'type': 'enum', 'name': 'e', 'symbols': ['A', 'B']}", BYTES(4), bad);
    is("{'type': 'array', 'items': 'int'}", BYTES(3, 2, 2, 2, 0), bad); // it is 2 bytes, not 1
    is("{'type': 'array', 'items': 'int'}", BYTES(3, 200, 1, 2, 2, 0), bad);
    is("'int'", BYTES(2, 0), "there are bytes behind the datum");
}

static void what_would_be_too_large__is_refused(void **state)
{
    (void)state;
    const struct view billion = BYTES(0x80, 0xa8, 0xd6, 0xb9, 0x07, 0);
    char *text = shown_within(quoted("{'type': 'array', 'items': 'null'}"), billion, 1000);
    assert_string_equal(text, "it is too large to be shown");
    free(text);
}

static void what_nests_too_deeply__is_refused(void **state)
{
    (void)state;
    uint8_t body[4000];
    memset(body, 2, sizeof(body));
    is("{'type': 'record', 'name': 'r', 'fields': [{'name': 'r', 'type': ['null', 'r']}]}",
       (struct view){body, sizeof(body)}, "it nests too deeply");
}

// --- Against avro-c's values ---------------------------------------------------------------------

static void compare(avro_value_t *value, const json_t *json);

// Text that is not UTF-8 is shown with U+FFFD.
static void compare_text(struct view text, const json_t *json)
{
    struct buffer expected;
    buffer_init(&expected, OUT_MAX);
    while (text.size > 0) {
        size_t size = utf8_character(text);
        assert_true(size > 0 ? buffer_append(&expected, text.data, size)
                             : buffer_append(&expected, "\xef\xbf\xbd", 3));
        size = size > 0 ? size : 1;
        text = (struct view){text.data + size, text.size - size};
    }
    assert_true(json_is_string(json) && json_string_length(json) == expected.size);
    if (expected.size > 0)
        assert_memory_equal(json_string_value(json), expected.data, expected.size);
    buffer_release(&expected);
}

static void compare_bytes(const uint8_t *bytes, size_t size, const json_t *json)
{
    const uint8_t *text = (const uint8_t *)json_string_value(json);
    assert_non_null(text);
    for (size_t i = 0; i < size; i++) {
        unsigned code = *text++;
        if (code >= 0x80)
            code = (code & 0x1f) << 6 | (*text++ & 0x3f);
        assert_int_equal(code, bytes[i]);
    }
    assert_ptr_equal(text, (const uint8_t *)json_string_value(json) + json_string_length(json));
}

static void compare_real(double value, bool single, const json_t *json)
{
    if (!isfinite(value)) {
        assert_true(json_is_null(json));
        return;
    }
    double shown = json_real_value(json);
    shown = single ? (double)(float)shown : shown;
    assert_true(json_is_real(json) && memcmp(&shown, &value, sizeof(value)) == 0);
}

static void compare_members(avro_value_t *value, const json_t *json, bool map)
{
    size_t count = 0;
    avro_value_t member;
    const char *name = NULL;
    avro_value_get_size(value, &count);
    assert_int_equal(map || json_is_object(json) ? json_object_size(json) : json_array_size(json),
                     count);
    for (size_t i = 0; i < count; i++) {
        avro_value_get_by_index(value, i, &member, &name);
        compare(&member,
                json_is_array(json) ? json_array_get(json, i) : json_object_get(json, name));
    }
}

static void compare_scalar(avro_value_t *value, const json_t *json)
{
    int boolean = 0, symbol = 0;
    int32_t number = 0;
    int64_t wide = 0;
    float single = 0;
    double real = 0;
    switch (avro_value_get_type(value)) {
    case AVRO_BOOLEAN:
        avro_value_get_boolean(value, &boolean);
        assert_true(boolean ? json_is_true(json) : json_is_false(json));
        return;
    case AVRO_INT32:
        avro_value_get_int(value, &number);
        assert_true(json_is_integer(json) && json_integer_value(json) == number);
        return;
    case AVRO_INT64:
        avro_value_get_long(value, &wide);
        assert_true(json_is_integer(json) && json_integer_value(json) == wide);
        return;
    case AVRO_FLOAT:
        avro_value_get_float(value, &single);
        compare_real((double)single, true, json);
        return;
    case AVRO_DOUBLE:
        avro_value_get_double(value, &real);
        compare_real(real, false, json);
        return;
    case AVRO_ENUM:
        avro_value_get_enum(value, &symbol);
        assert_string_equal(json_string_value(json),
                            avro_schema_enum_get(avro_value_get_schema(value), symbol));
        return;
    default:
        assert_true(json_is_null(json));
    }
}

static void compare(avro_value_t *value, const json_t *json)
{
    const char *text = NULL;
    const void *bytes = NULL;
    size_t size = 0;
    avro_value_t branch;
    switch (avro_value_get_type(value)) {
    case AVRO_STRING:
        avro_value_get_string(value, &text, &size); // with its NUL
        compare_text((struct view){(const uint8_t *)text, size - 1}, json);
        return;
    case AVRO_BYTES:
        avro_value_get_bytes(value, &bytes, &size);
        compare_bytes(bytes, size, json);
        return;
    case AVRO_FIXED:
        avro_value_get_fixed(value, &bytes, &size);
        compare_bytes(bytes, size, json);
        return;
    case AVRO_UNION:
        avro_value_get_current_branch(value, &branch);
        compare(&branch, json);
        return;
    case AVRO_RECORD:
    case AVRO_MAP:
    case AVRO_ARRAY:
        compare_members(value, json, avro_value_get_type(value) == AVRO_MAP);
        return;
    default:
        compare_scalar(value, json);
    }
}

// Keys with a NUL and keys that are not UTF-8 cannot be looked up in what jansson reads.
static bool has_odd_keys(avro_value_t *value)
{
    size_t count = 0;
    avro_value_t member;
    const char *name = NULL;
    avro_type_t type = avro_value_get_type(value);
    if (type == AVRO_UNION)
        return avro_value_get_current_branch(value, &member) == 0 && has_odd_keys(&member);
    if (type != AVRO_RECORD && type != AVRO_MAP && type != AVRO_ARRAY)
        return false;
    avro_value_get_size(value, &count);
    for (size_t i = 0; i < count; i++) {
        avro_value_get_by_index(value, i, &member, &name);
        if ((type == AVRO_MAP && !utf8_is_valid(view_text(name))) || has_odd_keys(&member))
            return true;
    }
    return false;
}

// Shows one random datum and compares; false when it could not be compared.
static bool judge(const struct avsc *avsc, avro_schema_t schema, avro_value_iface_t *class_,
                  struct random *random)
{
    struct buffer body, out;
    const char *reason = NULL;
    avro_value_t value;
    buffer_init(&body, OUT_MAX);
    buffer_init(&out, OUT_MAX);
    datum_random(schema, random, &body);
    avro_generic_value_new(class_, &value);
    avro_reader_t reader =
        avro_reader_memory((const char *)(body.size > 0 ? body.data : NULL), (int64_t)body.size);
    assert_int_equal(avro_value_read(reader, &value), 0);
    if (!avro_json_append(avsc, buffer_view(&body), &out, &reason))
        fail_msg("%s", reason);
    json_t *json =
        json_loadb((const char *)out.data, out.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    bool compared = json != NULL && !has_odd_keys(&value);
    if (json == NULL)
        assert_non_null(memmem(out.data, out.size, "\\u0000", 6)); // in a key
    if (compared)
        compare(&value, json);
    json_decref(json);
    avro_reader_free(reader);
    avro_value_decref(&value);
    buffer_release(&body);
    buffer_release(&out);
    return compared;
}

static void random_data__are_shown_as_avro_c_reads_them(void **state)
{
    (void)state;
    unsigned compared = 0;
    for (uint64_t seed = 1; seed <= SCHEMAS; seed++) {
        struct random random;
        struct writer writer;
        struct avsc *avsc;
        struct error err;
        avro_schema_t schema;
        random_seed(&random, seed);
        writer_random(&writer, &random, true);
        assert_int_equal(avsc_parse(buffer_view(&writer.json), &avsc, &err), STATUS_OK);
        assert_int_equal(
            avro_schema_from_json_length((const char *)writer.json.data, writer.json.size, &schema),
            0);
        avro_value_iface_t *class_ = avro_generic_class_from_schema(schema);
        for (unsigned i = 0; i < DATA_EACH; i++)
            compared += judge(avsc, schema, class_, &random);
        avro_value_iface_decref(class_);
        avro_schema_decref(schema);
        avsc_free(avsc);
        writer_release(&writer);
    }
    assert_true(compared > SCHEMAS * DATA_EACH / 4);
}

// Damaged bodies of all kinds of schemas: a sanitizer sees reading past an end.
static void damaged_data__do_no_harm(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SCHEMAS; seed++) {
        struct random random;
        struct writer writer;
        struct avsc *avsc;
        struct error err;
        struct buffer out;
        const char *reason;
        uint8_t bytes[64];
        random_seed(&random, seed);
        writer_random(&writer, &random, false);
        buffer_init(&out, 100000);
        if (avsc_parse(buffer_view(&writer.json), &avsc, &err) == STATUS_OK) {
            size_t size = random_below(&random, sizeof(bytes) + 1);
            uint8_t *body = malloc(size + 1);
            for (size_t i = 0; i < size; i++)
                body[i] = (uint8_t)random_below(&random, random_chance(&random, 1, 2) ? 5 : 256);
            body = realloc(body, size > 0 ? size : 1);
            (void)!avro_json_append(avsc, (struct view){body, size}, &out, &reason);
            free(body);
            avsc_free(avsc);
        }
        buffer_release(&out);
        writer_release(&writer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_values__are_shown),
        cmocka_unit_test(logical_values__are_numbers),
        cmocka_unit_test(times__can_be_texts),
        cmocka_unit_test(compound_values__are_shown),
        cmocka_unit_test(bytes_that_are_no_datum__are_refused),
        cmocka_unit_test(what_would_be_too_large__is_refused),
        cmocka_unit_test(what_nests_too_deeply__is_refused),
        cmocka_unit_test(random_data__are_shown_as_avro_c_reads_them),
        cmocka_unit_test(damaged_data__do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
