// SPDX-License-Identifier: Apache-2.0
// What happens to a purchase before and besides the rules, worked by hand.
#include "lib/engine_desk.h"

static struct optional_ms at(int64_t ms)
{
    return (struct optional_ms){.known = true, .ms = ms};
}

static const struct optional_ms never = {0};

// ---- event time

static void event_time__is_the_purchases_own_timestamp(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 60000, 3, 0);
    int64_t ms = 0;
    assert_int_equal(engine_event_time(&desk.engine, at(50), at(7), at(9), &ms), TIME_TAKEN);
    assert_int_equal(ms, 7);
    desk_release(&desk);
}

static void event_time__falls_back_to_stream_time_then_to_the_message(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 60000, 3, 0);
    int64_t ms = 0;
    assert_int_equal(engine_event_time(&desk.engine, at(50), never, at(9), &ms), TIME_TAKEN);
    assert_int_equal(ms, 50);
    assert_int_equal(engine_event_time(&desk.engine, never, never, at(9), &ms), TIME_TAKEN);
    assert_int_equal(ms, 9);
    assert_int_equal(engine_event_time(&desk.engine, never, never, never, &ms), TIME_MISSING);
    desk_release(&desk);
}

static void event_time__guards_against_clocks_that_run_ahead(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 60000, 3, 0);
    int64_t ms = 0;
    assert_int_equal(engine_event_time(&desk.engine, never, at(3600100), at(100), &ms), TIME_TAKEN);
    assert_int_equal(engine_event_time(&desk.engine, never, at(3600101), at(100), &ms),
                     TIME_FUTURE);
    assert_int_equal(engine_event_time(&desk.engine, never, at(INT64_MAX), at(INT64_MIN), &ms),
                     TIME_FUTURE);
    assert_int_equal(engine_event_time(&desk.engine, never, at(INT64_MAX), at(INT64_MAX - 5), &ms),
                     TIME_TAKEN);
    assert_int_equal(ms, INT64_MAX);
    // no message timestamp: no guard; a substitute needs none
    assert_int_equal(engine_event_time(&desk.engine, never, at(INT64_MAX), never, &ms), TIME_TAKEN);
    assert_int_equal(engine_event_time(&desk.engine, at(INT64_MAX), never, at(0), &ms), TIME_TAKEN);
    desk_release(&desk);
}

// ---- stream time

static void stream_time__is_the_highest_event_time_so_far(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 3, 0);
    assert_false(desk.stream_time.known);
    desk_take(&desk, INT64_MIN);
    assert_true(desk.stream_time.known);
    assert_true(desk.stream_time.ms == INT64_MIN);
    desk_take(&desk, 500);
    desk_take(&desk, 400);
    assert_int_equal(desk.stream_time.ms, 500);
    desk_release(&desk);
}

static void stream_time__moves_with_the_current_purchase_before_it_is_judged(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 3, 0);
    desk_take_id(&desk, 1000, 7);
    // at ST = 1200 the first is no longer kept (H = 200), so this one is no duplicate
    desk_take_id(&desk, 1200, 7);
    assert_false(desk.step.duplicate);
    assert_true(desk.step.changed);
    desk_release(&desk);
}

static void stream_time__moves_with_a_duplicate(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 3, 0);
    desk_take_id(&desk, 1000, 7);
    desk_take_id(&desk, 1199, 7);
    assert_true(desk.step.duplicate);
    assert_int_equal(desk.stream_time.ms, 1199);
    desk_release(&desk);
}

// ---- offsets

static void already_counted__moves_stream_time_alone(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    settings.track_offsets = true;
    desk_add_rule(&settings, RULE_SLIDING, 100, 2, 0);
    struct desk desk;
    desk_init(&desk, &settings);
    struct engine_purchase purchase = {.event_time_ms = 10, .offset = 5};
    desk_put(&desk, &purchase);
    assert_int_equal(desk.card.newest_offset, 5);
    purchase.event_time_ms = 20;
    desk_put(&desk, &purchase);
    assert_true(desk.step.already_counted);
    assert_false(desk.step.changed);
    assert_int_equal(desk.stream_time.ms, 20);
    assert_int_equal(desk.step.alert_count, 0);
    purchase.offset = 6;
    desk_put(&desk, &purchase);
    assert_int_equal(desk.step.alert_count, 1);
    assert_int_equal(desk.card.newest_offset, 6);
    desk_release(&desk);
}

static void offsets__are_not_tracked_under_exactly_once_but_a_mark_is_honoured(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 2, 0);
    desk_take(&desk, 10);
    assert_int_equal(desk.card.newest_offset, -1);
    desk.card.newest_offset = 100; // the service ran at least once before
    desk_take(&desk, 20);
    assert_true(desk.step.already_counted);
    desk_release(&desk);
}

static void offsets__are_marked_by_what_changes_nothing_else(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    settings.track_offsets = true;
    desk_add_rule(&settings, RULE_SLIDING, 100, 2, 0);
    struct desk desk;
    desk_init(&desk, &settings);
    desk_take_id(&desk, 1000, 1);
    desk_take_id(&desk, 1001, 1);
    assert_true(desk.step.duplicate);
    assert_false(desk.step.changed);
    assert_int_equal(desk.card.newest_offset, 1);
    desk_take_id(&desk, 1, 2);
    assert_false(desk.step.changed);
    assert_int_equal(desk.card.newest_offset, 2);
    desk_release(&desk);
}

// ---- several rules

