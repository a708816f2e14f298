// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "demo/spread.h"

enum { CARDS = 1000, DRAWS = 100000 };

static unsigned *draw(enum spread_kind kind, double exponent)
{
    struct random random;
    struct spread spread;
    random_seed(&random, 1);
    spread_init(&spread, kind, CARDS, exponent);
    unsigned *counts = memory_zeroed(CARDS, sizeof(*counts));
    for (int i = 0; i < DRAWS; i++) {
        uint64_t card = spread_next(&spread, &random);
        assert_true(card < CARDS);
        counts[card]++;
    }
    return counts;
}

static void uniform__gives_every_card_about_the_same(void **state)
{
    (void)state;
    unsigned *counts = draw(SPREAD_UNIFORM, 0);
    for (size_t i = 0; i < CARDS; i++)
        assert_in_range(counts[i], 50, 150);
    free(counts);
}

static void even__gives_every_card_once_a_round(void **state)
{
    (void)state;
    unsigned *counts = draw(SPREAD_EVEN, 0);
    for (size_t i = 0; i < CARDS; i++)
        assert_int_equal(counts[i], DRAWS / CARDS);
    free(counts);
}

static void even__covers_any_number_of_cards(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 1);
    for (uint64_t cards = 1; cards <= 200; cards++) {
        struct spread spread;
        bool seen[200] = {false};
        spread_init(&spread, SPREAD_EVEN, cards, 0);
        for (uint64_t i = 0; i < cards; i++) {
            uint64_t card = spread_next(&spread, &random);
            assert_true(card < cards);
            assert_false(seen[card]);
            seen[card] = true;
        }
    }
}

// With exponent 1 the busiest card has about log(2)/log(n + 1) of all, each next one less.
static void zipf__gives_the_first_cards_the_most(void **state)
{
    (void)state;
    unsigned *counts = draw(SPREAD_ZIPF, 1);
    assert_in_range(counts[0], DRAWS / 11, DRAWS / 9);
    assert_true(counts[0] > counts[1] && counts[1] > counts[3] && counts[3] > counts[9]);
    assert_true(counts[CARDS - 1] < 100);
    free(counts);
    counts = draw(SPREAD_ZIPF, 2);
    assert_in_range(counts[0], DRAWS * 45 / 100, DRAWS * 55 / 100);
    free(counts);
}

static int by_text(const void *a, const void *b)
{
    return memcmp(a, b, SPREAD_CARD_BYTES);
}

static void card_text__differs_for_every_index(void **state)
{
    (void)state;
    enum { TEXTS = 20000 };
    char(*texts)[SPREAD_CARD_BYTES] = memory_zeroed(TEXTS, SPREAD_CARD_BYTES);
    for (uint64_t i = 0; i < TEXTS; i++)
        spread_card_text(i < TEXTS / 2 ? i : SPREAD_CARDS_MAX - 1 - i, texts[i]);
    assert_int_equal(strlen(texts[0]), 19);
    assert_int_equal(strspn(texts[0], "0123456789-"), 19);
    qsort(texts, TEXTS, SPREAD_CARD_BYTES, by_text);
    for (size_t i = 1; i < TEXTS; i++)
        assert_string_not_equal(texts[i - 1], texts[i]);
    free(texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uniform__gives_every_card_about_the_same),
        cmocka_unit_test(even__gives_every_card_once_a_round),
        cmocka_unit_test(even__covers_any_number_of_cards),
        cmocka_unit_test(zipf__gives_the_first_cards_the_most),
        cmocka_unit_test(card_text__differs_for_every_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
