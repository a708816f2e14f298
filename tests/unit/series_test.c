// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "lib/series.h"

enum { STEPS = 30 };

static bool flat(double (*value)(size_t step), double percent, double slack)
{
    double values[STEPS];
    for (size_t i = 0; i < STEPS; i++)
        values[i] = value(i);
    return series_growth(values, STEPS, percent, slack).flat;
}

static double constant(size_t step)
{
    (void)step;
    return 100;
}

static double saw_tooth(size_t step)
{
    return 100 + (double)(step % 5) * 20;
}

static double filling_up(size_t step)
{
    return step < 10 ? (double)step * 10 : 100;
}

static double leaking(size_t step)
{
    return 100 + (double)step; // ten more a third
}

static double sinking(size_t step)
{
    return 100 - (double)step;
}

static void series__that_level_off_are_flat(void **state)
{
    (void)state;
    assert_true(flat(constant, 0, 0));
    assert_true(flat(saw_tooth, 1, 0));
    assert_true(flat(filling_up, 0, 0));
    assert_true(flat(sinking, 0, 0));
}

static void series__that_grow_are_not_flat(void **state)
{
    (void)state;
    assert_false(flat(leaking, 5, 0));
    assert_true(flat(leaking, 10, 0));
    assert_true(flat(leaking, 0, 10));
    assert_false(flat(leaking, 0, 9.9));
}

static void series__of_few_or_unknown_values_are_no_evidence(void **state)
{
    (void)state;
    const double few[] = {1, 1, 1, 1, 1};
    const double unknown[] = {1, 1, 1, 1, NAN, 1};
    assert_false(series_growth(few, 5, 5, 0).known);
    assert_false(series_growth(unknown, 6, 5, 0).known);
    assert_false(series_growth(unknown, 6, 5, 0).flat);
}

static void series__count_the_judged_columns_that_grow(void **state)
{
    (void)state;
    const struct series_column columns[] = {
        {"hours", 1, false, 0},
        {"level", 0, true, 0},
        {"leak", 0, true, 0},
        {"hidden", 0, true, 0},
    };
    struct series series;
    series_open(&series, columns, 4);
    for (size_t i = 0; i < STEPS; i++)
        series_add(&series, (const double[]){(double)i, constant(i), leaking(i), NAN});
    assert_int_equal(series_judge(&series, 5), 1);
    assert_float_equal(series_value(&series, 3, 2), 103, 0);
    series_close(&series);
}

static void series__of_too_few_rows_are_a_fault(void **state)
{
    (void)state;
    const struct series_column column = {"level", 0, true, 0};
    struct series series;
    series_open(&series, &column, 1);
    series_add(&series, (const double[]){1});
    assert_int_equal(series_judge(&series, 5), 1);
    series_close(&series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(series__that_level_off_are_flat),
        cmocka_unit_test(series__that_grow_are_not_flat),
        cmocka_unit_test(series__of_few_or_unknown_values_are_no_evidence),
        cmocka_unit_test(series__count_the_judged_columns_that_grow),
        cmocka_unit_test(series__of_too_few_rows_are_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
