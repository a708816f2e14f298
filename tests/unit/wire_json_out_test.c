// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "wire/json_out.h"

static void write_some(struct json_out *out)
{
    json_out_object(out, NULL);
    json_out_integer(out, "a", -5);
    json_out_array(out, "b");
    json_out_count(out, NULL, UINT64_MAX);
    json_out_real(out, NULL, 0.5);
    json_out_real(out, NULL, INFINITY);
    json_out_object(out, NULL);
    json_out_object_end(out);
    json_out_array_end(out);
    json_out_truth(out, "c", true);
    json_out_truth(out, "d", false);
    json_out_null(out, "e\"");
    json_out_text(out, "f", "x\ny");
    json_out_object_end(out);
}

static const char expected[] = "{\"a\":-5,\"b\":[18446744073709551615,0.5,null,{}],\"c\":true,"
                               "\"d\":false,\"e\\\"\":null,\"f\":\"x\\ny\"}";

static void members__come_with_commas_between_them(void **state)
{
    struct buffer buffer;
    (void)state;
    buffer_init(&buffer, 1024);
    struct json_out out = json_out_to(&buffer);
    write_some(&out);
    assert_false(out.failed);
    assert_int_equal(buffer.size, strlen(expected));
    assert_memory_equal(buffer.data, expected, buffer.size);
    buffer_release(&buffer);
}

static void what_does_not_fit__is_noticed_wherever_it_ends(void **state)
{
    (void)state;
    for (size_t max = 1; max < strlen(expected); max++) {
        struct buffer buffer;
        buffer_init(&buffer, max);
        struct json_out out = json_out_to(&buffer);
        write_some(&out);
        assert_true(out.failed);
        buffer_release(&buffer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members__come_with_commas_between_them),
        cmocka_unit_test(what_does_not_fit__is_noticed_wherever_it_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
