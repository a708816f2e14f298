// SPDX-License-Identifier: Apache-2.0
#include "base/siphash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const uint64_t key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};

// Appendix A of the paper: the bytes 00 01 .. 0e under the key 00 01 .. 0f.
static void hash__is_that_of_the_paper(void **state)
{
    (void)state;
    uint8_t bytes[15];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    assert_true(siphash(key, (struct view){bytes, sizeof(bytes)}) == UINT64_C(0xa129ca6149be45e5));
}

static void hash__depends_on_each_byte_and_on_the_size(void **state)
{
    (void)state;
    uint8_t bytes[20] = {0};
    uint64_t seen[41];
    size_t count = 0;
    for (size_t size = 0; size <= sizeof(bytes); size++)
        seen[count++] = siphash(key, (struct view){bytes, size});
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = 1;
        seen[count++] = siphash(key, (struct view){bytes, sizeof(bytes)});
        bytes[i] = 0;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++)
            assert_true(seen[i] != seen[j]);
    }
    assert_true(siphash(key, (struct view){NULL, 0}) == seen[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash__is_that_of_the_paper),
        cmocka_unit_test(hash__depends_on_each_byte_and_on_the_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
