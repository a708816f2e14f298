// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fnv.h"

// The values are those of the draft's own test vectors.
static void fnv__equals_the_published_values(void **state)
{
    (void)state;
    assert_true(fnv_add(FNV_START, "", 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(fnv_add(FNV_START, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(fnv_add(FNV_START, "foobar", 6) == UINT64_C(0x85944171f73967e8));
}

static void fnv__in_pieces_is_the_same(void **state)
{
    (void)state;
    uint64_t pieces = fnv_add(fnv_add(FNV_START, "foo", 3), "bar", 3);
    assert_true(pieces == fnv_add(FNV_START, "foobar", 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fnv__equals_the_published_values),
        cmocka_unit_test(fnv__in_pieces_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
