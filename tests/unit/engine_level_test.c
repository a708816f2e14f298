// SPDX-License-Identifier: Apache-2.0
#include "engine/level.h"

#include "lib/engine_desk.h"

static void init_sum(struct desk *desk, double limit)
{
    struct engine_settings settings = desk_settings();
    settings.rules[settings.rule_count++] =
        (struct rule){.kind = RULE_SUM, .window_ms = 100, .limit = (int64_t)(limit * AMOUNT_UNITS)};
    desk_init(desk, &settings);
}

static size_t pay(struct desk *desk, int64_t time_ms, double amount)
{
    struct engine_purchase purchase = {
        .event_time_ms = time_ms, .offset = desk->offset++, .has_amount = true, .amount = amount};
    desk_put(desk, &purchase);
    return desk->step.alert_count;
}

static void sum__raises_an_alert_at_the_limit_and_one_a_burst(void **state)
{
    (void)state;
    struct desk desk;
    init_sum(&desk, 100);
    assert_int_equal(pay(&desk, 1000, 60), 0);
    assert_int_equal(pay(&desk, 1050, 39.9999), 0);
    assert_int_equal(pay(&desk, 1099, 0.0001), 1);
    assert_alert(&desk, 0, 1000, 3);
    assert_true(desk.step.alerts[0].level == 1000000);
    assert_int_equal(pay(&desk, 1100, 80), 0); // goes on
    assert_int_equal(pay(&desk, 1400, 99), 0);
    assert_int_equal(pay(&desk, 1500, 99), 0); // the one before is a window behind
    assert_int_equal(pay(&desk, 1501, -50), 0);
    assert_int_equal(pay(&desk, 1502, 1), 1);
    assert_alert(&desk, 0, 1500, 3);
    desk_release(&desk);
}

static void bursts__end_where_a_purchase_does_not_count_for_the_next(void **state)
{
    (void)state;
    struct desk desk;
    init_sum(&desk, 100);
    assert_int_equal(pay(&desk, 1000, 100), 1);
    assert_int_equal(pay(&desk, 1099, 100), 0); // counts the one before: the same burst
    assert_int_equal(pay(&desk, 1199, 100), 1); // does not
    assert_int_equal(pay(&desk, 1150, 0), 0);   // joins both
    desk_release(&desk);
}

static void late_joiner__completes_a_level_behind_it(void **state)
{
    (void)state;
    struct desk desk;
    init_sum(&desk, 100);
    assert_int_equal(pay(&desk, 1000, 40), 0);
    assert_int_equal(pay(&desk, 1060, 40), 0);
    assert_int_equal(pay(&desk, 1030, 20), 1);
    assert_alert(&desk, 0, 1000, 3);
    assert_true(desk.step.alerts[0].detected_at_ms == 1030);
    desk_release(&desk);
}

static void distinct__counts_different_values(void **state)
{
    (void)state;
    struct desk desk;
    struct engine_settings settings = desk_settings();
    settings.rules[settings.rule_count++] = (struct rule){
        .kind = RULE_DISTINCT, .window_ms = 100, .threshold = 3, .field = FIELD_CATEGORY};
    desk_init(&desk, &settings);
    static const char *const categories[] = {"a", "b", "a", NULL, "b", "c"};
    for (size_t i = 0; i < 6; i++) {
        struct engine_purchase purchase = {.event_time_ms = 10 + (int64_t)i};
        if (categories[i] != NULL)
            purchase.category = view_text(categories[i]);
        desk_put(&desk, &purchase);
        assert_int_equal(desk.step.alert_count, i == 5);
    }
    assert_alert(&desk, 0, 10, 6);
    assert_true(desk.step.alerts[0].level == 3);
    desk_release(&desk);
}

static void card__keeps_facts_for_rules_alone(void **state)
{
    (void)state;
    struct desk desk;
    init_sum(&desk, 100);
    pay(&desk, 1000, 1);
    assert_int_equal(card_fact_count(&desk.card), 1);
    assert_true(engine_card_fits(&desk.engine, &desk.card));
    struct engine plain = desk.engine;
    plain.fact_count = 0;
    assert_false(engine_card_fits(&plain, &desk.card));
    engine_card_prune(&desk.engine, (struct optional_ms){true, 9000}, &desk.card);
    assert_int_equal(card_spilled_bytes(&desk.card), 0);
    desk_release(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sum__raises_an_alert_at_the_limit_and_one_a_burst),
        cmocka_unit_test(bursts__end_where_a_purchase_does_not_count_for_the_next),
        cmocka_unit_test(late_joiner__completes_a_level_behind_it),
        cmocka_unit_test(distinct__counts_different_values),
        cmocka_unit_test(card__keeps_facts_for_rules_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
