// SPDX-License-Identifier: Apache-2.0
#include <avro.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/quoted.h"
#include "lib/scale.h"
#include "lib/writer_random.h"
#include "wire/avro_json.h"
#include "wire/json_avro.h"

enum { SCHEMAS = 1500, DATA_EACH = 4, OUT_MAX = 1 << 24 };

#define BYTES(...) ((struct view){(const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})})

static struct avsc *parse(const char *schema)
{
    struct avsc *avsc;
    struct error err;
    if (avsc_parse(view_text(schema), &avsc, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return avsc;
}

static enum status encode(const struct avsc *avsc, struct view json, struct buffer *out,
                          struct error *err)
{
    struct json_avro *encoder;
    struct tree tree;
    const char *reason;
    size_t at;
    if (json_avro_open(avsc, &encoder, err) != STATUS_OK)
        return STATUS_FATAL;
    tree_init(&tree);
    if (!tree_read(&tree, json, &reason, &at))
        fail_msg("%s: %.*s", reason, (int)json.size, (const char *)json.data);
    enum status status = json_avro_append(encoder, &tree, out, err);
    tree_release(&tree);
    json_avro_close(encoder);
    return status;
}

static void is(const char *schema, const char *json, struct view expected)
{
    struct avsc *avsc = parse(quoted(schema));
    struct buffer out;
    struct error err;
    buffer_init(&out, OUT_MAX);
    if (encode(avsc, view_text(quoted(json)), &out, &err) != STATUS_OK)
        fail_msg("%s: %s", json, err.text);
    if (!view_equal(buffer_view(&out), expected))
        fail_msg("%s by %s: %zu bytes", json, schema, out.size);
    buffer_release(&out);
    avsc_free(avsc);
}

static void refused(const char *schema, const char *json, const char *sentence)
{
    struct avsc *avsc = parse(quoted(schema));
    struct buffer out;
    struct error err = {""};
    buffer_init(&out, OUT_MAX);
    assert_true(buffer_append_byte(&out, '#'));
    assert_int_equal(encode(avsc, view_text(quoted(json)), &out, &err), STATUS_RECORD);
    bool cut = strncmp(sentence, "...", 3) == 0; // the end of a long path alone
    size_t skipped =
        cut && strlen(err.text) > strlen(sentence) ? strlen(err.text) - strlen(sentence) : 0;
    assert_string_equal(err.text + skipped + (cut ? 3 : 0), sentence + (cut ? 3 : 0));
    assert_int_equal(out.size, 1);
    buffer_release(&out);
    avsc_free(avsc);
}

static void compound_values__are_encoded(void **state)
{
    (void)state;
    is("{'type': 'array', 'items': 'int'}", "[]", BYTES(0));
    is("{'type': 'array', 'items': 'int'}", "[1, 2, 3]", BYTES(6, 2, 4, 6, 0));
    is("{'type': 'map', 'values': 'int'}", "{'a': 1}", BYTES(2, 2, 'a', 2, 0));
    is("{'type': 'record', 'name': 'r', 'fields': [{'name': 'a', 'type': 'int'}, "
       "{'name': 'n', 'type': 'null'}, {'name': 'r', 'type': ['null', 'r']}]}",
       "{'r': {'a': 2, 'n': null, 'r': null}, 'a': 1, 'n': null}", BYTES(2, 2, 4, 0));
}

static void missing_fields__take_their_defaults(void **state)
{
    (void)state;
    is("{'type': 'record', 'name': 'r', 'fields': ["
       "{'name': 'i', 'type': 'int', 'default': -1}, {'name': 's', 'type': 'string', 'default': "
       "'x'},"
       "{'name': 'u', 'type': ['null', 'string'], 'default': null},"
       "{'name': 'd', 'type': ['double', 'long'], 'default': 2},"
       "{'name': 'l', 'type': ['long', 'double'], 'default': 2},"
       "{'name': 'b', 'type': 'bytes', 'default': '\\u00ff'},"
       "{'name': 'a', 'type': {'type': 'array', 'items': 'int'}, 'default': [1]},"
       "{'name': 'e', 'type': {'type': 'enum', 'name': 'e', 'symbols': ['A', 'B']}, 'default': 'B'}"
       "]}",
       "{}", BYTES(1, 2, 'x', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 4, 2, 0xff, 2, 2, 0, 2));
    refused(
        "{'type': 'record', 'name': 'r', 'fields': [{'name': 'r', 'type': 'r', 'default': {}}]}",
        "{}", "...r.r.r: it nests too deeply");
    refused("{'type': 'record', 'name': 'r', 'fields': [{'name': 'l', 'type': 'long', "
            "'default': 9223372036854775807}]}",
            "{}", "l: its default is too large to be taken exactly: give the field");
}

// Two fields that are again the record: 2^depth values, all from defaults.
static void defaults_without_an_end__are_bounded(void **state)
{
    (void)state;
    refused(
        "{'type': 'record', 'name': 'r', 'fields': ["
        "{'name': 'o', 'type': ['r', 'null'], 'default': {'o': null}}, "
        "{'name': 'a', 'type': {'type': 'record', 'name': 's', 'fields': ["
        "{'name': 'p', 'type': ['null', 's'], 'default': null}, "
        "{'name': 'x', 'type': 's', 'default': {}}, {'name': 'y', 'type': 's', 'default': {}}]}}]}",
        "{'a': {}}", "o.a: it is missing, and has no default");
}

static void values_of_unions__find_their_branch(void **state)
{
    (void)state;
    is("['null', 'string']", "null", BYTES(0));
    is("['null', 'string']", "'x'", BYTES(2, 2, 'x'));
    is("['null', 'string']", "{'string': 'x'}", BYTES(2, 2, 'x'));
    is("['double', 'long']", "5", BYTES(2, 10));
    is("['double', 'long']", "5.0", BYTES(0, 0, 0, 0, 0, 0, 0, 0x14, 0x40));
    is("['int', 'long']", "3000000000", BYTES(2, 0x80, 0xf8, 0x82, 0xad, 0x16));
    is("['null', 'double']", "5", BYTES(2, 0, 0, 0, 0, 0, 0, 0x14, 0x40));
    is("['null', 'int']", "5e0", BYTES(2, 10));
    is("['null', 'long']", "{'long': 5}", BYTES(2, 10));
    is("['bytes', 'string']", "'x'", BYTES(2, 2, 'x'));
    is("['bytes', 'string']", "{'bytes': 'x'}", BYTES(0, 2, 'x'));
    is("['string', {'type': 'long', 'logicalType': 'timestamp-millis'}]",
       "{'long': '1970-01-01T00:00:00.001Z'}", BYTES(2, 2));
    is("['null', {'type': 'map', 'values': 'string'}]", "{'string': 'x'}",
       BYTES(2, 2, 12, 's', 't', 'r', 'i', 'n', 'g', 2, 'x', 0));
    is("['null', {'type': 'array', 'items': ['null', 'int']}]", "[1, null, {'int': 2}]",
       BYTES(2, 6, 2, 2, 0, 2, 4, 0));
}

#define TWO_RECORDS                                                                                \
    "['null', {'type': 'record', 'name': 'A', 'namespace': 'com.ex', 'fields': [{'name': 'a', "    \
    "'type': 'int'}]}, {'type': 'record', 'name': 'com.ex.B', 'fields': [{'name': 'a', 'type': "   \
    "'int'}, {'name': 'b', 'type': 'int', 'default': 7}]}]"

static void records_in_unions__are_told_apart_by_name_or_fields(void **state)
{
    (void)state;
    is(TWO_RECORDS, "{'a': 1}", BYTES(2, 2));
    is(TWO_RECORDS, "{'a': 1, 'b': 2}", BYTES(4, 2, 4));
    is(TWO_RECORDS, "{'com.ex.B': {'a': 1}}", BYTES(4, 2, 14));
    is(TWO_RECORDS, "{'B': {'a': 1}}", BYTES(4, 2, 14));
    refused(TWO_RECORDS, "{'B': {'b': 1}}", "a: it is missing, and has no default");
    refused(TWO_RECORDS, "{'c': 1}",
            "an object fits no branch of the union of null, record, record");
}

static void what_does_not_fit__is_refused_with_its_path(void **state)
{
    (void)state;
    static const char order[] =
        "{'type': 'record', 'name': 'o', 'fields': [{'name': 'items', 'type': {'type': 'array', "
        "'items': {'type': 'record', 'name': 'i', 'fields': [{'name': 'price', 'type': "
        "['null', 'double'], 'default': null}]}}}, {'name': 'm', 'type': {'type': 'map', 'values': "
        "'int'}, 'default': {}}]}";
    refused(order, "{'items': [{'price': 1}, {'price': 'x'}]}",
            "items[1].price: a number is expected, or one of the texts NaN, Infinity, -Infinity");
    refused(order, "{'items': [{'prize': 1}]}", "items[0].prize: the schema has no such field");
    refused(order, "{'items': [{'price': 1, 'price': 2}]}", "items[0].price: it is there twice");
    refused(order, "{'items': {}}", "items: an array is expected");
    refused(order, "{'items': [], 'm': {'k': 1.5}}", "m.k: an integer is expected, not a fraction");
    refused(order, "{'m': {}}", "items: it is missing, and has no default");
    refused(order, "[]", "an object is expected, with the record's fields");
    refused("['null', 'int', 'string']", "true",
            "true fits no branch of the union of null, int, string");
    refused("['null', 'int']", "3000000000", "the integer is out of range");
}

static void what_is_too_large__is_refused(void **state)
{
    (void)state;
    struct avsc *avsc = parse(quoted("{'type': 'array', 'items': 'string'}"));
    struct buffer out;
    struct error err;
    buffer_init(&out, 8);
    assert_int_equal(encode(avsc, view_text(quoted("['abcdefgh']")), &out, &err), STATUS_RECORD);
    assert_string_equal(err.text, "[0]: the record is too large");
    buffer_release(&out);
    avsc_free(avsc);
}

// --- Random data ---------------------------------------------------------------------------------

struct sample {
    struct writer writer;
    struct avsc *avsc;
    avro_schema_t schema;
    avro_value_iface_t *class_;
};

static void sample_open(struct sample *sample, struct random *random, bool plain)
{
    struct error err;
    writer_random(&sample->writer, random, plain);
    const struct view json = buffer_view(&sample->writer.json);
    assert_int_equal(avsc_parse(json, &sample->avsc, &err), STATUS_OK);
    assert_int_equal(
        avro_schema_from_json_length((const char *)json.data, json.size, &sample->schema), 0);
    sample->class_ = avro_generic_class_from_schema(sample->schema);
}

static void sample_close(struct sample *sample)
{
    avro_value_iface_decref(sample->class_);
    avro_schema_decref(sample->schema);
    avsc_free(sample->avsc);
    writer_release(&sample->writer);
}

static void value_read(const struct sample *sample, struct view body, avro_value_t *out)
{
    avro_generic_value_new(sample->class_, out);
    avro_reader_t reader =
        avro_reader_memory((const char *)(body.size > 0 ? body.data : NULL), (int64_t)body.size);
    assert_int_equal(avro_value_read(reader, out), 0);
    avro_reader_free(reader);
}

// By what avro-c writes of them: its avro_value_equal finds some values not equal to themselves.
static bool is_same(avro_value_t *a, avro_value_t *b)
{
    static char bytes[2][OUT_MAX];
    int64_t sizes[2];
    avro_value_t *const values[] = {a, b};
    for (int i = 0; i < 2; i++) {
        avro_writer_t writer = avro_writer_memory(bytes[i], sizeof(bytes[i]));
        assert_int_equal(avro_value_write(writer, values[i]), 0);
        sizes[i] = avro_writer_tell(writer);
        avro_writer_free(writer);
    }
    return sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], (size_t)sizes[0]) == 0;
}

