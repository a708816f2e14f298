// SPDX-License-Identifier: Apache-2.0
#include "engine/condition.h"

#include <math.h>

#include "lib/engine_desk.h"

// Whether the purchase passes the one condition.
static bool passes(enum field field, enum condition_op op, const struct operand *operand,
                   const struct engine_purchase *purchase)
{
    struct engine_settings settings = desk_settings();
    settings.conditions[3] =
        (struct condition){.field = field, .op = op, .operand_first = 5, .operand_count = 1};
    settings.operands[5] = *operand;
    const struct rule rule = {.condition_first = 3, .condition_count = 1};
    return conditions_hold(&settings, &rule, purchase);
}

static void assert_passes(enum field field, const struct operand *operand,
                          const struct engine_purchase *purchase, const char *expected)
{
    char found[8] = "";
    for (int op = OP_EQ; op <= OP_IN; op++)
        found[op] = passes(field, (enum condition_op)op, operand, purchase) ? '1' : '0';
    assert_string_equal(found, expected); // eq ne lt le gt ge in
}

static void numbers__compare(void **state)
{
    (void)state;
    const struct operand ten = {.number = 10};
    struct engine_purchase purchase = {.has_amount = true, .amount = 10};
    assert_passes(FIELD_AMOUNT, &ten, &purchase, "1001011");
    purchase.amount = 9.5;
    assert_passes(FIELD_AMOUNT, &ten, &purchase, "0111000");
    purchase.amount = 10.5;
    assert_passes(FIELD_AMOUNT, &ten, &purchase, "0100110");
    purchase.amount = (double)NAN;
    assert_passes(FIELD_AMOUNT, &ten, &purchase, "0100000");
    purchase.has_amount = false;
    assert_passes(FIELD_AMOUNT, &ten, &purchase, "0100000");
    purchase.has_distance = true;
    purchase.distance = 10;
    assert_passes(FIELD_DISTANCE, &ten, &purchase, "1001011");
}

static void integers__compare_to_the_last_digit(void **state)
{
    (void)state;
    const struct operand large = {.integer = INT64_MAX - 1};
    struct engine_purchase purchase = {.has_id = true, .id = INT64_MAX};
    assert_passes(FIELD_ID, &large, &purchase, "0100110");
    purchase.event_time_ms = INT64_MAX - 1;
    assert_passes(FIELD_TIMESTAMP, &large, &purchase, "1001011");
    purchase.has_id = false;
    assert_passes(FIELD_ID, &large, &purchase, "0100000");
}

static void categories__are_equal_or_not(void **state)
{
    (void)state;
    const struct operand travel = {.text = view_text("Travel")};
    struct engine_purchase purchase = {.category = view_text("Travel")};
    assert_true(passes(FIELD_CATEGORY, OP_EQ, &travel, &purchase));
    purchase.category = view_text("travel");
    assert_false(passes(FIELD_CATEGORY, OP_EQ, &travel, &purchase));
    assert_true(passes(FIELD_CATEGORY, OP_NE, &travel, &purchase));
    purchase.category = (struct view){NULL, 0};
    assert_false(passes(FIELD_CATEGORY, OP_IN, &travel, &purchase));
    assert_true(passes(FIELD_CATEGORY, OP_NE, &travel, &purchase));
}

// What a rule does not see lies in its window all the same, in front of, between and behind.
static void purchases_left_out__do_not_exist_for_the_rule(void **state)
{
    (void)state;
    struct desk desk;
    struct engine_settings settings = desk_settings();
    desk_add_rule(&settings, RULE_SLIDING, 100, 2, 0);
    settings.rules[0].condition_count = 1;
    settings.conditions[0] = (struct condition){FIELD_AMOUNT, OP_GE, 0, 1};
    settings.operands[0].number = 50;
    desk_init(&desk, &settings);
    const struct {
        int64_t time_ms;
        double amount;
        size_t alerts;
    } steps[] = {{10, 60, 0}, {20, 1, 0},   {400, 60, 0}, {410, 1, 0},
                 {40, 60, 0}, {405, 60, 1}, {407, 60, 0}, {406, 1, 0}};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct engine_purchase purchase = {.event_time_ms = steps[i].time_ms,
                                           .offset = desk.offset++,
                                           .has_amount = true,
                                           .amount = steps[i].amount};
        desk_put(&desk, &purchase);
        assert_int_equal(desk.step.alert_count, steps[i].alerts);
    }
    assert_int_equal(desk.step.late_rules, 0);
    struct engine_purchase old = {.event_time_ms = 0, .has_amount = true, .amount = 1};
    desk_put(&desk, &old);
    assert_int_equal(desk.step.late_rules, 0); // nobody waited for it
    desk_release(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers__compare),
        cmocka_unit_test(integers__compare_to_the_last_digit),
        cmocka_unit_test(categories__are_equal_or_not),
        cmocka_unit_test(purchases_left_out__do_not_exist_for_the_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
