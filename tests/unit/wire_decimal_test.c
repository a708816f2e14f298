// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/decimal.h"

#define BYTES(...) ((struct view){(const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})})

static void is(struct view unscaled, int32_t scale, double expected)
{
    double value = decimal_to_double(unscaled, scale);
    if (memcmp(&value, &expected, sizeof(value)) != 0)
        fail_msg("%.17g instead of %.17g", value, expected);
}

static void decimals__are_the_nearest_numbers(void **state)
{
    (void)state;
    is(BYTES(0x1c, 0x34), 2, 72.20);
    is(BYTES(0xe3, 0xcc), 2, -72.20);
    is(BYTES(0x00), 2, 0.0);
    is(BYTES(0x80), 2, -1.28);
    is(BYTES(0x00, 0x80), 2, 1.28);
    is(BYTES(0x00, 0x00, 0x00, 0x80), 2, 1.28);
    is(BYTES(0xff, 0xff, 0xff, 0x80), 2, -1.28);
    is(BYTES(0xff), 0, -1);
    is(BYTES(0x07), -3, 7000);
    is(BYTES(0x07), 1024, 0.0);
    is(BYTES(0x07), 22, 7e-22);
    is(BYTES(0x07), 23, 7e-23);
    is(BYTES(0xf9), -23, -7e23);
    is((struct view){NULL, 0}, 5, 0.0);
}

static void integers_of_more_than_53_bits__are_rounded_once(void **state)
{
    (void)state;
    is(BYTES(0x20, 0, 0, 0, 0, 0, 0), 0, 9007199254740992.0);
    is(BYTES(0x20, 0, 0, 0, 0, 0, 1), 0, 9007199254740992.0);
    is(BYTES(0x20, 0, 0, 0, 0, 0, 3), 0, 9007199254740996.0);
    is(BYTES(0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), 2, 92233720368547758.07);
    is(BYTES(0x80, 0, 0, 0, 0, 0, 0, 0), 2, -92233720368547758.08);
    is(BYTES(0x80, 0, 0, 0, 0, 0, 0, 0, 0), 20, -23.6118324143482260685);
    is(BYTES(0x01, 0, 0, 0, 0, 0, 0, 0, 0), -20, 1844674407370955161600e18);
}

static void a_decimal_of_any_length__has_bounded_cost(void **state)
{
    (void)state;
    size_t size = 1u << 20;
    uint8_t *bytes = calloc(size, 1);
    assert_non_null(bytes);
    bytes[size - 1] = 42;
    is((struct view){bytes, size}, 1, 4.2);
    bytes[0] = 0x7f;
    is((struct view){bytes, size}, 1024, HUGE_VAL);
    bytes[0] = 0x80;
    is((struct view){bytes, size}, -1024, -HUGE_VAL);
    free(bytes);
}

// 10^k at scale k is 1, for integers far longer than any machine word.
static void powers_of_ten__come_out_exact(void **state)
{
    (void)state;
    uint8_t bytes[440] = {0};
    bytes[sizeof(bytes) - 1] = 1;
    for (int32_t power = 0; power <= 1024; power++) {
        is((struct view){bytes, sizeof(bytes)}, power, 1.0);
        unsigned carry = 0;
        for (size_t i = sizeof(bytes); i-- > 0; carry >>= 8) {
            carry += bytes[i] * 10u;
            bytes[i] = (uint8_t)carry;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals__are_the_nearest_numbers),
        cmocka_unit_test(integers_of_more_than_53_bits__are_rounded_once),
        cmocka_unit_test(a_decimal_of_any_length__has_bounded_cost),
        cmocka_unit_test(powers_of_ten__come_out_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
