// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/random.h"
#include "store/staging.h"

static struct token token_of_bytes(uint64_t high, uint64_t low)
{
    struct token token;
    high = __builtin_bswap64(high);
    low = __builtin_bswap64(low);
    memcpy(token.bytes, &high, sizeof(high));
    memcpy(token.bytes + sizeof(high), &low, sizeof(low));
    return token;
}

static void add(struct staging *staging, uint64_t high, uint64_t low, const char *value)
{
    struct token token = token_of_bytes(high, low);
    staging_add(staging, &token, value == NULL ? (struct view){NULL, 0} : view_text(value));
}

static void assert_entry(const struct staging *staging, size_t index, uint64_t high, uint64_t low,
                         const char *value)
{
    struct token token = token_of_bytes(high, low);
    struct staged staged = staging_at(staging, index);
    assert_memory_equal(staged.token, &token, sizeof(token));
    assert_int_equal(staged.value.data == NULL, value == NULL);
    if (value != NULL)
        assert_true(view_equal(staged.value, view_text(value)));
}

static void sorted_entries__are_in_token_order_with_the_last_value(void **state)
{
    (void)state;
    struct staging staging;
    staging_init(&staging);
    add(&staging, UINT64_MAX, 0, "high");
    add(&staging, 1, 2, "old");
    add(&staging, 0, 0, "lowest");
    add(&staging, 1, 1, "a");
    add(&staging, 1, 2, NULL);
    add(&staging, 1, 1, "");
    staging_sort(&staging);
    assert_int_equal(staging.count, 4);
    assert_entry(&staging, 0, 0, 0, "lowest");
    assert_entry(&staging, 1, 1, 1, "");
    assert_entry(&staging, 2, 1, 2, NULL);
    assert_entry(&staging, 3, UINT64_MAX, 0, "high");
    staging_release(&staging);
}

static void empty_staging__can_be_sorted_and_cleared(void **state)
{
    (void)state;
    struct staging staging;
    staging_init(&staging);
    staging_sort(&staging);
    staging_clear(&staging);
    assert_int_equal(staging_bytes(&staging), 0);
    add(&staging, 5, 5, "one");
    staging_sort(&staging);
    assert_entry(&staging, 0, 5, 5, "one");
    staging_clear(&staging);
    assert_int_equal(staging.count, 0);
    assert_int_equal(staging_bytes(&staging), 0);
    staging_release(&staging);
}

struct model_entry {
    struct token token;
    unsigned value;
};

static int compare_model(const void *a, const void *b)
{
    const struct model_entry *x = a;
    const struct model_entry *y = b;
    int order = memcmp(&x->token, &y->token, sizeof(x->token));
    return order != 0 ? order : (x->value < y->value ? -1 : 1);
}

// `spread` draws the bits of the tokens: all of them, or few, so that prefixes and tokens meet.
static void assert_sorts(struct random *random, size_t count, uint64_t high_mask, uint64_t low_mask)
{
    struct staging staging;
    struct model_entry *model = calloc(count, sizeof(*model));
    assert_non_null(model);
    staging_init(&staging);
    for (unsigned i = 0; i < count; i++) {
        model[i].token =
            token_of_bytes(random_next(random) & high_mask, random_next(random) & low_mask);
        model[i].value = i;
        staging_add(&staging, &model[i].token, (struct view){(const uint8_t *)&i, sizeof(i)});
    }
    staging_sort(&staging);
    qsort(model, count, sizeof(*model), compare_model);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && memcmp(&model[i].token, &model[i + 1].token, TOKEN_BYTES) == 0)
            continue;
        struct staged staged = staging_at(&staging, at++);
        assert_memory_equal(staged.token, &model[i].token, TOKEN_BYTES);
        assert_int_equal(staged.value.size, sizeof(unsigned));
        assert_memory_equal(staged.value.data, &model[i].value, sizeof(unsigned));
    }
    assert_int_equal(staging.count, at);
    staging_release(&staging);
    free(model);
}

static void any_entries__are_sorted_as_a_simple_sort_does(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 9);
    for (int i = 0; i < 30; i++) {
        size_t count = 1 + random_below(&random, 3000);
        assert_sorts(&random, count, UINT64_MAX, UINT64_MAX);
        assert_sorts(&random, count, 0xff, 0xff);
        assert_sorts(&random, count, UINT64_C(0xff00000000000000), 0);
        assert_sorts(&random, count, UINT64_C(0xffffffff), UINT64_C(0xf));
        assert_sorts(&random, count, 0, 0x3ff);
    }
}

static void memory_of_a_peak__is_given_back(void **state)
{
    (void)state;
    struct staging staging;
    char *value = malloc(1 << 20);
    assert_non_null(value);
    memset(value, 'x', 1 << 20);
    staging_init(&staging);
    for (uint64_t i = 0; i < 40; i++) {
        struct token token = token_of_bytes(i, i);
        staging_add(&staging, &token, (struct view){(const uint8_t *)value, 1 << 20});
    }
    staging_clear(&staging);
    assert_true(staging.arena.capacity >= 40 << 20); // it was used: it may be used again
    add(&staging, 1, 1, "small");
    staging_clear(&staging);
    assert_int_equal(staging.arena.capacity, 0);
    staging_release(&staging);
    free(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorted_entries__are_in_token_order_with_the_last_value),
        cmocka_unit_test(empty_staging__can_be_sorted_and_cleared),
        cmocka_unit_test(any_entries__are_sorted_as_a_simple_sort_does),
        cmocka_unit_test(memory_of_a_peak__is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
