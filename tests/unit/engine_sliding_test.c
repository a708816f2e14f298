// SPDX-License-Identifier: Apache-2.0
// Sliding rules, worked by hand: one test for each sentence of what they promise.
#include "lib/engine_desk.h"

static void sliding__raises_at_the_third_purchase_inside_the_window(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 60000, 3, 0);
    assert_int_equal(desk_take(&desk, 1000), 0);
    assert_int_equal(desk_take(&desk, 30000), 0);
    assert_int_equal(desk_take(&desk, 60999), 1);
    assert_alert(&desk, 0, 1000, 3);
    assert_true(desk.step.alerts[0].detected_at_ms == 60999);
    desk_release(&desk);
}

static void sliding__counts_nothing_exactly_one_window_ago(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 60000, 3, 0);
    desk_take(&desk, 1000);
    desk_take(&desk, 30000);
    assert_int_equal(desk_take(&desk, 61000), 0);
    assert_int_equal(desk_take(&desk, 61001), 1);
    assert_alert(&desk, 0, 30000, 3);
    desk_release(&desk);
}

static void sliding__raises_one_alert_for_a_whole_burst(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 3, 0);
    desk_take(&desk, 0);
    desk_take(&desk, 10);
    assert_int_equal(desk_take(&desk, 20), 1);
    for (int64_t t = 30; t < 1000; t += 10)
        assert_int_equal(desk_take(&desk, t), 0);
    desk_release(&desk);
}

static void sliding__raises_again_when_a_burst_has_ended(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 3, 0);
    desk_take(&desk, 0);
    desk_take(&desk, 10);
    assert_int_equal(desk_take(&desk, 20), 1);
    assert_int_equal(desk_take(&desk, 115), 0); // level 2: 20 and 115
    assert_int_equal(desk_take(&desk, 119), 1); // a new burst: 20, 115 and 119
    assert_alert(&desk, 0, 20, 3);
    desk_release(&desk);
}

static void sliding__keeps_the_burst_going_while_levels_hold(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 2, 0);
    desk_take(&desk, 0);
    assert_int_equal(desk_take(&desk, 99), 1);
    assert_int_equal(desk_take(&desk, 198), 0); // with 99 inside its window: the same burst
    assert_int_equal(desk_take(&desk, 298), 0); // level 1: the burst is over
    assert_int_equal(desk_take(&desk, 299), 1);
    assert_alert(&desk, 0, 298, 2);
    desk_release(&desk);
}

static void sliding__orders_ties_by_offset(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 1, 3, 0);
    desk_take(&desk, 5);
    desk_take(&desk, 5);
    assert_int_equal(desk_take(&desk, 5), 1);
    assert_alert(&desk, 0, 5, 3);
    assert_int_equal(desk_take(&desk, 5), 0);
    desk_release(&desk);
}

static void sliding__lets_a_late_joiner_complete_a_burst(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 3, 0);
    desk_take(&desk, 1000);
    desk_take(&desk, 1090);
    assert_int_equal(desk_take(&desk, 1050), 1); // 1090 has level 3 now, 1050 has 2
    assert_alert(&desk, 0, 1000, 3);
    assert_true(desk.step.alerts[0].detected_at_ms == 1050);
    desk_release(&desk);
}

static void sliding__raises_nothing_when_a_joiner_extends_an_alerted_burst(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 3, 0);
    desk_take(&desk, 1000);
    desk_take(&desk, 1010);
    assert_int_equal(desk_take(&desk, 1020), 1);
    assert_int_equal(desk_take(&desk, 1005), 0); // 1010 joins at the front
    assert_int_equal(desk_take(&desk, 1015), 0); // in the middle
    desk_release(&desk);
}

static void sliding__raises_nothing_when_a_joiner_merges_with_an_alerted_burst(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 3, 1000);
    desk_take(&desk, 0);
    desk_take(&desk, 10);
    assert_int_equal(desk_take(&desk, 20), 1);
    desk_take(&desk, 115); // level 2
    assert_int_equal(desk_take(&desk, 119), 1);
    // 30 has level 4 and 115 level 3: both bursts and the bridge between them are one
    assert_int_equal(desk_take(&desk, 30), 0);
    desk_release(&desk);
}

