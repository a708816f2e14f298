// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "demo/dev_registry_compat.h"
static void resolve(const char *text, struct dev_avro *out)
{
    char why[DEV_AVRO_WHY_MAX];
    json_t *json = dev_avro_json(text, why);
    assert_non_null(json);
    if (!dev_avro_resolve(json, out, why))
        fail_msg("%s: %s", text, why);
    json_decref(json);
}

// The messages, as JSON.
static void assert_compat(const char *reader, const char *writer, const char *expected)
{
    struct dev_avro read;
    struct dev_avro written;
    json_t *messages = json_array();
    resolve(reader, &read);
    resolve(writer, &written);
    dev_compat_check(&read, &written, messages);
    char *text = json_dumps(messages, JSON_COMPACT);
    if (strcmp(text, expected) != 0)
        fail_msg("%s reads %s: wanted %s, got %s", reader, writer, expected, text);
    free(text);
    json_decref(messages);
    dev_avro_release(&read);
    dev_avro_release(&written);
}

#define RECORD(fields) "{\"type\":\"record\",\"name\":\"R\",\"fields\":[" fields "]}"
#define A "{\"name\":\"a\",\"type\":\"int\"}"
#define B "{\"name\":\"b\",\"type\":\"int\"}"
#define B_DEFAULT "{\"name\":\"b\",\"type\":\"int\",\"default\":null}"

static void compat__numbers_are_promoted_one_way(void **state)
{
    (void)state;
    static const char *const order[] = {"int", "long", "float", "double"};
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 4; j++) {
            char reader[16];
            char writer[16];
            char message[128] = "[]";
            snprintf(reader, sizeof reader, "\"%s\"", order[i]);
            snprintf(writer, sizeof writer, "\"%s\"", order[j]);
            if (i < j)
                snprintf(message, sizeof message,
                         "[\"reader type: %s not compatible with writer type: %s\"]", order[i],
                         order[j]);
            assert_compat(reader, writer, message);
        }
    }
    assert_compat("\"string\"", "\"bytes\"", "[]");
    assert_compat("\"bytes\"", "\"string\"", "[]");
    assert_compat("\"boolean\"", "\"int\"",
                  "[\"reader type: boolean not compatible with writer type: int\"]");
    assert_compat("{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}", "\"long\"", "[]");
}

static void compat__a_new_field_needs_a_default(void **state)
{
    (void)state;
    assert_compat(RECORD(A "," B_DEFAULT), RECORD(A), "[]");
    assert_compat(RECORD(A "," B), RECORD(A), "[\"b\"]");
    assert_compat(RECORD(A), RECORD(A "," B), "[]");
    assert_compat(RECORD(B "," A), RECORD(A "," B), "[]");
    assert_compat(RECORD("{\"name\":\"c\",\"aliases\":[\"a\"],\"type\":\"long\"}"), RECORD(A),
                  "[]");
    assert_compat(RECORD("{\"name\":\"a\",\"type\":\"string\"}," B), RECORD(A),
                  "[\"reader type: string not compatible with writer type: int\",\"b\"]");
}

static void compat__names_must_agree_or_be_aliases(void **state)
{
    (void)state;
    assert_compat("{\"type\":\"record\",\"name\":\"S\",\"fields\":[]}", RECORD(A),
                  "[\"expected: R\"]");
    assert_compat("{\"type\":\"record\",\"name\":\"S\",\"aliases\":[\"R\"],\"fields\":[]}",
                  RECORD(A), "[]");
    assert_compat("{\"type\":\"record\",\"name\":\"n.S\",\"aliases\":[\"R\"],\"fields\":[]}",
                  "{\"type\":\"record\",\"name\":\"n.R\",\"fields\":[]}", "[]");
}

