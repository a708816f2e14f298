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
#include "demo/dev_registry_routes.h"
#include "lib/dev_desk.h"

static int set_up(void **state)
{
    struct dev_store *store = memory_zeroed(1, sizeof *store);
    dev_store_init(store);
    *state = store;
    return 0;
}

static int tear_down(void **state)
{
    dev_store_release(*state);
    free(*state);
    return 0;
}

static const char not_found[] = "\"Not Found\"";

static void routes__unknown_paths_are_not_found(void **state)
{
    static const char *const paths[] = {
        "/nosuch",      "/subjects/a/b", "/subjects/a/versions/1/x",
        "/schemas/ids", "/schemas/id",   "/subjects/a/versions/1/schema/x/y/z",
        "/subjectsx",   "/config/a/b",   "//subjects",
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        dev_desk_expect(*state, "GET", paths[i], NULL, 404, not_found);
    dev_desk_expect(*state, "GET", "/subjects/a%00b/versions", NULL, 404, not_found);
    dev_desk_expect(*state, "GET", "subjects", NULL, 200, "{}");
}

static void routes__other_methods_are_not_allowed(void **state)
{
    dev_desk_expect(*state, "PATCH", "/subjects", NULL, 405, "\"Method Not Allowed\"");
    dev_desk_expect(*state, "GET", "/subjects/a", NULL, 405, "\"Method Not Allowed\"");
    dev_desk_expect(*state, "GET", "/compatibility/subjects/a/versions/1", NULL, 405,
                    "\"Method Not Allowed\"");
}

static void routes__escapes_are_decoded_within_a_part(void **state)
{
    dev_desk_register(*state, "a%2fb%20c%25", "\"int\"", 200, 1);
    dev_desk_register(*state, "%zz%4", "\"int\"", 200, 1);
    dev_desk_expect(*state, "GET", "/subjects", NULL, 200, "[\"a/b c%\",\"%zz%4\"]");
    dev_desk_expect(*state, "GET", "/subjects/a%2Fb%20c%25/versions/", NULL, 200, "[1]");
}

static void routes__fetches_are_told_from_other_calls(void **state)
{
    (void)state;
    assert_true(dev_routes_is_fetch("GET", "/schemas/ids/7"));
    assert_false(dev_routes_is_fetch("GET", "/schemas/ids/7/versions"));
    assert_false(dev_routes_is_fetch("POST", "/schemas/ids/7"));
    assert_false(dev_routes_is_fetch("GET", "/schemas/types"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(routes__unknown_paths_are_not_found),
        TEST(routes__other_methods_are_not_allowed),
        TEST(routes__escapes_are_decoded_within_a_part),
        TEST(routes__fetches_are_told_from_other_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
