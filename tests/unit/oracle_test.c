// SPDX-License-Identifier: Apache-2.0
// The oracle against examples worked by hand: what judges the engine has to be right by itself.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/oracle.h"

// An oracle and the offset of the next purchase.
struct run {
    struct oracle *oracle;
    int64_t offset;
    struct oracle_result result;
};

static struct run run_of(struct oracle_settings settings)
{
    return (struct run){.oracle = oracle_open(&settings)};
}

static void take_id(struct run *run, const char *card, int64_t event_time_ms, int64_t id)
{
    struct oracle_purchase purchase = {
        .card = view_text(card),
        .offset = run->offset++,
        .event_time_ms = event_time_ms,
        .id = id,
        .has_id = id != 0,
    };
    oracle_step(run->oracle, &purchase, &run->result);
}

static void take(struct run *run, const char *card, int64_t event_time_ms)
{
    take_id(run, card, event_time_ms, 0);
}

static void expect_none(const struct run *run)
{
    assert_int_equal(run->result.alert_count, 0);
}

static void expect_alert(const struct run *run, size_t at, int64_t timestamp_ms, uint64_t count)
{
    assert_true(at < run->result.alert_count);
    const struct oracle_alert *alert = &run->result.alerts[at];
    assert_true(alert->timestamp_ms == timestamp_ms);
    assert_true(alert->count == count);
    assert_true(alert->source_offset == run->offset - 1);
}

static struct oracle_settings one_rule(enum oracle_kind kind, int64_t window_ms, int64_t grace_ms,
                                       uint64_t threshold)
{
    struct oracle_settings settings = oracle_settings_default();
    settings.rules[0] = (struct oracle_rule){
        .kind = kind, .window_ms = window_ms, .grace_ms = grace_ms, .threshold = threshold};
    return settings;
}

static void sliding__third_purchase_inside_the_window_alerts_once(void **state)
{
    (void)state;
    struct run run = run_of(oracle_settings_default());
    take(&run, "a", 1000);
    expect_none(&run);
    take(&run, "b", 1500);
    expect_none(&run);
    take(&run, "a", 2000);
    expect_none(&run);
    take(&run, "a", 60999);
    assert_int_equal(run.result.alert_count, 1);
    expect_alert(&run, 0, 1000, 3);
    assert_true(run.result.alerts[0].detected_at_ms == 60999);
    take(&run, "a", 61000); // 2000 60999 61000: the burst goes on
    expect_none(&run);
    oracle_close(run.oracle);
}

static void sliding__exactly_one_window_apart_is_too_far(void **state)
{
    (void)state;
    struct run run = run_of(oracle_settings_default());
    take(&run, "a", 1000);
    take(&run, "a", 2000);
    take(&run, "a", 61000); // 1000 is not > 61000 - 60000
    expect_none(&run);
    oracle_close(run.oracle);
}

static void sliding__a_new_burst_after_a_quiet_purchase_alerts_again(void **state)
{
    (void)state;
    struct run run = run_of(one_rule(ORACLE_SLIDING, 10, 0, 2));
    take(&run, "a", 100);
    take(&run, "a", 105);
    expect_alert(&run, 0, 100, 2);
    take(&run, "a", 115); // 105 is not > 105: level 1 ends the run
    expect_none(&run);
    take(&run, "a", 118);
    expect_alert(&run, 0, 115, 2);
    oracle_close(run.oracle);
}

// The levels that matter stand beside each step.
static void sliding__late_joiners_complete_and_merge_bursts(void **state)
{
    (void)state;
    struct run run = run_of(one_rule(ORACLE_SLIDING, 10, 100, 3));
    take(&run, "a", 100);
    take(&run, "a", 109);
    take(&run, "a", 118);
    expect_none(&run);
    take(&run, "a", 105); // 100 105 109: level(109) = 3, level(118) = 2
    assert_int_equal(run.result.alert_count, 1);
    expect_alert(&run, 0, 100, 3);
    assert_true(run.result.alerts[0].detected_at_ms == 105);
    take(&run, "a", 127); // 118 127: level 2
    expect_none(&run);
    take(&run, "a", 128); // 127: 118 127, 128: 127 128 and not 118: level 2
    expect_none(&run);
    take(&run, "a", 126); // 127: 118 126 127 = 3, 128: 126 127 128 = 3
    assert_int_equal(run.result.alert_count, 1);
    expect_alert(&run, 0, 118, 3);
    take(&run, "a", 117); // 117: 109 117 = 2, 118: 109 117 118 = 3, 126: 117 118 126 = 3: merged
    expect_none(&run);
    oracle_close(run.oracle);
}

