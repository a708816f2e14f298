// SPDX-License-Identifier: Apache-2.0
#include "engine/step.h"

#include "lib/engine_desk.h"

static void step__grows_from_a_zeroed_struct(void **state)
{
    (void)state;
    struct step step = {0};
    for (uint32_t i = 0; i < 100; i++)
        step_add_alert(&step, &(struct alert){.rule = i, .count = 2 * i});
    assert_int_equal(step.alert_count, 100);
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(step.alerts[i].rule, i);
        assert_int_equal(step.alerts[i].count, 2 * i);
    }
    step_release(&step);
}

static void step__forgets_results_and_keeps_the_buffer(void **state)
{
    (void)state;
    struct step step = {.late_rules = 3,
                        .changed = true,
                        .duplicate = true,
                        .capped = true,
                        .already_counted = true};
    step_add_alert(&step, &(struct alert){.rule = 1});
    const struct alert *buffer = step.alerts;
    step_clear(&step);
    assert_int_equal(step.alert_count, 0);
    assert_int_equal(step.late_rules, 0);
    assert_false(step.changed || step.duplicate || step.capped || step.already_counted);
    step_add_alert(&step, &(struct alert){.rule = 2});
    assert_ptr_equal(step.alerts, buffer);
    assert_int_equal(step.alerts[0].rule, 2);
    step_release(&step);
    assert_null(step.alerts);
    assert_int_equal(step.alert_capacity, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(step__grows_from_a_zeroed_struct),
        cmocka_unit_test(step__forgets_results_and_keeps_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