// What avro-c cannot write as JSON becomes something that it can: NaN and infinities, bytes with a
// NUL, which it would cut, and texts that are not UTF-8.
static void tame_leaf(avro_value_t *value)
{
    static char some[] = "a\xc3\xa9\xf0\x9f\x98\x80\"\\";
    const void *bytes = NULL;
    size_t size = 0;
    float single = 0;
    double real = 0;
    avro_type_t type = avro_value_get_type(value);
    if (type == AVRO_STRING)
        avro_value_set_string(value, some);
    if (type == AVRO_FLOAT && avro_value_get_float(value, &single) == 0 && !isfinite(single))
        avro_value_set_float(value, 0.1f);
    if (type == AVRO_DOUBLE && avro_value_get_double(value, &real) == 0 && !isfinite(real))
        avro_value_set_double(value, 1e300);
    if (type == AVRO_BYTES)
        avro_value_get_bytes(value, &bytes, &size);
    if (type == AVRO_FIXED)
        avro_value_get_fixed(value, &bytes, &size);
    // avro-c's own memory: const for others.
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)(uintptr_t)bytes)[i] |= 1;
}

static void tame(avro_value_t *value)
{
    size_t count = 0;
    avro_value_t member;
    avro_type_t type = avro_value_get_type(value);
    if (type == AVRO_UNION && avro_value_get_current_branch(value, &member) == 0)
        tame(&member);
    if (type != AVRO_RECORD && type != AVRO_MAP && type != AVRO_ARRAY) {
        tame_leaf(value);
        return;
    }
    avro_value_get_size(value, &count);
    for (size_t i = 0; i < count; i++) {
        avro_value_get_by_index(value, i, &member, NULL);
        tame(&member);
    }
}

