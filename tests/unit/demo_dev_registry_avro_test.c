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
#include "demo/dev_registry_avro.h"
static bool resolves(const char *text, char *why)
{
    json_t *json = dev_avro_json(text, why);
    assert_non_null(json);
    struct dev_avro avro;
    bool fine = dev_avro_resolve(json, &avro, why);
    json_decref(json);
    if (fine)
        dev_avro_release(&avro);
    return fine;
}

static void assert_valid(const char *text)
{
    char why[DEV_AVRO_WHY_MAX];
    if (!resolves(text, why))
        fail_msg("%s: %s", text, why);
}

static void assert_invalid(const char *text, const char *word)
{
    char why[DEV_AVRO_WHY_MAX] = "valid";
    if (resolves(text, why) || strstr(why, word) == NULL)
        fail_msg("%s: no '%s' in: %s", text, word, why);
}

static void avro__canonical_text_has_sorted_keys_and_no_blanks(void **state)
{
    (void)state;
    char why[DEV_AVRO_WHY_MAX];
    json_t *json = dev_avro_json("{ \"type\": \"record\", \"name\": \"\xc3\xa9/\\u00e9\",\n"
                                 " \"fields\": [ {\"type\":\"int\", \"name\":\"b\"}, 1, null ] }",
                                 why);
    char *text = dev_avro_canonical(json);
    assert_string_equal(text, "{\"fields\":[{\"name\":\"b\",\"type\":\"int\"},1,null],"
                              "\"name\":\"\xc3\xa9/\xc3\xa9\",\"type\":\"record\"}");
    free(text);
    json_decref(json);
}

static void avro__says_where_the_text_is_no_json(void **state)
{
    (void)state;
    char why[DEV_AVRO_WHY_MAX];
    assert_null(dev_avro_json("string", why));
    assert_string_equal(why, "unexpected character: line 1 column 1 (char 0)");
    assert_null(dev_avro_json("{\n  not avro", why));
    assert_string_equal(why, "unexpected character: line 2 column 3 (char 4)");
    assert_null(dev_avro_json("", why));
    assert_null(dev_avro_json("[1,", why));
    assert_null(dev_avro_json("1 2", why));
}

static void avro__knows_valid_schemas(void **state)
{
    (void)state;
    assert_valid("\"int\"");
    assert_valid("{\"type\":\"int\",\"logicalType\":\"date\"}");
    assert_valid("{\"type\":{\"type\":\"string\"}}");
    assert_valid("[\"null\",{\"type\":\"array\",\"items\":\"int\"},"
                 "{\"type\":\"map\",\"values\":[\"null\",\"int\"]}]");
    assert_valid("[]");
    assert_valid("{\"type\":\"record\",\"name\":\"T\",\"fields\":[]}");
    assert_valid("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}");
    assert_valid("{\"type\":\"fixed\",\"name\":\"a.b.F\",\"size\":16}");
    assert_valid("{\"type\":\"error\",\"name\":\"T\",\"fields\":[]}");
}

static void avro__finds_names_in_their_namespace(void **state)
{
    (void)state;
    assert_valid("{\"type\":\"record\",\"name\":\"L\",\"namespace\":\"a.b\",\"fields\":["
                 "{\"name\":\"next\",\"type\":[\"null\",\"L\"]},"
                 "{\"name\":\"same\",\"type\":[\"null\",\"a.b.L\"]}]}");
    assert_valid("{\"type\":\"record\",\"name\":\"a.L\",\"fields\":["
                 "{\"name\":\"f\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":1}},"
                 "{\"name\":\"g\",\"type\":\"a.F\"}]}");
    assert_invalid("{\"type\":\"record\",\"name\":\"a.L\",\"fields\":["
                   "{\"name\":\"g\",\"type\":\"b.L\"}]}",
                   "Undefined type: b.L");
    assert_invalid("[{\"type\":\"fixed\",\"name\":\"F\",\"size\":1},"
                   "{\"type\":\"fixed\",\"name\":\"F\",\"size\":1}]",
                   "already in use");
}

static void avro__says_what_is_wrong_with_a_schema(void **state)
{
    (void)state;
    assert_invalid("\"nosuch\"", "Undefined type: nosuch");
    assert_invalid("7", "A schema is");
    assert_invalid("null", "A schema is");
    assert_invalid("{}", "No \"type\" property");
    assert_invalid("{\"type\":\"record\",\"name\":\"X\"}", "non-empty fields property");
    assert_invalid("{\"type\":\"record\",\"fields\":[]}", "not a valid Avro name");
    assert_invalid("{\"type\":\"record\",\"name\":\"1\",\"fields\":[]}", "not a valid Avro name");
    assert_invalid("{\"type\":\"record\",\"name\":\"a..b\",\"fields\":[]}", "not a valid");
    assert_invalid("{\"type\":\"record\",\"name\":\"a.\",\"fields\":[]}", "not a valid");
    assert_invalid("{\"type\":\"record\",\"name\":\"a\",\"namespace\":\"-\",\"fields\":[]}",
                   "namespace");
    assert_invalid("{\"type\":\"record\",\"name\":\"X\",\"fields\":[{\"name\":\"a\"}]}", "field a");
    assert_invalid("{\"type\":\"record\",\"name\":\"X\",\"fields\":[1]}", "no valid name");
    assert_invalid("{\"type\":\"record\",\"name\":\"X\",\"fields\":["
                   "{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"a\",\"type\":\"int\"}]}",
                   "already in use");
    assert_invalid("[\"int\",\"int\"]", "int type already in Union");
    assert_invalid("[\"int\",[\"null\"]]", "Unions cannot contain other unions");
    assert_invalid("{\"type\":\"array\"}", "items");
    assert_invalid("{\"type\":\"map\"}", "values");
    assert_invalid("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[1]}", "symbols");
    assert_invalid("{\"type\":\"enum\",\"name\":\"E\"}", "symbols");
    assert_invalid("{\"type\":\"fixed\",\"name\":\"F\",\"size\":-1}", "size");
    assert_invalid("{\"type\":\"record\",\"name\":\"int\",\"fields\":[]}", "already in use");
}

static void avro__bounds_the_nesting(void **state)
{
    (void)state;
    char text[8192] = "";
    size_t size = 0;
    for (int i = 0; i < 100; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "{\"type\":\"array\",\"items\":");
    size += (size_t)snprintf(text + size, sizeof text - size, "\"int\"");
    for (int i = 0; i < 100; i++)
        text[size++] = '}';
    assert_invalid(text, "nested too deeply");
}

int main(void)
{
#define TEST(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        TEST(avro__canonical_text_has_sorted_keys_and_no_blanks),
        TEST(avro__says_where_the_text_is_no_json),
        TEST(avro__knows_valid_schemas),
        TEST(avro__finds_names_in_their_namespace),
        TEST(avro__says_what_is_wrong_with_a_schema),
        TEST(avro__bounds_the_nesting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