static void alerts__come_in_the_order_of_the_rules(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    desk_add_rule(&settings, RULE_TUMBLING, 100, 3, 0);
    desk_add_rule(&settings, RULE_SLIDING, 100, 3, 0);
    desk_add_rule(&settings, RULE_SLIDING, 50, 2, 0);
    struct desk desk;
    desk_init(&desk, &settings);
    desk_take(&desk, 30);
    desk_take(&desk, 99);
    assert_int_equal(desk_take(&desk, 70), 3);
    assert_nth_alert(&desk, 0, 0, 0, 3);
    assert_nth_alert(&desk, 1, 1, 30, 3);
    assert_nth_alert(&desk, 2, 2, 30, 2);
    desk_release(&desk);
}

static void lateness__is_each_rules_own(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    desk_add_rule(&settings, RULE_SLIDING, 100, 2, 0);
    desk_add_rule(&settings, RULE_SLIDING, 100, 2, 100);
    desk_add_rule(&settings, RULE_TUMBLING, 100, 2, 0);
    desk_add_rule(&settings, RULE_TUMBLING, 1000, 2, 0);
    struct desk desk;
    desk_init(&desk, &settings);
    desk_take(&desk, 850);
    desk_take_elsewhere(&desk, 950);
    assert_int_equal(desk_take(&desk, 850), 2);
    assert_int_equal(desk.step.late_rules, 1 << 0 | 1 << 2);
    assert_nth_alert(&desk, 0, 1, 850, 2);
    assert_nth_alert(&desk, 1, 3, 0, 2);
    assert_true((card_events(&desk.card)[1].bits & SLOT_LATE(0)) != 0);
    assert_true((card_events(&desk.card)[1].bits & SLOT_LATE(1)) == 0);
    desk_release(&desk);
}

// ---- pruning

static void prune__removes_what_cannot_matter_and_nothing_else(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    desk_add_rule(&settings, RULE_SLIDING, 50, 2, 0);
    desk_add_rule(&settings, RULE_TUMBLING, 10, 2, 20);
    struct desk desk;
    desk_init(&desk, &settings); // H = 100
    for (int64_t t = 0; t < 100; t += 10)
        desk_take(&desk, t);
    engine_card_prune(&desk.engine, desk.stream_time, &desk.card);
    assert_int_equal(desk.card.event_count, 10);
    desk_take_elsewhere(&desk, 105);
    engine_card_prune(&desk.engine, desk.stream_time, &desk.card);
    assert_int_equal(desk.card.event_count, 9);   // those after 5
    assert_int_equal(desk.card.counter_count, 2); // [80, 90) and [90, 100)
    assert_false(engine_card_expired(&desk.engine, desk.stream_time, &desk.card));
    desk_take_elsewhere(&desk, 1000);
    assert_true(engine_card_expired(&desk.engine, desk.stream_time, &desk.card));
    engine_card_prune(&desk.engine, desk.stream_time, &desk.card);
    assert_true(card_is_empty(&desk.card));
    assert_int_equal(card_spilled_bytes(&desk.card), 0);
    desk_release(&desk);
}

static void prune__does_nothing_before_there_is_a_stream_time(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 2, 0);
    assert_true(engine_card_expired(&desk.engine, never, &desk.card));
    card_insert_event(&desk.card, 0)->time_ms = INT64_MIN;
    engine_card_prune(&desk.engine, never, &desk.card);
    assert_int_equal(desk.card.event_count, 1);
    assert_false(engine_card_expired(&desk.engine, never, &desk.card));
    desk_release(&desk);
}

static void expired__waits_for_the_card_s_open_windows(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    settings.max_events_per_card = 1;
    desk_add_rule(&settings, RULE_TUMBLING, 100, 2, 0); // H = 200
    struct desk desk;
    desk_init(&desk, &settings);
    desk_take(&desk, 1000);
    card_drop_oldest(&desk.card, 1);
    assert_false(engine_card_expired(&desk.engine, at(1099), &desk.card));
    assert_true(engine_card_expired(&desk.engine, at(1100), &desk.card));
    desk_release(&desk);
}

static void step__takes_cards_whose_purchases_lie_ahead_of_stream_time(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    settings.track_offsets = true;
    desk_add_rule(&settings, RULE_SLIDING, 100, 2, 0);
    struct desk desk;
    desk_init(&desk, &settings);
    desk_take(&desk, INT64_MAX);
    desk.stream_time = at(0); // a restart at least once: cards may be newer than their meta record
    engine_card_prune(&desk.engine, desk.stream_time, &desk.card);
    assert_int_equal(desk.card.event_count, 1);
    assert_false(engine_card_expired(&desk.engine, desk.stream_time, &desk.card));
    desk_take(&desk, INT64_MIN);
    assert_int_equal(desk.step.late_rules, 1);
    desk_release(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_time__is_the_purchases_own_timestamp),
        cmocka_unit_test(event_time__falls_back_to_stream_time_then_to_the_message),
        cmocka_unit_test(event_time__guards_against_clocks_that_run_ahead),
        cmocka_unit_test(stream_time__is_the_highest_event_time_so_far),
        cmocka_unit_test(stream_time__moves_with_the_current_purchase_before_it_is_judged),
        cmocka_unit_test(stream_time__moves_with_a_duplicate),
        cmocka_unit_test(already_counted__moves_stream_time_alone),
        cmocka_unit_test(offsets__are_not_tracked_under_exactly_once_but_a_mark_is_honoured),
        cmocka_unit_test(offsets__are_marked_by_what_changes_nothing_else),
        cmocka_unit_test(alerts__come_in_the_order_of_the_rules),
        cmocka_unit_test(lateness__is_each_rules_own),
        cmocka_unit_test(prune__removes_what_cannot_matter_and_nothing_else),
        cmocka_unit_test(prune__does_nothing_before_there_is_a_stream_time),
        cmocka_unit_test(expired__waits_for_the_card_s_open_windows),
        cmocka_unit_test(step__takes_cards_whose_purchases_lie_ahead_of_stream_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