static void compat__unions_are_read_branch_by_branch(void **state)
{
    (void)state;
    assert_compat("[\"null\",\"int\"]", "\"int\"", "[]");
    assert_compat("[\"null\",\"long\"]", "[\"int\",\"null\"]", "[]");
    assert_compat("[\"null\",\"long\"]", "\"string\"",
                  "[\"reader union lacking writer type: string\"]");
    assert_compat("\"int\"", "[\"null\",\"int\"]",
                  "[\"reader type: int not compatible with writer type: null\"]");
    assert_compat("\"int\"", "[\"int\"]", "[]");
}

static void compat__looks_into_arrays_maps_enums_and_fixed(void **state)
{
    (void)state;
    assert_compat("{\"type\":\"array\",\"items\":\"long\"}",
                  "{\"type\":\"array\",\"items\":\"int\"}", "[]");
    assert_compat("{\"type\":\"map\",\"values\":\"int\"}", "{\"type\":\"map\",\"values\":\"long\"}",
                  "[\"reader type: int not compatible with writer type: long\"]");
    assert_compat("{\"type\":\"array\",\"items\":\"int\"}", "{\"type\":\"map\",\"values\":\"int\"}",
                  "[\"reader type: array not compatible with writer type: map\"]");
    assert_compat("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"C\"]}",
                  "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}", "[\"B\"]");
    assert_compat("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"],\"default\":\"A\"}",
                  "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}", "[]");
    assert_compat("{\"type\":\"fixed\",\"name\":\"F\",\"size\":8}",
                  "{\"type\":\"fixed\",\"name\":\"F\",\"size\":16}",
                  "[\"expected: 16, found: 8\"]");
}

static void compat__recursive_types_come_to_an_end(void **state)
{
    (void)state;
    assert_compat(RECORD(A "," B_DEFAULT ",{\"name\":\"next\",\"type\":[\"null\",\"R\"]}"),
                  RECORD(A ",{\"name\":\"next\",\"type\":[\"null\",\"R\"]}"), "[]");
    assert_compat(RECORD("{\"name\":\"a\",\"type\":\"string\"},"
                         "{\"name\":\"next\",\"type\":{\"type\":\"array\",\"items\":\"R\"}}"),
                  RECORD(A ",{\"name\":\"next\",\"type\":{\"type\":\"array\",\"items\":\"R\"}}"),
                  "[\"reader type: string not compatible with writer type: int\"]");
}

// R0 {}, R1 {a: R0, b: R0}, R2 {a: R1, b: R1} ...: 2^n pairs to compare.
static void compat__bounds_the_work(void **state)
{
    (void)state;
    enum { LEVELS = 40 };
    char text[16 * 1024];
    size_t size = (size_t)snprintf(text, sizeof text,
                                   "{\"type\":\"record\",\"name\":\"T\",\"fields\":["
                                   "{\"name\":\"f0\",\"type\":{\"type\":\"record\",\"name\":\"R0\","
                                   "\"fields\":[]}}");
    for (int i = 1; i < LEVELS; i++)
        size +=
            (size_t)snprintf(text + size, sizeof text - size,
                             ",{\"name\":\"f%d\",\"type\":{\"type\":\"record\",\"name\":\"R%d\","
                             "\"fields\":[{\"name\":\"a\",\"type\":\"R%d\"},"
                             "{\"name\":\"b\",\"type\":\"R%d\"}]}}",
                             i, i, i - 1, i - 1);
    snprintf(text + size, sizeof text - size, "]}");
    assert_compat(text, text, "[\"the schemas are too complex to be compared\"]");
}

int main(void)
{
#define TEST(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        TEST(compat__numbers_are_promoted_one_way),
        TEST(compat__a_new_field_needs_a_default),
        TEST(compat__names_must_agree_or_be_aliases),
        TEST(compat__unions_are_read_branch_by_branch),
        TEST(compat__looks_into_arrays_maps_enums_and_fixed),
        TEST(compat__recursive_types_come_to_an_end),
        TEST(compat__bounds_the_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
