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

static void settings__the_registrys_level_counts_where_a_subject_has_none(void **state)
{
    dev_desk_expect(*state, "PUT", "/config", "{\"compatibility\":\"NONE\"}", 200,
                    "{\"compatibility\":\"NONE\"}");
    dev_desk_register(*state, "s", "\"int\"", 200, 1);
    dev_desk_register(*state, "s", "\"string\"", 200, 2);
    dev_desk_expect(*state, "PUT", "/config/s", "{\"compatibility\":\"FULL_TRANSITIVE\"}", 200,
                    "{\"compatibility\":\"FULL_TRANSITIVE\"}");
    dev_desk_register(*state, "s", "\"boolean\"", 409, 0);
    dev_desk_expect(*state, "GET", "/config/s", NULL, 200,
                    "{\"compatibilityLevel\":\"FULL_TRANSITIVE\"}");
    dev_desk_expect(*state, "DELETE", "/config/s", NULL, 200, "{\"compatibility\":\"NONE\"}");
    dev_desk_register(*state, "s", "\"boolean\"", 200, 3);
}

static void settings__a_level_may_come_before_the_subject(void **state)
{
    dev_desk_expect(*state, "PUT", "/config/s", "{\"compatibility\":\"NONE\"}", 200, NULL);
    dev_desk_expect(*state, "GET", "/config/s", NULL, 200, "{\"compatibilityLevel\":\"NONE\"}");
    dev_desk_expect(*state, "GET", "/subjects", NULL, 200, "[]");
    dev_desk_expect(*state, "GET", "/subjects/s/versions", NULL, 404, NULL);
    dev_desk_expect(*state, "DELETE", "/config/nosuch", NULL, 404, NULL);
}

static void settings__read_only_refuses_what_is_new(void **state)
{
    dev_desk_register(*state, "s", "\"int\"", 200, 1);
    dev_desk_expect(*state, "PUT", "/mode", "{\"mode\":\"READONLY\"}", 200,
                    "{\"mode\":\"READONLY\"}");
    dev_desk_register(*state, "s", "\"int\"", 200, 1);
    dev_desk_register(*state, "s", "\"long\"", 422, 0);
    dev_desk_expect(*state, "GET", "/mode/s", NULL, 200, "{\"mode\":\"READONLY\"}");
    dev_desk_expect(*state, "PUT", "/mode/s", "{\"mode\":\"READWRITE\"}", 200,
                    "{\"mode\":\"READWRITE\"}");
    dev_desk_register(*state, "s", "\"long\"", 200, 2);
}

static void settings__unknown_values_are_refused(void **state)
{
    dev_desk_expect(*state, "PUT", "/config", "{\"compatibility\":\"backward\"}", 422,
                    "{\"error_code\":42203,\"message\":\"Invalid compatibility level\"}");
    dev_desk_expect(*state, "PUT", "/mode", "{\"mode\":\"FAST\"}", 422,
                    "{\"error_code\":42204,\"message\":\"Invalid mode\"}");
    dev_desk_expect(*state, "PUT", "/config", "{\"compatibility\":1}", 422, NULL);
    dev_desk_expect(*state, "PUT", "/config", "{}", 422, NULL);
    dev_desk_expect(*state, "PUT", "/config", "", 422, NULL);
    dev_desk_expect(*state, "GET", "/config", NULL, 200, "{\"compatibilityLevel\":\"BACKWARD\"}");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(settings__the_registrys_level_counts_where_a_subject_has_none),
        TEST(settings__a_level_may_come_before_the_subject),
        TEST(settings__read_only_refuses_what_is_new),
        TEST(settings__unknown_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
