// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/part.h"

// The token whose place among all is `numerator` of `denominator`.
static struct token token_at(uint64_t numerator, uint64_t denominator)
{
    struct token token = {{0}};
    uint64_t prefix = (uint64_t)(((unsigned __int128)numerator << 64) / denominator);
    for (size_t i = 0; i < sizeof(prefix); i++)
        token.bytes[i] = (uint8_t)(prefix >> (56 - 8 * i));
    return token;
}

// How many of `count` values, spread evenly, a part takes.
static size_t taken(uint64_t leaf_count, uint64_t count, size_t value_bytes)
{
    struct part part;
    size_t taken = 0;
    part_begin(&part, leaf_count);
    while (taken < count && !part_is_full(&part)) {
        struct token token = token_at(taken++, count);
        part_add(&part, &token, value_bytes);
    }
    return taken;
}

static void values_in_leaves_of_their_own__count_a_page_each(void **state)
{
    (void)state;
    size_t count = taken(1000000, 1000000, 20);
    assert_true(count <= PART_PAGES_MAX && count > PART_PAGES_MAX * 9 / 10);
}

static void values_that_share_a_leaf__count_it_once(void **state)
{
    (void)state;
    // A hundred small values a leaf: half the pages are the leaves, half what is written.
    size_t count = taken(10000, 1000000, 20);
    assert_true(count > 30 * (size_t)PART_PAGES_MAX && count < 100 * (size_t)PART_PAGES_MAX);
}

static void large_values__count_by_their_bytes(void **state)
{
    (void)state;
    size_t count = taken(1, 1000000, 100000);
    assert_true(count * 100000 / 2048 >= PART_PAGES_MAX - 100);
    assert_true(count * 100000 / 4096 <= PART_PAGES_MAX);
}

static void a_part__takes_one_value_at_least(void **state)
{
    (void)state;
    assert_int_equal(taken(1, 3, 100u << 20), 1);
}

static void few_values__are_one_part(void **state)
{
    (void)state;
    assert_int_equal(taken(1000000, 5000, 20), 5000);
    assert_int_equal(taken(0, 5000, 20), 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_in_leaves_of_their_own__count_a_page_each),
        cmocka_unit_test(values_that_share_a_leaf__count_it_once),
        cmocka_unit_test(large_values__count_by_their_bytes),
        cmocka_unit_test(a_part__takes_one_value_at_least),
        cmocka_unit_test(few_values__are_one_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
