// SPDX-License-Identifier: Apache-2.0
#include <math.h>

#include "lib/engine_desk.h"

static struct engine_settings one_travel_rule(double min_distance)
{
    struct engine_settings settings = desk_settings();
    settings.rules[settings.rule_count++] =
        (struct rule){.kind = RULE_TRAVEL, .min_distance = min_distance};
    return settings;
}

static size_t take_far(struct desk *desk, int64_t time_ms, double distance, int64_t id)
{
    struct engine_purchase purchase = {.event_time_ms = time_ms,
                                       .offset = desk->offset++,
                                       .has_id = true,
                                       .id = id,
                                       .has_distance = true,
                                       .distance = distance};
    desk_put(desk, &purchase);
    return desk->step.alert_count;
}

static void far_purchase__raises_an_alert_of_its_own_time(void **state)
{
    (void)state;
    struct desk desk;
    struct engine_settings settings = one_travel_rule(2000);
    desk_init(&desk, &settings);
    assert_int_equal(take_far(&desk, 100, 1999.9, 1), 0);
    assert_int_equal(take_far(&desk, 200, 2000, 2), 1);
    assert_alert(&desk, 0, 200, 1);
    assert_true(desk.step.alerts[0].detected_at_ms == 200);
    assert_int_equal(take_far(&desk, 300, (double)INFINITY, 3), 1);
    assert_int_equal(take_far(&desk, 300, (double)NAN, 4), 0);
    assert_int_equal(desk_take(&desk, 400), 0); // no distance
    desk_release(&desk);
}

static void travelling_card__raises_none(void **state)
{
    (void)state;
    struct desk desk;
    struct engine_settings settings = one_travel_rule(2000);
    desk_init(&desk, &settings);
    struct engine_purchase purchase = {
        .event_time_ms = 100, .has_distance = true, .distance = 5000, .travelling = true};
    desk_put(&desk, &purchase);
    assert_int_equal(desk.step.alert_count, 0);
    purchase.travelling = false;
    desk_put(&desk, &purchase);
    assert_int_equal(desk.step.alert_count, 1);
    desk_release(&desk);
}

static void flag__is_asked_for_where_it_decides_alone(void **state)
{
    (void)state;
    struct desk desk;
    struct engine_settings settings = one_travel_rule(3000);
    settings.rules[settings.rule_count++] =
        (struct rule){.kind = RULE_TRAVEL, .min_distance = 1000};
    desk_init(&desk, &settings);
    struct engine_purchase purchase = {.has_distance = true, .distance = 1000};
    assert_true(engine_asks_travelling(&desk.engine, &purchase));
    purchase.distance = 999;
    assert_false(engine_asks_travelling(&desk.engine, &purchase));
    purchase = (struct engine_purchase){.distance = 5000};
    assert_false(engine_asks_travelling(&desk.engine, &purchase));
    desk_release(&desk);
    desk_init_rule(&desk, RULE_SLIDING, 100, 2, 0);
    purchase = (struct engine_purchase){.has_distance = true, .distance = (double)INFINITY};
    assert_false(engine_asks_travelling(&desk.engine, &purchase));
    desk_release(&desk);
}

static void duplicate__raises_none(void **state)
{
    (void)state;
    struct desk desk;
    struct engine_settings settings = one_travel_rule(2000);
    desk_init(&desk, &settings);
    assert_int_equal(take_far(&desk, 100, 1, 7), 0);
    assert_int_equal(take_far(&desk, 100, 9000, 7), 0);
    assert_true(desk.step.duplicate);
    desk_release(&desk);
}

static void capped_purchase__raises_none(void **state)
{
    (void)state;
    struct desk desk;
    struct engine_settings settings = one_travel_rule(2000);
    settings.max_events_per_card = 1;
    desk_init(&desk, &settings);
    assert_int_equal(take_far(&desk, 100, 1, 1), 0);
    assert_int_equal(take_far(&desk, 99, 9000, 2), 0);
    assert_true(desk.step.capped);
    // Older than the horizon, and still older than all of a full card.
    assert_int_equal(take_far(&desk, -99000, 9000, 3), 0);
    desk_release(&desk);
}

static void expired_purchase__is_judged_but_changes_nothing(void **state)
{
    (void)state;
    struct desk desk;
    struct engine_settings settings = one_travel_rule(2000);
    desk_add_rule(&settings, RULE_SLIDING, 100, 2, 0);
    desk_init(&desk, &settings);
    assert_int_equal(take_far(&desk, 1000, 1, 1), 0);
    assert_int_equal(take_far(&desk, 700, 9000, 2), 1);
    assert_alert(&desk, 0, 700, 1);
    assert_int_equal(desk.step.late_rules, 2);
    assert_false(desk.step.changed);
    assert_int_equal(desk.card.event_count, 1);
    assert_int_equal(take_far(&desk, 700, 9000, 1), 0); // the id of a kept one
    assert_int_equal(take_far(&desk, 700, 9000, 2), 1); // what is not kept is not known
    desk_release(&desk);
}

// The bits of what is stored must not move when a rule without state comes or goes.
static void place__counts_rules_with_a_window_alone(void **state)
{
    (void)state;
    struct desk desk;
    struct engine_settings settings = one_travel_rule(2000);
    desk_add_rule(&settings, RULE_SLIDING, 100, 2, 0);
    desk_add_rule(&settings, RULE_TUMBLING, 100, 1, 0);
    desk_init(&desk, &settings);
    desk_take(&desk, 10);
    assert_alert(&desk, 2, 0, 1);
    desk_take(&desk, 20);
    assert_alert(&desk, 1, 10, 2);
    assert_int_equal(card_events(&desk.card)[1].bits, SLOT_BURST(0));
    assert_int_equal(card_counters(&desk.card)[0].bits, 1);
    struct optional_ms later = {true, 100};
    engine_card_prune(&desk.engine, later, &desk.card);
    assert_int_equal(desk.card.counter_count, 0);
    desk_release(&desk);
}

static void alerts__come_in_the_order_of_the_rules(void **state)
{
    (void)state;
    struct desk desk;
    struct engine_settings settings = desk_settings();
    desk_add_rule(&settings, RULE_SLIDING, 100, 2, 0);
    settings.rules[settings.rule_count++] =
        (struct rule){.kind = RULE_TRAVEL, .min_distance = 2000};
    desk_add_rule(&settings, RULE_SLIDING, 50, 2, 0);
    desk_init(&desk, &settings);
    desk_take(&desk, 10);
    assert_int_equal(take_far(&desk, 20, 2000, 1), 3);
    assert_nth_alert(&desk, 0, 0, 10, 2);
    assert_nth_alert(&desk, 1, 1, 20, 1);
    assert_nth_alert(&desk, 2, 2, 10, 2);
    desk_release(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(far_purchase__raises_an_alert_of_its_own_time),
        cmocka_unit_test(travelling_card__raises_none),
        cmocka_unit_test(flag__is_asked_for_where_it_decides_alone),
        cmocka_unit_test(duplicate__raises_none),
        cmocka_unit_test(capped_purchase__raises_none),
        cmocka_unit_test(expired_purchase__is_judged_but_changes_nothing),
        cmocka_unit_test(place__counts_rules_with_a_window_alone),
        cmocka_unit_test(alerts__come_in_the_order_of_the_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
