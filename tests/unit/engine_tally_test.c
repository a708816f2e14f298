// SPDX-License-Identifier: Apache-2.0
#include "engine/tally.h"

#include "lib/engine_desk.h"

static void distinct__counts_values_that_are_there(void **state)
{
    (void)state;
    struct tally tally = {0};
    tally_begin(&tally, 3);
    tally_add(&tally, 7);
    tally_add(&tally, 7);
    tally_add(&tally, 8);
    assert_int_equal(tally.distinct, 2);
    tally_remove(&tally, 7);
    assert_int_equal(tally.distinct, 2);
    tally_remove(&tally, 7);
    assert_int_equal(tally.distinct, 1);
    tally_add(&tally, 7);
    assert_int_equal(tally.distinct, 2);
    tally_release(&tally);
}

static void begin__forgets_and_makes_room(void **state)
{
    (void)state;
    struct tally tally = {0};
    tally_begin(&tally, 1);
    tally_add(&tally, 1);
    tally_begin(&tally, 5000);
    assert_int_equal(tally.distinct, 0);
    for (uint64_t i = 0; i < 5000; i++)
        tally_add(&tally, i << 40);
    assert_int_equal(tally.distinct, 5000);
    tally.round = UINT32_MAX; // after four thousand million rounds
    tally_begin(&tally, 1);
    assert_int_equal(tally.round, 1);
    tally_add(&tally, UINT64_C(3) << 40);
    assert_int_equal(tally.distinct, 1);
    tally_release(&tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distinct__counts_values_that_are_there),
        cmocka_unit_test(begin__forgets_and_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
