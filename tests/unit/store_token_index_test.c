// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/random.h"
#include "store/token_index.h"

enum { TOKENS = 2000, STEPS = 200000 };

static struct token tokens[TOKENS];

// The slot of a token in these tests is its number.
static bool is_in(const struct token_index *index, uint32_t n)
{
    uint32_t tag = token_index_tag(&tokens[n]);
    size_t at = token_index_probe(index, token_index_home(index, tag), tag);
    while (index->cells[at].slot_after != 0) {
        if (index->cells[at].slot_after == n + 1)
            return true;
        at = token_index_probe(index, token_index_next(index, at), tag);
    }
    return false;
}

static void fill_tokens(struct random *random, uint64_t distinct)
{
    for (size_t i = 0; i < TOKENS; i++) {
        struct random seeded;
        random_seed(&seeded, distinct == 0 ? i : random_below(random, distinct));
        for (size_t half = 0; half < 2; half++) {
            uint64_t bits = random_next(&seeded);
            memcpy(tokens[i].bytes + 8 * half, &bits, sizeof(bits));
        }
    }
}

static void put_and_remove_randomly(struct random *random, size_t held_max)
{
    static bool held[TOKENS];
    struct token_index index;
    memset(held, 0, sizeof(held));
    token_index_init(&index);
    for (int i = 0; i < STEPS; i++) {
        uint32_t n = (uint32_t)random_below(random, TOKENS);
        assert_int_equal(is_in(&index, n), held[n]);
        if (held[n])
            token_index_remove(&index, &tokens[n], n);
        else if (index.count < held_max)
            token_index_put(&index, &tokens[n], n);
        else
            continue;
        held[n] = !held[n];
    }
    size_t count = 0;
    for (uint32_t n = 0; n < TOKENS; n++) {
        assert_int_equal(is_in(&index, n), held[n]);
        count += held[n];
    }
    assert_int_equal(index.count, count);
    token_index_release(&index);
}

static void random_tokens__are_found_until_removed(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 1);
    fill_tokens(&random, 0);
    put_and_remove_randomly(&random, TOKENS);
    put_and_remove_randomly(&random, 600); // the smallest index, nearly full
}

// Long runs of cells with the same home, at the end of the index too.
static void colliding_tokens__are_found_until_removed(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 2);
    for (uint64_t distinct = 1; distinct <= 64; distinct *= 8) {
        fill_tokens(&random, distinct);
        put_and_remove_randomly(&random, 200);
    }
}

static void runs_around_the_end__are_closed_rightly(void **state)
{
    (void)state;
    struct random random;
    struct token_index probe;
    random_seed(&random, 3);
    token_index_init(&probe);
    // Only tokens whose home is among the last or first cells.
    for (size_t i = 0; i < TOKENS;) {
        for (size_t half = 0; half < 2; half++) {
            uint64_t bits = random_next(&random);
            memcpy(tokens[i].bytes + 8 * half, &bits, sizeof(bits));
        }
        size_t home = token_index_home(&probe, token_index_tag(&tokens[i]));
        if (home >= 1020 || home < 4)
            i++;
    }
    token_index_release(&probe);
    put_and_remove_randomly(&random, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_tokens__are_found_until_removed),
        cmocka_unit_test(colliding_tokens__are_found_until_removed),
        cmocka_unit_test(runs_around_the_end__are_closed_rightly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
