// SPDX-License-Identifier: Apache-2.0
// Which purchases a card keeps, and what that makes of others: expired, duplicate or capped. Worked
// by hand.
#include "lib/engine_desk.h"

// ---- kept purchases

static void kept__ends_at_stream_time_less_the_horizon(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 3, 30); // H = 230
    desk_take_elsewhere(&desk, 1000);
    desk_take(&desk, 771);
    assert_true(desk.step.changed);
    desk_take(&desk, 770);
    assert_false(desk.step.changed);
    assert_int_equal(desk.step.late_rules, 1);
    assert_int_equal(desk.card.event_count, 1);
    desk_release(&desk);
}

static void horizon__is_that_of_the_rule_that_looks_back_furthest(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    struct desk desk;
    desk_init(&desk, &settings);
    assert_int_equal(desk.engine.horizon_ms, 60000);
    desk_release(&desk);

    desk_add_rule(&settings, RULE_SLIDING, 100, 3, 5);
    desk_add_rule(&settings, RULE_TUMBLING, 1000, 3, 7);
    desk_add_rule(&settings, RULE_SLIDING, 10, 3, 1900);
    desk_init(&desk, &settings);
    assert_int_equal(desk.engine.horizon_ms, 2007);
    desk_release(&desk);
}

static void expired__is_late_for_every_rule_and_changes_nothing(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    desk_add_rule(&settings, RULE_SLIDING, 100, 2, 0);
    desk_add_rule(&settings, RULE_TUMBLING, 100, 1, 0);
    struct desk desk;
    desk_init(&desk, &settings);
    desk_take_elsewhere(&desk, 1000);
    assert_int_equal(desk_take_id(&desk, 800, 1), 0);
    assert_int_equal(desk.step.late_rules, 3);
    assert_false(desk.step.changed);
    assert_true(card_is_empty(&desk.card));
    desk_release(&desk);
}

// ---- duplicates

static void duplicate__changes_nothing_for_every_rule(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    desk_add_rule(&settings, RULE_SLIDING, 100, 2, 0);
    desk_add_rule(&settings, RULE_TUMBLING, 100, 2, 0);
    struct desk desk;
    desk_init(&desk, &settings);
    desk_take_id(&desk, 10, 7);
    assert_int_equal(desk_take_id(&desk, 20, 7), 0);
    assert_true(desk.step.duplicate);
    assert_false(desk.step.changed);
    assert_int_equal(desk.step.late_rules, 0);
    assert_int_equal(desk.card.event_count, 1);
    assert_int_equal(desk_take_id(&desk, 30, 8), 2);
    assert_nth_alert(&desk, 0, 0, 10, 2);
    assert_nth_alert(&desk, 1, 1, 0, 2);
    desk_release(&desk);
}

static void duplicate__is_told_by_a_late_purchase_too(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 2, 0);
    desk_take_elsewhere(&desk, 1000);
    desk_take_id(&desk, 850, 7);
    assert_int_equal(desk.step.late_rules, 1);
    desk_take_id(&desk, 1000, 7);
    assert_true(desk.step.duplicate);
    desk_release(&desk);
}

static void duplicate__needs_an_id(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 3, 0);
    desk_take(&desk, 10); // its id field is 0, but it has none
    desk_take_id(&desk, 20, 0);
    assert_false(desk.step.duplicate);
    assert_int_equal(desk_take(&desk, 30), 1);
    assert_false(desk.step.duplicate);
    desk_release(&desk);
}

static void duplicate__is_forgotten_when_the_cap_has_dropped_the_original(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    settings.max_events_per_card = 2;
    desk_add_rule(&settings, RULE_SLIDING, 100, 2, 0);
    struct desk desk;
    desk_init(&desk, &settings);
    desk_take_id(&desk, 10, 1);
    desk_take_id(&desk, 20, 2);
    desk_take_id(&desk, 30, 3);
    desk_take_id(&desk, 40, 1);
    assert_false(desk.step.duplicate);
    desk_take_id(&desk, 50, 3);
    assert_true(desk.step.duplicate);
    desk_release(&desk);
}

