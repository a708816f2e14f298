// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "demo/dev_registry_answer.h"
static const char *const v1 = "application/vnd.schemaregistry.v1+json";
static const char *const vnd = "application/vnd.schemaregistry+json";
static const char *const json = "application/json";

static void assert_negotiates(const char *accept, const char *expected)
{
    const char *type = dev_answer_negotiate(accept);
    if (expected == NULL)
        assert_null(type);
    else
        assert_string_equal(type, expected);
}

static void answer__is_of_the_type_that_is_liked_best(void **state)
{
    (void)state;
    assert_negotiates(NULL, v1);
    assert_negotiates("*/*", v1);
    assert_negotiates("application/*", v1);
    assert_negotiates("application/json", json);
    assert_negotiates("Application/JSON", json);
    assert_negotiates("application/vnd.schemaregistry+json", vnd);
    assert_negotiates("application/json;q=0.5, application/vnd.schemaregistry.v1+json;q=0.1", json);
    assert_negotiates("application/json ; q=0.5,*/*; q=0.2", json);
    assert_negotiates("text/html, image/gif, image/jpeg, */*; q=0.2", v1);
    assert_negotiates("*/*, application/vnd.schemaregistry.v1+json;q=0", vnd);
    assert_negotiates("text/html", NULL);
    assert_negotiates("application/json;q=0", NULL);
    assert_negotiates("", NULL);
    assert_negotiates(",;,q=", NULL);
}

static void answer__knows_the_types_that_can_be_read(void **state)
{
    (void)state;
    assert_true(dev_answer_reads("application/json"));
    assert_true(dev_answer_reads("application/vnd.schemaregistry.v1+json; charset=utf-8"));
    assert_true(dev_answer_reads("application/octet-stream"));
    assert_false(dev_answer_reads("application/*"));
    assert_false(dev_answer_reads("application/jsonx"));
    assert_false(dev_answer_reads("text/plain"));
    assert_false(dev_answer_reads(""));
}

static void answer__errors_are_json_whatever_the_names_in_them(void **state)
{
    (void)state;
    struct dev_answer answer = dev_answer_error(404, 40401, "Subject '%s' not found.", "a\"b\n");
    assert_int_equal(answer.status, 404);
    assert_string_equal(answer.text,
                        "{\"error_code\":40401,\"message\":\"Subject 'a\\\"b\\n' not found.\"}");
    dev_answer_release(&answer);
    answer = dev_answer_error(404, 40401, "Subject '%s' not found.", "\xff");
    assert_non_null(strstr(answer.text, "\"error_code\":40401"));
    dev_answer_release(&answer);
}

int main(void)
{
#define TEST(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        TEST(answer__is_of_the_type_that_is_liked_best),
        TEST(answer__knows_the_types_that_can_be_read),
        TEST(answer__errors_are_json_whatever_the_names_in_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
