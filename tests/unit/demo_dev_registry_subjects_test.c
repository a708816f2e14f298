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

static void versions__are_deleted_softly_then_for_good(void **state)
{
    dev_desk_register(*state, "s", "\"int\"", 200, 1);
    dev_desk_register(*state, "s", "\"long\"", 200, 2);
    dev_desk_expect(
        *state, "DELETE", "/subjects/s/versions/2?permanent=true", NULL, 404,
        "{\"error_code\":40407,\"message\":\"Subject 's' Version 2 was not deleted first "
        "before being permanently deleted\"}");
    dev_desk_expect(*state, "DELETE", "/subjects/s/versions/latest", NULL, 200, "2");
    dev_desk_expect(
        *state, "DELETE", "/subjects/s/versions/2", NULL, 404,
        "{\"error_code\":40406,\"message\":\"Subject 's' Version 2 was soft deleted.Set "
        "permanent=true to delete permanently\"}");
    dev_desk_expect(*state, "GET", "/subjects/s/versions?deleted=true", NULL, 200, "[1,2]");
    dev_desk_expect(*state, "DELETE", "/subjects/s/versions/2?permanent=true", NULL, 200, "2");
    dev_desk_expect(*state, "GET", "/subjects/s/versions?deleted=true", NULL, 200, "[1]");
    dev_desk_register(*state, "s", "\"long\"", 200, 2);
    dev_desk_expect(*state, "GET", "/subjects/s/versions", NULL, 200, "[1,3]");
}

static void subjects__vanish_with_their_last_version(void **state)
{
    dev_desk_register(*state, "s", "\"int\"", 200, 1);
    dev_desk_expect(*state, "DELETE", "/subjects/s/versions/1", NULL, 200, "1");
    dev_desk_expect(*state, "GET", "/subjects/s/versions/latest", NULL, 404, NULL);
    dev_desk_expect(*state, "DELETE", "/subjects/s/versions/latest", NULL, 404, NULL);
    dev_desk_expect(*state, "DELETE", "/subjects/s/versions/1?permanent=true", NULL, 200, "1");
    dev_desk_expect(*state, "GET", "/subjects?deleted=true", NULL, 200, "[]");
    dev_desk_expect(*state, "DELETE", "/subjects/s/versions/1", NULL, 404,
                    "{\"error_code\":40401,\"message\":\"Subject 's' not found.\"}");
}

static void versions__start_again_after_a_permanent_delete(void **state)
{
    dev_desk_register(*state, "s", "\"int\"", 200, 1);
    dev_desk_register(*state, "s", "\"long\"", 200, 2);
    dev_desk_expect(*state, "DELETE", "/subjects/s", NULL, 200, "[1,2]");
    dev_desk_expect(*state, "DELETE", "/subjects/s?permanent=true", NULL, 200, "[1,2]");
    dev_desk_register(*state, "s", "\"long\"", 200, 2);
    dev_desk_expect(*state, "GET", "/subjects/s/versions", NULL, 200, "[1]");
}

static void versions__numbers_out_of_range_are_invalid(void **state)
{
    dev_desk_register(*state, "s", "\"int\"", 200, 1);
    dev_desk_expect(*state, "GET", "/subjects/s/versions/2147483647", NULL, 404, NULL);
    dev_desk_expect(*state, "GET", "/subjects/s/versions/2147483648", NULL, 422, NULL);
    dev_desk_expect(*state, "GET", "/subjects/s/versions/99999999999999999999", NULL, 422, NULL);
    dev_desk_expect(*state, "GET", "/subjects/s/versions/1x", NULL, 422, NULL);
    dev_desk_expect(*state, "DELETE", "/subjects/s/versions/0", NULL, 422, NULL);
    dev_desk_expect(*state, "GET", "/subjects/s/versions/1/schema", NULL, 200, "\"int\"");
    dev_desk_expect(*state, "GET", "/subjects/s/versions/2/schema", NULL, 404, NULL);
    dev_desk_expect(*state, "GET", "/subjects/s/versions/2/referencedby", NULL, 404, NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(versions__are_deleted_softly_then_for_good),
        TEST(subjects__vanish_with_their_last_version),
        TEST(versions__start_again_after_a_permanent_delete),
        TEST(versions__numbers_out_of_range_are_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
