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

static void schemas__are_listed_with_their_subjects(void **state)
{
    dev_desk_register(*state, "b", "\"int\"", 200, 1);
    dev_desk_register(*state, "a", "\"int\"", 200, 1);
    dev_desk_expect(*state, "GET", "/schemas", NULL, 200,
                    "[{\"subject\":\"b\",\"version\":1,\"id\":1,\"schema\":\"\\\"int\\\"\"},"
                    "{\"subject\":\"a\",\"version\":1,\"id\":1,\"schema\":\"\\\"int\\\"\"}]");
    dev_desk_expect(*state, "GET", "/schemas/ids/1/versions", NULL, 200,
                    "[{\"subject\":\"a\",\"version\":1},{\"subject\":\"b\",\"version\":1}]");
    dev_desk_expect(*state, "DELETE", "/subjects/a", NULL, 200, "[1]");
    dev_desk_expect(*state, "GET", "/schemas/ids/1/versions", NULL, 200,
                    "[{\"subject\":\"b\",\"version\":1}]");
}

static void schemas__ids_that_are_no_numbers_are_not_found(void **state)
{
    static const char *const bad[] = {"/schemas/ids/abc", "/schemas/ids/1x", "/schemas/ids/%20",
                                      "/schemas/ids/99999999999999999999",
                                      "/schemas/ids/abc/versions"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        dev_desk_expect(*state, "GET", bad[i], NULL, 404,
                        "{\"error_code\":404,\"message\":\"HTTP 404 Not Found\"}");
}

static void schemas__outlive_their_subjects(void **state)
{
    dev_desk_register(*state, "s", "\"int\"", 200, 1);
    dev_desk_expect(*state, "DELETE", "/subjects/s", NULL, 200, "[1]");
    dev_desk_expect(*state, "DELETE", "/subjects/s?permanent=true", NULL, 200, "[1]");
    dev_desk_expect(*state, "GET", "/schemas/ids/1?fetchMaxId=true", NULL, 200,
                    "{\"schema\":\"\\\"int\\\"\",\"maxId\":1}");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(schemas__are_listed_with_their_subjects),
        TEST(schemas__ids_that_are_no_numbers_are_not_found),
        TEST(schemas__outlive_their_subjects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
