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

#define R0 "{\"type\":\"record\",\"name\":\"R\",\"fields\":[]}"
#define R1(extra)                                                                                  \
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"" extra "}]}"
#define R2 "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"b\",\"type\":\"int\"}]}"

static void set_level(struct dev_store *store, const char *level)
{
    char body[64];
    snprintf(body, sizeof body, "{\"compatibility\":\"%s\"}", level);
    dev_desk_expect(store, "PUT", "/config/s", body, 200, body);
}

static void register__backward_asks_the_latest_version_alone(void **state)
{
    dev_desk_register(*state, "s", R0, 200, 1);
    dev_desk_register(*state, "s", R1(""), 409, 0);
    dev_desk_register(*state, "s", R1(",\"default\":0"), 200, 2);
    dev_desk_register(*state, "s", R1(""), 200, 3); // not readable for the first
}

static void register__backward_transitive_asks_them_all(void **state)
{
    set_level(*state, "BACKWARD_TRANSITIVE");
    dev_desk_register(*state, "s", R0, 200, 1);
    dev_desk_register(*state, "s", R1(",\"default\":0"), 200, 2);
    dev_desk_register(*state, "s", R1(""), 409, 0);
}

static void register__forward_lets_the_old_read_the_new(void **state)
{
    set_level(*state, "FORWARD");
    dev_desk_register(*state, "s", R0, 200, 1);
    dev_desk_register(*state, "s", R1(""), 200, 2);
    dev_desk_register(*state, "s", R0, 200, 1);
    dev_desk_register(*state, "s", R2, 409, 0);
}

static void register__full_wants_both(void **state)
{
    set_level(*state, "FULL");
    dev_desk_register(*state, "s", R0, 200, 1);
    dev_desk_register(*state, "s", R1(""), 409, 0);
    dev_desk_register(*state, "s", R1(",\"default\":0"), 200, 2);
}

static void register__none_takes_everything(void **state)
{
    set_level(*state, "NONE");
    dev_desk_register(*state, "s", R0, 200, 1);
    dev_desk_register(*state, "s", "\"int\"", 200, 2);
    dev_desk_register(*state, "s", R2, 200, 3);
}

static void register__a_deleted_version_asks_for_nothing(void **state)
{
    dev_desk_register(*state, "s", R0, 200, 1);
    dev_desk_expect(*state, "DELETE", "/subjects/s", NULL, 200, "[1]");
    dev_desk_register(*state, "s", R2, 200, 2);
    dev_desk_expect(*state, "GET", "/subjects/s/versions", NULL, 200, "[2]");
}

static void register__a_refused_schema_leaves_nothing_behind(void **state)
{
    dev_desk_register(*state, "s", R0, 200, 1);
    dev_desk_register(*state, "s", R2, 409, 0);
    dev_desk_register(*state, "t", "{\"type\":\"nosuch\"}", 422, 0);
    dev_desk_expect(*state, "GET", "/subjects", NULL, 200, "[\"s\"]");
    dev_desk_expect(*state, "GET", "/schemas/ids/2", NULL, 404, NULL);
}

static void register__other_types_are_kept_or_refused(void **state)
{
    dev_desk_expect(*state, "POST", "/subjects/s/versions",
                    "{\"schema\":\"{\\\"type\\\":\\\"object\\\"}\",\"schemaType\":\"JSON\"}", 200,
                    "{\"id\":1}");
    dev_desk_register(*state, "s", R0, 409, 0);
    dev_desk_expect(*state, "POST", "/subjects/p/versions",
                    "{\"schema\":\"x\",\"schemaType\":\"PROTOBUF\"}", 422, NULL);
}

static void register__a_full_registry_says_so(void **state)
{
    struct dev_store *store = *state;
    dev_desk_register(store, "s", R0, 200, 1);
    store->schema_bytes = DEV_STORE_BYTES_MAX;
    dev_desk_register(store, "t", "\"int\"", 507, 0);
    dev_desk_register(store, "t", R0, 200, 1);
}

static void lookup__sees_deleted_versions_when_asked(void **state)
{
    int status;
    dev_desk_register(*state, "s", "\"int\"", 200, 1);
    dev_desk_register(*state, "s", "\"long\"", 200, 2);
    dev_desk_expect(*state, "DELETE", "/subjects/s/versions/1", NULL, 200, "1");
    char *text = dev_desk_post_schema(*state, "/subjects/s", "\"int\"", &status);
    assert_int_equal(status, 404);
    free(text);
    text = dev_desk_post_schema(*state, "/subjects/s?deleted=true", " \"int\" ", &status);
    assert_int_equal(status, 200);
    assert_string_equal(text,
                        "{\"subject\":\"s\",\"version\":1,\"id\":1,\"schema\":\"\\\"int\\\"\"}");
    free(text);
}

static void compatibility__is_asked_of_one_version(void **state)
{
    int status;
    dev_desk_register(*state, "s", R0, 200, 1);
    dev_desk_register(*state, "s", R1(",\"default\":0"), 200, 2);
    char *text =
        dev_desk_post_schema(*state, "/compatibility/subjects/s/versions/1", R1(""), &status);
    assert_string_equal(text, "{\"is_compatible\":false,\"messages\":[\"a\"]}");
    free(text);
    text = dev_desk_post_schema(*state, "/compatibility/subjects/s/versions/2", R1(""), &status);
    assert_string_equal(text, "{\"is_compatible\":true}");
    free(text);
    text = dev_desk_post_schema(*state, "/compatibility/subjects/s/versions/x", R1(""), &status);
    assert_int_equal(status, 422);
    free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(register__backward_asks_the_latest_version_alone),
        TEST(register__backward_transitive_asks_them_all),
        TEST(register__forward_lets_the_old_read_the_new),
        TEST(register__full_wants_both),
        TEST(register__none_takes_everything),
        TEST(register__a_deleted_version_asks_for_nothing),
        TEST(register__a_refused_schema_leaves_nothing_behind),
        TEST(register__other_types_are_kept_or_refused),
        TEST(register__a_full_registry_says_so),
        TEST(lookup__sees_deleted_versions_when_asked),
        TEST(compatibility__is_asked_of_one_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
