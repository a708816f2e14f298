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

#define TARGET "/subjects/s/versions"

static void body__every_finding_is_reported(void **state)
{
    dev_desk_expect(
        *state, "POST", TARGET, "{\"schemaType\":1}", 422,
        "{\"error_code\":422,\"message\":[{\"type\":\"missing\",\"loc\":[\"body\","
        "\"schema\"],\"msg\":\"Field required\",\"input\":{\"schemaType\":1}},{\"type\":"
        "\"enum\",\"loc\":[\"body\",\"schemaType\"],\"msg\":\"Input should be 'AVRO', "
        "'JSON' or 'PROTOBUF'\",\"input\":1,\"ctx\":{\"expected\":\"'AVRO', 'JSON' or "
        "'PROTOBUF'\"}}]}");
}

static void body__must_be_a_json_object(void **state)
{
    dev_desk_expect(*state, "POST", TARGET, "[]", 422, NULL);
    dev_desk_expect(*state, "POST", TARGET, "\"x\"", 422, NULL);
    dev_desk_expect(*state, "POST", TARGET, "nonsense", 422,
                    "{\"error_code\":422,\"message\":[{\"type\":\"json_invalid\",\"loc\":[\"body\","
                    "0],\"msg\":\"JSON decode error\",\"input\":{},\"ctx\":{\"error\":\"Expecting "
                    "value\"}}]}");
    dev_desk_expect(*state, "POST", TARGET, "{\"schema\":\"\xff\"}", 422, NULL);
    dev_desk_expect(*state, "POST", TARGET, "{} {}", 422, NULL);
}

static void body__unknown_fields_and_empty_references_do_not_matter(void **state)
{
    dev_desk_expect(
        *state, "POST", TARGET,
        "{\"x\":1,\"references\":[],\"schema\":\"\\\"int\\\"\",\"schemaType\":\"AVRO\"}", 200,
        "{\"id\":1}");
    dev_desk_expect(*state, "POST", TARGET, "{\"references\":null,\"schema\":\"\\\"int\\\"\"}", 200,
                    "{\"id\":1}");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(body__every_finding_is_reported),
        TEST(body__must_be_a_json_object),
        TEST(body__unknown_fields_and_empty_references_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