static void sliding__raises_one_alert_for_each_burst_that_an_insertion_makes(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 3, 1000);
    desk_take(&desk, 0);
    desk_take(&desk, 60);  // level 2, and 3 with the joiner
    desk_take(&desk, 100); // level 2 (60), and 3
    desk_take(&desk, 145); // level 3: 60, 100, 145
    assert_int_equal(desk.step.alert_count, 1);
    // the joiner is seen by 60 and 100 as well, next to 145: one run, alerted
    assert_int_equal(desk_take(&desk, 50), 0);
    desk_release(&desk);

    desk_init_rule(&desk, RULE_SLIDING, 100, 4, 1000);
    desk_take(&desk, 0);
    desk_take(&desk, 10);
    desk_take(&desk, 60);  // level 3, with the joiner 4
    desk_take(&desk, 105); // level 3 (10, 60), with the joiner 4
    desk_take(&desk, 135); // level 3 (60, 105), with the joiner 4
    assert_int_equal(desk_take(&desk, 50), 1);
    assert_alert(&desk, 0, 0, 4);
    desk_release(&desk);
}

static void sliding__raises_several_alerts_in_event_time_order(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 4, 1000);
    desk_take(&desk, 0);
    desk_take(&desk, 10);
    desk_take(&desk, 60);  // level 3, with the joiner 4: the first burst
    desk_take(&desk, 115); // level 2 (60), with the joiner 3: a gap
    desk_take(&desk, 145); // level 3 (60, 115), with the joiner 4: the second burst
    assert_int_equal(desk_take(&desk, 50), 2);
    assert_nth_alert(&desk, 0, 0, 0, 4);
    assert_nth_alert(&desk, 1, 0, 50, 4);
    desk_release(&desk);
}

static void sliding__leaves_out_what_was_late_when_it_came_for_ever(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 3, 0);
    desk_take(&desk, 1000);
    assert_int_equal(desk_take(&desk, 900), 0); // 900 + 100 <= 1000: late
    assert_int_equal(desk.step.late_rules, 1);
    assert_true(desk.step.changed); // kept all the same
    assert_int_equal(desk_take(&desk, 901), 0);
    assert_int_equal(desk.step.late_rules, 0);
    // 901's level is 1 without the late one, 1000's is 2; 950 makes them 1, 2, 3
    assert_int_equal(desk_take(&desk, 950), 1);
    assert_alert(&desk, 0, 901, 3);
    desk_release(&desk);
}

static void sliding__looks_past_late_purchases_to_the_neighbours_in_the_order(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 2, 0);
    desk_take(&desk, 840);
    assert_int_equal(desk_take(&desk, 900), 1);
    desk_take_elsewhere(&desk, 1020);
    desk_take(&desk, 910);
    assert_int_equal(desk.step.late_rules, 1);
    assert_int_equal(desk_take(&desk, 990), 0); // next to 900 in the order: the same burst
    desk_release(&desk);
}

static void sliding__takes_no_timestamp_from_a_late_purchase(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 3, 0);
    desk_take(&desk, 880);
    desk_take(&desk, 985);
    desk_take(&desk, 990);
    desk_take_elsewhere(&desk, 1000);
    desk_take(&desk, 900);
    assert_int_equal(desk.step.late_rules, 1);
    assert_int_equal(desk_take(&desk, 950), 1); // levels: 950 has 2, 985 has 2, 990 has 3
    assert_alert(&desk, 0, 950, 3);
    desk_release(&desk);
}

static void sliding__waits_for_the_disorder_that_the_grace_allows(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 2, 50);
    desk_take(&desk, 1000);
    desk_take(&desk, 850); // 850 + 100 <= 1000 - 50
    assert_int_equal(desk.step.late_rules, 1);
    desk_take(&desk, 851);
    assert_int_equal(desk.step.late_rules, 0);
    assert_int_equal(desk_take(&desk, 852), 1);
    assert_alert(&desk, 0, 851, 2);
    desk_release(&desk);
}

static void sliding__sees_the_whole_window_of_the_oldest_purchase_in_time(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 100, 3, 0);
    desk_take(&desk, 10000);
    desk_take(&desk, 10050);
    desk_take_elsewhere(&desk, 10148);
    // 10049 is just not late, and its window begins just behind ST - 2W
    assert_int_equal(desk_take(&desk, 10049), 1);
    assert_alert(&desk, 0, 10000, 3);
    desk_release(&desk);
}