static void dedupe__can_be_turned_off_and_then_stores_no_ids(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    settings.dedupe = false;
    desk_add_rule(&settings, RULE_SLIDING, 100, 2, 0);
    struct desk desk;
    desk_init(&desk, &settings);
    desk_take_id(&desk, 10, 7);
    assert_int_equal(desk_take_id(&desk, 10, 7), 1);
    assert_true((card_events(&desk.card)[0].bits & SLOT_HAS_ID) == 0);
    desk_release(&desk);
}

// ---- the cap

static void capped__is_what_is_older_than_all_of_a_full_card(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    settings.max_events_per_card = 2;
    desk_add_rule(&settings, RULE_SLIDING, 1000, 2, 0);
    desk_add_rule(&settings, RULE_TUMBLING, 1000, 3, 0);
    struct desk desk;
    desk_init(&desk, &settings);
    desk_take_id(&desk, 10, 1);
    desk_take_id(&desk, 20, 2);
    assert_int_equal(desk_take_id(&desk, 9, 3), 0); // for the tumbling rule, too
    assert_true(desk.step.capped);
    assert_false(desk.step.changed);
    assert_int_equal(desk.step.late_rules, 0);
    desk_release(&desk);
}

static void capped__is_not_what_ties_with_the_oldest(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    settings.max_events_per_card = 2;
    desk_add_rule(&settings, RULE_SLIDING, 1000, 2, 0);
    struct desk desk;
    desk_init(&desk, &settings);
    desk_take_id(&desk, 10, 1);
    desk_take_id(&desk, 20, 2);
    desk_take_id(&desk, 10, 3);
    assert_false(desk.step.capped);
    assert_int_equal(desk.card.event_count, 2);
    assert_int_equal(card_events(&desk.card)[0].id, 3); // by offset the later one is newer
    desk_release(&desk);
}

static void capped__counts_kept_purchases_alone(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    settings.max_events_per_card = 2;
    desk_add_rule(&settings, RULE_SLIDING, 100, 2, 0);
    struct desk desk;
    desk_init(&desk, &settings);
    desk_take(&desk, 1000);
    desk_take(&desk, 1100);
    desk_take_elsewhere(&desk, 1200); // 1000 is not kept any more, 1100 is
    desk_take(&desk, 1050);
    assert_false(desk.step.capped);
    assert_int_equal(desk.card.event_count, 2);
    desk_release(&desk);
}

static void cap__of_one_keeps_the_newest(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    settings.max_events_per_card = 1;
    desk_add_rule(&settings, RULE_TUMBLING, 100, 2, 0);
    struct desk desk;
    desk_init(&desk, &settings);
    desk_take(&desk, 10);
    assert_int_equal(desk_take(&desk, 10), 1);
    desk_take(&desk, 9);
    assert_true(desk.step.capped);
    assert_int_equal(desk.card.event_count, 1);
    desk_release(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept__ends_at_stream_time_less_the_horizon),
        cmocka_unit_test(horizon__is_that_of_the_rule_that_looks_back_furthest),
        cmocka_unit_test(expired__is_late_for_every_rule_and_changes_nothing),
        cmocka_unit_test(duplicate__changes_nothing_for_every_rule),
        cmocka_unit_test(duplicate__is_told_by_a_late_purchase_too),
        cmocka_unit_test(duplicate__needs_an_id),
        cmocka_unit_test(duplicate__is_forgotten_when_the_cap_has_dropped_the_original),
        cmocka_unit_test(dedupe__can_be_turned_off_and_then_stores_no_ids),
        cmocka_unit_test(capped__is_what_is_older_than_all_of_a_full_card),
        cmocka_unit_test(capped__is_not_what_ties_with_the_oldest),
        cmocka_unit_test(capped__counts_kept_purchases_alone),
        cmocka_unit_test(cap__of_one_keeps_the_newest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
