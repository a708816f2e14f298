// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "demo/calendar.h"

enum { CARDS = 5 };

static const int64_t base_ms = -7000000;

static void cards__are_free_until_they_are_taken(void **state)
{
    (void)state;
    struct calendar calendar;
    calendar_init(&calendar, CARDS, base_ms);
    for (uint64_t card = 0; card < CARDS; card++)
        assert_true(calendar_is_free(&calendar, card, base_ms));
    calendar_take(&calendar, 2, base_ms + 60000);
    assert_false(calendar_is_free(&calendar, 2, base_ms + 59999));
    assert_true(calendar_is_free(&calendar, 2, base_ms + 60000 + CALENDAR_ROUNDING_MS));
    assert_true(calendar_is_free(&calendar, 1, base_ms));
    calendar_release(&calendar);
}

// Rounding may keep a card too long, never too short.
static void a_taken_card__is_never_free_too_early(void **state)
{
    (void)state;
    struct calendar calendar;
    calendar_init(&calendar, CARDS, base_ms);
    for (int64_t until_ms = base_ms; until_ms < base_ms + 5000; until_ms += 7) {
        calendar_take(&calendar, 0, until_ms);
        if (until_ms > base_ms)
            assert_false(calendar_is_free(&calendar, 0, until_ms - 1));
        assert_true(calendar_is_free(&calendar, 0, until_ms + CALENDAR_ROUNDING_MS));
    }
    calendar_release(&calendar);
}

static void find__goes_round_in_a_circle(void **state)
{
    (void)state;
    struct calendar calendar;
    calendar_init(&calendar, CARDS, base_ms);
    uint64_t card = 3;
    assert_true(calendar_find(&calendar, base_ms, &card));
    assert_int_equal(card, 3);
    calendar_take(&calendar, 3, base_ms + 60000);
    calendar_take(&calendar, 4, base_ms + 60000);
    assert_true(calendar_find(&calendar, base_ms, &card));
    assert_int_equal(card, 0);
    for (uint64_t i = 0; i < CARDS; i++)
        calendar_take(&calendar, i, base_ms + 60000);
    assert_false(calendar_find(&calendar, base_ms, &card));
    calendar_release(&calendar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cards__are_free_until_they_are_taken),
        cmocka_unit_test(a_taken_card__is_never_free_too_early),
        cmocka_unit_test(find__goes_round_in_a_circle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