static void sliding__keeps_bursts_marked_when_the_cap_lowers_their_levels(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    settings.max_events_per_card = 3;
    desk_add_rule(&settings, RULE_SLIDING, 100, 3, 0);
    struct desk desk;
    desk_init(&desk, &settings);
    desk_take(&desk, 0);
    desk_take(&desk, 1);
    assert_int_equal(desk_take(&desk, 2), 1);
    for (int64_t t = 3; t < 50; t++)
        assert_int_equal(desk_take(&desk, t), 0);
    desk_release(&desk);
}

static void sliding__counts_after_the_oldest_was_dropped(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    settings.max_events_per_card = 3;
    desk_add_rule(&settings, RULE_SLIDING, 100, 3, 1000);
    struct desk desk;
    desk_init(&desk, &settings);
    desk_take(&desk, 0);
    desk_take(&desk, 60);
    desk_take(&desk, 110);                     // level 2
    assert_int_equal(desk_take(&desk, 30), 1); // 0 goes; 30, 60, 110
    assert_alert(&desk, 0, 30, 3);
    desk_release(&desk);
}

static void sliding__works_at_both_ends_of_time(void **state)
{
    (void)state;
    const int64_t starts_ms[] = {INT64_MIN,
                                 INT64_MIN + 1,
                                 -2,
                                 INT64_C(-9223372036832400000),
                                 INT64_C(9223372036825200000),
                                 INT64_MAX - 2};
    for (size_t i = 0; i < sizeof(starts_ms) / sizeof(starts_ms[0]); i++) {
        struct desk desk;
        desk_init_rule(&desk, RULE_SLIDING, 60000, 3, 60000);
        assert_int_equal(desk_take(&desk, starts_ms[i]), 0);
        assert_int_equal(desk_take(&desk, starts_ms[i] + 2), 0);
        assert_int_equal(desk_take(&desk, starts_ms[i] + 1), 1);
        assert_alert(&desk, 0, starts_ms[i], 3);
        desk_release(&desk);
    }
}

static void sliding__tells_the_ends_of_time_apart(void **state)
{
    (void)state;
    struct desk desk;
    desk_init_rule(&desk, RULE_SLIDING, 60000, 2, 0);
    desk_take(&desk, INT64_MIN);
    assert_int_equal(desk_take(&desk, INT64_MAX), 0);
    assert_int_equal(desk_take(&desk, INT64_MIN), 0);
    assert_int_equal(desk.step.late_rules, 1);
    assert_int_equal(desk_take(&desk, INT64_MAX), 1);
    assert_alert(&desk, 0, INT64_MAX, 2);
    desk_release(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sliding__raises_at_the_third_purchase_inside_the_window),
        cmocka_unit_test(sliding__counts_nothing_exactly_one_window_ago),
        cmocka_unit_test(sliding__raises_one_alert_for_a_whole_burst),
        cmocka_unit_test(sliding__raises_again_when_a_burst_has_ended),
        cmocka_unit_test(sliding__keeps_the_burst_going_while_levels_hold),
        cmocka_unit_test(sliding__orders_ties_by_offset),
        cmocka_unit_test(sliding__lets_a_late_joiner_complete_a_burst),
        cmocka_unit_test(sliding__raises_nothing_when_a_joiner_extends_an_alerted_burst),
        cmocka_unit_test(sliding__raises_nothing_when_a_joiner_merges_with_an_alerted_burst),
        cmocka_unit_test(sliding__raises_one_alert_for_each_burst_that_an_insertion_makes),
        cmocka_unit_test(sliding__raises_several_alerts_in_event_time_order),
        cmocka_unit_test(sliding__leaves_out_what_was_late_when_it_came_for_ever),
        cmocka_unit_test(sliding__looks_past_late_purchases_to_the_neighbours_in_the_order),
        cmocka_unit_test(sliding__takes_no_timestamp_from_a_late_purchase),
        cmocka_unit_test(sliding__waits_for_the_disorder_that_the_grace_allows),
        cmocka_unit_test(sliding__sees_the_whole_window_of_the_oldest_purchase_in_time),
        cmocka_unit_test(sliding__keeps_bursts_marked_when_the_cap_lowers_their_levels),
        cmocka_unit_test(sliding__counts_after_the_oldest_was_dropped),
        cmocka_unit_test(sliding__works_at_both_ends_of_time),
        cmocka_unit_test(sliding__tells_the_ends_of_time_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