// avro-c writes the datum as JSON, in Avro's form; we encode that, and avro-c reads the same value.
// False when avro-c cannot: for a map's keys that are not UTF-8.
static bool judge(const struct sample *sample, struct random *random)
{
    struct buffer body, out;
    struct error err;
    avro_value_t value, again;
    char *json = NULL;
    buffer_init(&body, OUT_MAX);
    buffer_init(&out, OUT_MAX);
    datum_random(sample->schema, random, &body);
    value_read(sample, buffer_view(&body), &value);
    tame(&value);
    bool can = avro_value_to_json(&value, 1, &json) == 0 && json != NULL;
    if (can) {
        if (encode(sample->avsc, view_text(json), &out, &err) != STATUS_OK)
            fail_msg("%s\n%s\n%.*s", err.text, json, (int)sample->writer.json.size,
                     (const char *)sample->writer.json.data);
        value_read(sample, buffer_view(&out), &again);
        if (!is_same(&value, &again))
            fail_msg("%s\n%.*s", json, (int)sample->writer.json.size,
                     (const char *)sample->writer.json.data);
        avro_value_decref(&again);
    }
    free(json);
    avro_value_decref(&value);
    buffer_release(&body);
    buffer_release(&out);
    return can;
}

static void what_avro_c_writes_as_json__is_encoded_as_the_same_value(void **state)
{
    (void)state;
    uint64_t judged = 0, schemas = scale_count(SCHEMAS);
    for (uint64_t seed = 1; seed <= schemas; seed++) {
        struct random random;
        struct sample sample;
        random_seed(&random, seed);
        sample_open(&sample, &random, true);
        for (unsigned i = 0; i < DATA_EACH; i++)
            judged += judge(&sample, &random);
        sample_close(&sample);
    }
    if (judged < schemas * DATA_EACH / 2)
        fail_msg("%u of %u", (unsigned)judged, (unsigned)schemas * DATA_EACH);
}