// A joiner lifts everything up to a window behind it: unbroken that is one burst, with a purchase
// between that stays below the threshold it is two.
static void sliding__one_insertion_can_raise_two_bursts_in_event_time_order(void **state)
{
    (void)state;
    struct run run = run_of(one_rule(ORACLE_SLIDING, 10, 100, 4));
    // Levels before: 0:1 1:2 2:3 | 10: (1 2 10) 3 | 11: (2 10 11) 3 | 12: (10 11 12) 3 ...
    const int64_t times[] = {0, 1, 2, 10, 11, 12};
    for (size_t i = 0; i < 6; i++) {
        take(&run, "a", times[i]);
        expect_none(&run);
    }
    // 3 joins: 3: (0 1 2 3) 4, 10: (1 2 3 10) 4, 11: (2 3 10 11) 4, 12: (3 10 11 12) 4: one run.
    take(&run, "a", 3);
    assert_int_equal(run.result.alert_count, 1);
    expect_alert(&run, 0, 0, 4);

    // b: 0 1 . 9 12: with threshold 4 the joiner at 2 makes 9: (0 1 2 9) 4; 11: (2 9 11) 3 breaks;
    // 11b: (2 9 11 11b) 4: a second burst.
    const int64_t more[] = {0, 1, 9, 11, 11};
    for (size_t i = 0; i < 5; i++) {
        take(&run, "b", more[i]);
        expect_none(&run);
    }
    take(&run, "b", 2);
    assert_int_equal(run.result.alert_count, 2);
    expect_alert(&run, 0, 0, 4);
    expect_alert(&run, 1, 2, 4);
    oracle_close(run.oracle);
}

static void sliding__lateness_starts_when_the_window_has_passed(void **state)
{
    (void)state;
    struct run run = run_of(one_rule(ORACLE_SLIDING, 10, 5, 2));
    take(&run, "a", 100);
    take(&run, "other", 115); // ST - g = 110
    take(&run, "a", 100);     // 100 + 10 <= 110: late, though it would have made two
    assert_int_equal(run.result.late_rules, 1);
    assert_false(run.result.expired);
    expect_none(&run);
    take(&run, "a", 101); // not late: 100 101
    assert_int_equal(run.result.late_rules, 0);
    expect_alert(&run, 0, 100, 2);
    take(&run, "a", 90); // ST - H = 115 - 25
    assert_true(run.result.expired);
    assert_int_equal(run.result.late_rules, 1);
    take(&run, "a", 91);
    assert_false(run.result.expired);
    assert_int_equal(run.result.late_rules, 1);
    oracle_close(run.oracle);
}

static void duplicates__count_for_nothing_while_the_first_is_kept(void **state)
{
    (void)state;
    struct run run = run_of(one_rule(ORACLE_SLIDING, 10, 0, 2));
    take_id(&run, "a", 100, 7);
    take_id(&run, "b", 101, 7); // another card
    assert_false(run.result.duplicate);
    take_id(&run, "a", 104, 7);
    assert_true(run.result.duplicate);
    expect_none(&run);
    assert_true(oracle_stream_time(run.oracle).ms == 104);
    take(&run, "a", 104); // no id: never a duplicate
    expect_alert(&run, 0, 100, 2);
    take_id(&run, "a", 120, 7); // ST - H = 100: the first is no longer kept
    assert_false(run.result.duplicate);
    oracle_close(run.oracle);
}

// The purchase that moves ST is judged by the ST that it makes itself.
static void duplicates__are_found_by_the_stream_time_they_make(void **state)
{
    (void)state;
    struct run run = run_of(one_rule(ORACLE_SLIDING, 10, 0, 2));
    take_id(&run, "a", 100, 7);
    take_id(&run, "a", 119, 7);
    assert_true(run.result.duplicate);
    take_id(&run, "a", 120, 7);
    assert_false(run.result.duplicate);
    oracle_close(run.oracle);
}

static void dedupe_off__takes_the_same_id_again(void **state)
{
    (void)state;
    struct oracle_settings settings = one_rule(ORACLE_SLIDING, 10, 0, 2);
    settings.dedupe = false;
    struct run run = run_of(settings);
    take_id(&run, "a", 100, 7);
    take_id(&run, "a", 100, 7);
    assert_false(run.result.duplicate);
    expect_alert(&run, 0, 100, 2);
    oracle_close(run.oracle);
}

