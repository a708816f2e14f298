// SPDX-License-Identifier: Apache-2.0
// Tumbling rules, worked by hand.
#include "engine/tumbling.h"

#include "lib/engine_desk.h"

static void tumbling__raises_when_the_count_becomes_the_threshold(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_TUMBLING, 60000, 3, 0);
    assert_int_equal(desk_take(&desk, 120000), 0);
    assert_int_equal(desk_take(&desk, 150000), 0);
    assert_int_equal(desk_take(&desk, 179999), 1);
    assert_alert(&desk, 0, 120000, 3);
    assert_true(desk.step.alerts[0].detected_at_ms == 179999);
    assert_int_equal(desk_take(&desk, 179999), 0);
    desk_release(&desk);
}

static void tumbling__starts_anew_in_each_window(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_TUMBLING, 60000, 3, 0);
    desk_take(&desk, 119998);
    desk_take(&desk, 119999);
    assert_int_equal(desk_take(&desk, 120000), 0);
    desk_take(&desk, 120001);
    assert_int_equal(desk_take(&desk, 120002), 1);
    assert_alert(&desk, 0, 120000, 3);
    desk_release(&desk);
}

static void tumbling__raises_at_once_with_a_threshold_of_one(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_TUMBLING, 10, 1, 0);
    assert_int_equal(desk_take(&desk, 25), 1);
    assert_alert(&desk, 0, 20, 1);
    assert_int_equal(desk_take(&desk, 26), 0);
    desk_release(&desk);
}

static void tumbling__rounds_towards_the_past_below_zero(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_TUMBLING, 10, 2, 0);
    desk_take(&desk, -10);
    assert_int_equal(desk_take(&desk, -1), 1);
    assert_alert(&desk, 0, -10, 2);
    desk_take(&desk, 0);
    assert_int_equal(desk_take(&desk, 9), 1);
    assert_alert(&desk, 0, 0, 2);
    desk_release(&desk);
}

static void tumbling__takes_purchases_until_the_window_has_closed(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_TUMBLING, 100, 2, 0);
    desk_take(&desk, 100);
    desk_take_elsewhere(&desk, 199);
    assert_int_equal(desk_take(&desk, 150), 1);
    desk_take_elsewhere(&desk, 200);
    desk_take(&desk, 199); // its end, 200, is not behind stream time
    assert_int_equal(desk.step.late_rules, 1);
    desk_release(&desk);
}

static void tumbling__keeps_windows_open_through_the_grace(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_TUMBLING, 100, 3, 50);
    desk_take(&desk, 100);
    desk_take(&desk, 249); // another window; the first closes at 250
    desk_take(&desk, 120);
    assert_int_equal(desk.step.late_rules, 0);
    assert_int_equal(desk_take(&desk, 199), 1);
    assert_alert(&desk, 0, 100, 3);
    desk_take(&desk, 250);
    desk_take(&desk, 199);
    assert_int_equal(desk.step.late_rules, 1);
    desk_release(&desk);
}

static void tumbling__counts_past_the_cap(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    settings.max_events_per_card = 2;
    desk_add_rule(&settings, RULE_TUMBLING, 100, 5, 0);
    struct desk desk;
    desk_init(&desk, &settings);
    for (int64_t t = 0; t < 4; t++)
        assert_int_equal(desk_take(&desk, t), 0);
    assert_int_equal(desk.card.event_count, 2);
    assert_int_equal(desk_take(&desk, 4), 1);
    assert_alert(&desk, 0, 0, 5);
    desk_release(&desk);
}

static void tumbling__drops_counters_of_closed_windows(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_TUMBLING, 10, 2, 20);
    for (int64_t t = 0; t < 10000; t += 3) {
        desk_take(&desk, t);
        assert_in_range(desk.card.counter_count, 1, 20 / 10 + 2);
    }
    desk_release(&desk);
}

static void tumbling__clamps_the_start_of_the_first_window_of_time(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_TUMBLING, 60000, 2, 0);
    desk_take(&desk, INT64_MIN);
    assert_int_equal(desk_take(&desk, INT64_MIN + 1), 1);
    assert_alert(&desk, 0, INT64_MIN, 2);
    desk_release(&desk);
}

static void tumbling__counts_in_the_last_window_of_time(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_TUMBLING, 60000, 2, 0);
    desk_take(&desk, INT64_MAX);
    assert_int_equal(desk_take(&desk, INT64_MAX - 1), 1);
    assert_alert(&desk, 0, INT64_MAX - INT64_MAX % 60000, 2);
    desk_release(&desk);
}

static void counter_closed__needs_the_end_to_be_at_stream_time_less_grace(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_TUMBLING, 100, 2, 50);
    struct slot counter = {.time_ms = 1, .id = 1, .bits = 0}; // [100, 200)
    assert_false(tumbling_counter_closed(&desk.engine, &counter, 249));
    assert_true(tumbling_counter_closed(&desk.engine, &counter, 250));
    counter.time_ms = -1; // [-100, 0)
    assert_false(tumbling_counter_closed(&desk.engine, &counter, 49));
    assert_true(tumbling_counter_closed(&desk.engine, &counter, 50));
    assert_false(tumbling_counter_closed(&desk.engine, &counter, INT64_MIN));
    desk_release(&desk);
}

static void counter_closed__takes_counters_of_no_rule_for_dead(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 2, 0);
    struct slot counter = {.time_ms = INT64_MAX, .id = 1, .bits = 0};
    assert_true(tumbling_counter_closed(&desk.engine, &counter, 0));
    counter.bits = 1;
    assert_true(tumbling_counter_closed(&desk.engine, &counter, 0));
    desk_release(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tumbling__raises_when_the_count_becomes_the_threshold),
        cmocka_unit_test(tumbling__starts_anew_in_each_window),
        cmocka_unit_test(tumbling__raises_at_once_with_a_threshold_of_one),
        cmocka_unit_test(tumbling__rounds_towards_the_past_below_zero),
        cmocka_unit_test(tumbling__takes_purchases_until_the_window_has_closed),
        cmocka_unit_test(tumbling__keeps_windows_open_through_the_grace),
        cmocka_unit_test(tumbling__counts_past_the_cap),
        cmocka_unit_test(tumbling__drops_counters_of_closed_windows),
        cmocka_unit_test(tumbling__clamps_the_start_of_the_first_window_of_time),
        cmocka_unit_test(tumbling__counts_in_the_last_window_of_time),
        cmocka_unit_test(counter_closed__needs_the_end_to_be_at_stream_time_less_grace),
        cmocka_unit_test(counter_closed__takes_counters_of_no_rule_for_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
