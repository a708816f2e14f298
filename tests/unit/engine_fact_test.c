// SPDX-License-Identifier: Apache-2.0
#include "engine/fact.h"

#include <math.h>

#include "lib/engine_desk.h"

static void amounts__are_ten_thousandths_and_never_less_than_nothing(void **state)
{
    (void)state;
    assert_true(amount_units(12.34) == 123400);
    assert_true(amount_units(0.00005) == 1);
    assert_true(amount_units(0.00004) == 0);
    assert_true(amount_units(-3) == 0);
    assert_true(amount_units((double)NAN) == 0);
    assert_true(amount_units((double)-INFINITY) == 0);
    assert_true(amount_units((double)INFINITY) == AMOUNT_UNITS_MAX);
    assert_true(amount_units(1e300) == AMOUNT_UNITS_MAX);
    assert_true(amount_units(9999999999.9999) == AMOUNT_UNITS_MAX - 1);
    struct engine_purchase purchase = {.amount = 5};
    assert_true(fact_of(FACT_UNITS, &purchase) == 0); // null
    purchase.has_amount = true;
    assert_true(fact_of(FACT_UNITS, &purchase) == 50000);
}

// Stored facts must mean the same in every version.
static void categories__have_a_hash_for_ever(void **state)
{
    (void)state;
    struct engine_purchase purchase = {0};
    assert_true(fact_of(FACT_CATEGORY, &purchase) == 0);
    purchase.category = view_text("Travel");
    uint64_t travel = fact_of(FACT_CATEGORY, &purchase);
    assert_true(travel == UINT64_C(0x657e00722b48686b));
    purchase.category = view_text("");
    assert_true(fact_of(FACT_CATEGORY, &purchase) != 0);
    assert_true(fact_of(FACT_CATEGORY, &purchase) != travel);
}

static void numbers__are_themselves_but_for_null_and_nan(void **state)
{
    (void)state;
    struct engine_purchase purchase = {.has_amount = true, .has_distance = true};
    uint64_t zero = fact_of(FACT_AMOUNT, &purchase);
    assert_true(zero != 0 && fact_of(FACT_DISTANCE, &purchase) == zero);
    purchase.amount = -0.0;
    assert_true(fact_of(FACT_AMOUNT, &purchase) == zero);
    purchase.amount = 1;
    assert_true(fact_of(FACT_AMOUNT, &purchase) != zero);
    purchase.amount = (double)NAN;
    assert_true(fact_of(FACT_AMOUNT, &purchase) == 0);
    purchase.has_distance = false;
    assert_true(fact_of(FACT_DISTANCE, &purchase) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts__are_ten_thousandths_and_never_less_than_nothing),
        cmocka_unit_test(categories__have_a_hash_for_ever),
        cmocka_unit_test(numbers__are_themselves_but_for_null_and_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