static void cap__drops_the_oldest_and_refuses_older_ones(void **state)
{
    (void)state;
    struct oracle_settings settings = one_rule(ORACLE_SLIDING, 10, 100, 3);
    settings.max_events_per_card = 2;
    struct run run = run_of(settings);
    take(&run, "a", 100);
    take(&run, "a", 101);
    take(&run, "a", 102); // 100 drops: level 2
    expect_none(&run);
    take(&run, "a", 100);
    assert_true(run.result.capped);
    assert_int_equal(run.result.late_rules, 0);
    take(&run, "a", 101); // as old as the oldest: it comes after it, the oldest drops
    assert_false(run.result.capped);
    oracle_close(run.oracle);
}

static void cap__dropped_ids_are_no_longer_duplicates(void **state)
{
    (void)state;
    struct oracle_settings settings = one_rule(ORACLE_SLIDING, 10, 100, 2);
    settings.max_events_per_card = 2;
    struct run run = run_of(settings);
    take_id(&run, "a", 100, 1);
    take_id(&run, "a", 101, 2);
    expect_alert(&run, 0, 100, 2);
    take_id(&run, "a", 102, 3); // 100 drops
    expect_none(&run);
    take_id(&run, "a", 103, 1);
    assert_false(run.result.duplicate);
    expect_none(&run); // the run goes on
    oracle_close(run.oracle);
}

static void tumbling__alerts_when_the_count_reaches_the_threshold(void **state)
{
    (void)state;
    struct run run = run_of(one_rule(ORACLE_TUMBLING, 10, 0, 2));
    take(&run, "a", 9);
    take(&run, "a", 10); // the next window
    expect_none(&run);
    take(&run, "a", 9); // its window ended at 10 <= ST
    assert_int_equal(run.result.late_rules, 1);
    take(&run, "a", 19);
    assert_int_equal(run.result.alert_count, 1);
    expect_alert(&run, 0, 10, 2);
    take(&run, "a", 12); // the third
    expect_none(&run);
    oracle_close(run.oracle);
}

static void tumbling__windows_before_the_epoch_go_down(void **state)
{
    (void)state;
    struct run run = run_of(one_rule(ORACLE_TUMBLING, 10, 0, 2));
    take(&run, "a", -11);
    take(&run, "a", -10);
    take(&run, "a", -1);
    expect_alert(&run, 0, -10, 2);
    take(&run, "a", 0);
    expect_none(&run);
    oracle_close(run.oracle);
}

static void tumbling__grace_holds_a_window_open_and_the_cap_does_not_touch_it(void **state)
{
    (void)state;
    struct oracle_settings settings = one_rule(ORACLE_TUMBLING, 10, 5, 3);
    settings.max_events_per_card = 1;
    struct run run = run_of(settings);
    take(&run, "a", 5);
    take(&run, "a", 6); // 5 is dropped but counted
    take(&run, "b", 14);
    take(&run, "a", 7);
    assert_int_equal(run.result.late_rules, 0);
    expect_alert(&run, 0, 0, 3);
    take(&run, "b", 15);
    take(&run, "a", 8);
    assert_int_equal(run.result.late_rules, 1);
    oracle_close(run.oracle);
}

