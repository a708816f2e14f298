// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "demo/score.h"

#define CARD "4111-2222-3333-4444"

static void send(struct score *score, uint64_t burst, const char *card, int64_t time_ms)
{
    struct generated message = {.burst = burst, .purchase = {.timestamp_ms = time_ms}};
    snprintf(message.card, sizeof(message.card), "%s", card);
    score_sent(score, &message);
}

static struct seen_alert alert_of(const char *card, int64_t detected_at_ms, int64_t source_offset)
{
    struct seen_alert alert = {.detected_at_ms = detected_at_ms, .source_offset = source_offset};
    snprintf(alert.card, sizeof(alert.card), "%s", card);
    return alert;
}

static bool judge(struct score *score, const char *card, int64_t detected_at_ms,
                  int64_t source_offset)
{
    const struct seen_alert alert = alert_of(card, detected_at_ms, source_offset);
    return score_alert(score, &alert);
}

static void expect(struct score *score, uint64_t caught, uint64_t missed, uint64_t false_count)
{
    struct score_result result = score_result(score);
    assert_int_equal(result.planted, caught + missed);
    assert_int_equal(result.caught, caught);
    assert_int_equal(result.missed, missed);
    assert_int_equal(result.false_count, false_count);
}

// Three purchases at 1000, 3000 and 2000.
static struct score *with_a_burst(bool repeats_allowed)
{
    struct score *score = score_open(3, repeats_allowed);
    send(score, 1, CARD, 1000);
    send(score, 1, CARD, 3000);
    send(score, 1, CARD, 2000);
    return score;
}

static void score__counts_a_burst_that_was_caught(void **state)
{
    (void)state;
    struct score *score = with_a_burst(false);
    expect(score, 0, 1, 0);
    assert_true(judge(score, CARD, 2000, 7));
    expect(score, 1, 0, 0);
    score_close(score);
}

static void score__takes_a_burst_as_planted_once_enough_of_it_has_been_sent(void **state)
{
    (void)state;
    struct score *score = score_open(3, false);
    send(score, 1, CARD, 1000);
    send(score, 1, CARD, 1001);
    expect(score, 0, 0, 0);
    send(score, 1, CARD, 1002);
    expect(score, 0, 1, 0);
    send(score, 1, CARD, 1003);
    expect(score, 0, 1, 0);
    score_close(score);
}

static void score__does_not_count_ordinary_purchases_and_repetitions(void **state)
{
    (void)state;
    struct score *score = score_open(3, false);
    struct generated again = {.burst = 1, .again = true};
    send(score, 0, CARD, 1000);
    for (int i = 0; i < 5; i++)
        score_sent(score, &again);
    expect(score, 0, 0, 0);
    score_close(score);
}

static void score__calls_an_alert_false_that_is_about_nothing_planted(void **state)
{
    (void)state;
    struct score *score = with_a_burst(true);
    assert_false(judge(score, "4111-2222-3333-5555", 2000, 7));
    assert_false(judge(score, CARD, 999, 7));
    assert_false(judge(score, CARD, 3001, 7));
    expect(score, 0, 1, 3);
    score_close(score);
}

static void score__calls_a_second_alert_of_a_burst_false(void **state)
{
    (void)state;
    struct score *score = with_a_burst(true);
    assert_true(judge(score, CARD, 2000, 7));
    assert_false(judge(score, CARD, 3000, 8));
    expect(score, 1, 0, 1);
    score_close(score);
}

static void score__allows_the_same_alert_again_at_least_once(void **state)
{
    (void)state;
    struct score *score = with_a_burst(true);
    assert_true(judge(score, CARD, 2000, 7));
    assert_true(judge(score, CARD, 2000, 7));
    expect(score, 1, 0, 0);
    assert_int_equal(score_result(score).repeated, 1);
    score_close(score);
}

static void score__calls_the_same_alert_again_false_exactly_once(void **state)
{
    (void)state;
    struct score *score = with_a_burst(false);
    assert_true(judge(score, CARD, 2000, 7));
    assert_false(judge(score, CARD, 2000, 7));
    expect(score, 1, 0, 1);
    score_close(score);
}

static void score__tells_two_bursts_of_a_card_apart(void **state)
{
    (void)state;
    struct score *score = with_a_burst(false);
    for (int64_t time_ms = 100000; time_ms < 100003; time_ms++)
        send(score, 2, CARD, time_ms);
    assert_true(judge(score, CARD, 100002, 9));
    expect(score, 1, 1, 0);
    assert_true(judge(score, CARD, 2000, 7));
    expect(score, 2, 0, 0);
    score_close(score);
}

static void score__keeps_count_of_bursts_that_it_forgets(void **state)
{
    (void)state;
    enum { BURSTS = 70000 };
    struct score *score = score_open(1, false);
    for (uint64_t i = 1; i <= BURSTS; i++) {
        send(score, i, CARD, (int64_t)i);
        if (i % 2 == 0)
            assert_true(judge(score, CARD, (int64_t)i, (int64_t)i));
    }
    expect(score, BURSTS / 2, BURSTS / 2, 0);
    assert_false(judge(score, CARD, 1, 1));
    score_close(score);
}

static void expect_line(const struct score_result *result, bool clean, const char *expected)
{
    struct buffer line;
    buffer_init(&line, 256);
    score_line(result, &line);
    assert_int_equal(line.size, strlen(expected));
    assert_memory_equal(line.data, expected, line.size);
    buffer_release(&line);
    assert_true(score_is_clean(result) == clean);
}

static void score__says_its_line(void **state)
{
    (void)state;
    struct score_result result = {.planted = 60, .caught = 60};
    expect_line(&result, true, "planted 60 bursts: 60 caught, 0 missed, 0 false");
    result.repeated = 2;
    expect_line(&result, true, "planted 60 bursts: 60 caught, 0 missed, 0 false, 2 repeated");
    result = (struct score_result){.planted = 3, .caught = 2, .missed = 1};
    expect_line(&result, false, "planted 3 bursts: 2 caught, 1 missed, 0 false");
    result = (struct score_result){.planted = 1, .caught = 1, .false_count = 4};
    expect_line(&result, false, "planted 1 bursts: 1 caught, 0 missed, 4 false");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(score__counts_a_burst_that_was_caught),
        cmocka_unit_test(score__takes_a_burst_as_planted_once_enough_of_it_has_been_sent),
        cmocka_unit_test(score__does_not_count_ordinary_purchases_and_repetitions),
        cmocka_unit_test(score__calls_an_alert_false_that_is_about_nothing_planted),
        cmocka_unit_test(score__calls_a_second_alert_of_a_burst_false),
        cmocka_unit_test(score__allows_the_same_alert_again_at_least_once),
        cmocka_unit_test(score__calls_the_same_alert_again_false_exactly_once),
        cmocka_unit_test(score__tells_two_bursts_of_a_card_apart),
        cmocka_unit_test(score__keeps_count_of_bursts_that_it_forgets),
        cmocka_unit_test(score__says_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
