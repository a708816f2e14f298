// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/random.h"
#include "stream/table_news.h"

enum { CARDS = 5000, PUTS = 20000 };

// Tokens that share their home as often as not.
static struct token token_at(uint64_t number)
{
    struct token token = {{0}};
    token.bytes[0] = (uint8_t)number;
    token.bytes[12] = (uint8_t)(number >> 8);
    return token;
}

static void assert_state(const struct table_news *news, uint64_t number, int expected)
{
    struct token token = token_at(number);
    bool enabled = false;
    assert_int_equal(table_news_find(news, &token, &enabled), expected >= 0);
    if (expected >= 0)
        assert_int_equal(enabled, expected);
}

static void put(struct table_news *news, uint64_t number, bool enabled)
{
    struct token token = token_at(number);
    table_news_put(news, &token, enabled);
}

static void last_word_on_a_card__counts(void **state)
{
    (void)state;
    struct table_news news = {.tokens = NULL};
    assert_state(&news, 1, -1);
    put(&news, 1, true);
    put(&news, 2, false);
    assert_state(&news, 1, 1);
    assert_state(&news, 2, 0);
    assert_state(&news, 3, -1);
    put(&news, 1, false);
    assert_state(&news, 1, 0);
    assert_int_equal(news.count, 2);
    table_news_release(&news);
    assert_state(&news, 1, -1);
    put(&news, 1, true);
    assert_state(&news, 1, 1);
    table_news_release(&news);
}

static void random_puts__equal_an_array(void **state)
{
    (void)state;
    static int model[CARDS];
    struct table_news news = {.tokens = NULL};
    struct random random;
    random_seed(&random, 7);
    for (size_t i = 0; i < CARDS; i++)
        model[i] = -1;
    for (size_t i = 0; i < PUTS; i++) {
        uint64_t number = random_below(&random, CARDS);
        model[number] = (int)random_below(&random, 2);
        put(&news, number, model[number] == 1);
    }
    for (size_t i = 0; i < CARDS; i++)
        assert_state(&news, i, model[i]);
    table_news_release(&news);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(last_word_on_a_card__counts),
        cmocka_unit_test(random_puts__equal_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