static void rules__each_has_its_own_order_and_all_alert_in_their_order(void **state)
{
    (void)state;
    struct oracle_settings settings = one_rule(ORACLE_TUMBLING, 10, 0, 2);
    settings.rules[1] = (struct oracle_rule){
        .kind = ORACLE_SLIDING, .window_ms = 10, .grace_ms = 0, .threshold = 2};
    settings.rules[2] = (struct oracle_rule){
        .kind = ORACLE_SLIDING, .window_ms = 10, .grace_ms = 50, .threshold = 2};
    settings.rule_count = 3;
    struct run run = run_of(settings);
    take(&run, "a", 100);
    take(&run, "a", 101);
    assert_int_equal(run.result.alert_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(run.result.alerts[i].rule, i);
    take(&run, "b", 130);
    take(&run, "b", 115); // late for 0 and 1, kept; for 2 not late
    assert_int_equal(run.result.late_rules, 3);
    take(&run, "b", 124); // rule 1: 124, 130 had no 115; it has 124 130 now
    assert_int_equal(run.result.alert_count, 2);
    assert_int_equal(run.result.alerts[0].rule, 1);
    expect_alert(&run, 0, 124, 2);
    assert_int_equal(run.result.alerts[1].rule, 2);
    expect_alert(&run, 1, 115, 2);
    oracle_close(run.oracle);
}

static void times__at_the_ends_of_int64_do_not_overflow(void **state)
{
    (void)state;
    struct run run = run_of(one_rule(ORACLE_TUMBLING, 1000, 0, 1));
    take(&run, "a", INT64_MIN);
    expect_alert(&run, 0, INT64_MIN, 1); // the window starts below int64: clamped
    take(&run, "a", INT64_MAX);
    expect_alert(&run, 0, INT64_MAX - INT64_MAX % 1000, 1);
    take(&run, "a", 0);
    assert_true(run.result.expired);
    oracle_close(run.oracle);

    run = run_of(one_rule(ORACLE_SLIDING, INT64_MAX, INT64_MAX, 2));
    take(&run, "a", INT64_MIN);
    take(&run, "a", -2);
    expect_alert(&run, 0, INT64_MIN, 2);
    take(&run, "b", INT64_MAX); // ST - H = -2 * INT64_MAX
    take(&run, "a", INT64_MIN);
    assert_false(run.result.expired);
    assert_int_equal(run.result.late_rules, 1);
    oracle_close(run.oracle);
}

static void event_time__falls_back_and_guards_the_future(void **state)
{
    (void)state;
    struct oracle_settings settings = oracle_settings_default();
    const struct oracle_time none = {0};
    const struct oracle_time own = {true, 5000000};
    const struct oracle_time stream = {true, 77};
    const struct oracle_time message = {true, 1400000};
    int64_t ms = 0;
    assert_int_equal(oracle_event_time(&settings, stream, own, message, &ms), ORACLE_TIME_TAKEN);
    assert_true(ms == 5000000); // exactly an hour ahead
    const struct oracle_time earlier = {true, 1399999};
    assert_int_equal(oracle_event_time(&settings, stream, own, earlier, &ms),
                     ORACLE_FUTURE_TIMESTAMP);
    assert_int_equal(oracle_event_time(&settings, stream, own, none, &ms), ORACLE_TIME_TAKEN);
    assert_int_equal(oracle_event_time(&settings, stream, none, message, &ms), ORACLE_TIME_TAKEN);
    assert_true(ms == 77);
    assert_int_equal(oracle_event_time(&settings, none, none, message, &ms), ORACLE_TIME_TAKEN);
    assert_true(ms == 1400000);
    assert_int_equal(oracle_event_time(&settings, none, none, none, &ms), ORACLE_NO_TIMESTAMP);
    const struct oracle_time least = {true, INT64_MIN};
    const struct oracle_time most = {true, INT64_MAX};
    assert_int_equal(oracle_event_time(&settings, none, most, least, &ms), ORACLE_FUTURE_TIMESTAMP);
    assert_int_equal(oracle_event_time(&settings, none, least, most, &ms), ORACLE_TIME_TAKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sliding__third_purchase_inside_the_window_alerts_once),
        cmocka_unit_test(sliding__exactly_one_window_apart_is_too_far),
        cmocka_unit_test(sliding__a_new_burst_after_a_quiet_purchase_alerts_again),
        cmocka_unit_test(sliding__late_joiners_complete_and_merge_bursts),
        cmocka_unit_test(sliding__one_insertion_can_raise_two_bursts_in_event_time_order),
        cmocka_unit_test(sliding__lateness_starts_when_the_window_has_passed),
        cmocka_unit_test(duplicates__count_for_nothing_while_the_first_is_kept),
        cmocka_unit_test(duplicates__are_found_by_the_stream_time_they_make),
        cmocka_unit_test(dedupe_off__takes_the_same_id_again),
        cmocka_unit_test(cap__drops_the_oldest_and_refuses_older_ones),
        cmocka_unit_test(cap__dropped_ids_are_no_longer_duplicates),
        cmocka_unit_test(tumbling__alerts_when_the_count_reaches_the_threshold),
        cmocka_unit_test(tumbling__windows_before_the_epoch_go_down),
        cmocka_unit_test(tumbling__grace_holds_a_window_open_and_the_cap_does_not_touch_it),
        cmocka_unit_test(rules__each_has_its_own_order_and_all_alert_in_their_order),
        cmocka_unit_test(times__at_the_ends_of_int64_do_not_overflow),
        cmocka_unit_test(event_time__falls_back_and_guards_the_future),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