// What tail shows is what send takes: shown again it is the same text. False: a null stands for a
// NaN, or text is not UTF-8, or something else that was lost in showing it.
static bool goes_round(const struct sample *sample, struct random *random)
{
    struct buffer body, shown, encoded, again;
    struct error err;
    const char *reason;
    buffer_init(&body, OUT_MAX);
    buffer_init(&shown, OUT_MAX);
    buffer_init(&encoded, OUT_MAX);
    buffer_init(&again, OUT_MAX);
    datum_random(sample->schema, random, &body);
    assert_true(avro_json_append(sample->avsc, buffer_view(&body), &shown, &reason));
    bool fine = encode(sample->avsc, buffer_view(&shown), &encoded, &err) == STATUS_OK;
    if (fine) {
        assert_true(avro_json_append(sample->avsc, buffer_view(&encoded), &again, &reason));
        fine = view_equal(buffer_view(&shown), buffer_view(&again));
    }
    buffer_release(&body);
    buffer_release(&shown);
    buffer_release(&encoded);
    buffer_release(&again);
    return fine;
}

static void what_is_shown__can_be_sent(void **state)
{
    (void)state;
    uint64_t fine = 0, schemas = scale_count(SCHEMAS);
    for (uint64_t seed = 1; seed <= schemas; seed++) {
        struct random random;
        struct sample sample;
        random_seed(&random, seed);
        sample_open(&sample, &random, false);
        for (unsigned i = 0; i < DATA_EACH; i++)
            fine += goes_round(&sample, &random);
        sample_close(&sample);
    }
    if (fine < schemas * DATA_EACH / 2)
        fail_msg("%u of %u", (unsigned)fine, (unsigned)schemas * DATA_EACH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compound_values__are_encoded),
        cmocka_unit_test(missing_fields__take_their_defaults),
        cmocka_unit_test(defaults_without_an_end__are_bounded),
        cmocka_unit_test(values_of_unions__find_their_branch),
        cmocka_unit_test(records_in_unions__are_told_apart_by_name_or_fields),
        cmocka_unit_test(what_does_not_fit__is_refused_with_its_path),
        cmocka_unit_test(what_is_too_large__is_refused),
        cmocka_unit_test(what_avro_c_writes_as_json__is_encoded_as_the_same_value),
        cmocka_unit_test(what_is_shown__can_be_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
