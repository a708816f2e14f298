// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cli/comparison.h"

enum { MANY = 20000 };

struct told {
    size_t counts[3]; // by kind
    char last_source[64];
    char last_value[64];
};

static void tell(void *context, const struct difference *difference)
{
    struct told *told = context;
    const struct replay_alert *alert =
        difference->expected != NULL ? difference->expected : difference->met;
    assert_true((difference->expected == NULL) == (difference->kind == DIFFERENCE_EXTRA));
    assert_true((difference->met == NULL) == (difference->kind == DIFFERENCE_MISSING));
    told->counts[difference->kind]++;
    snprintf(told->last_source, sizeof(told->last_source), "%.*s", (int)alert->source.size,
             (const char *)alert->source.data);
    snprintf(told->last_value, sizeof(told->last_value), "%.*s", (int)alert->value.size,
             (const char *)alert->value.data);
}

static struct replay_alert alert_of(const char *value, const char *source)
{
    return (struct replay_alert){
        .topic = OUTPUT_ALERTS_JSON,
        .partition = 1,
        .key = view_text("4111"),
        .value = view_text(value),
        .rule = view_text("burst"),
        .source = source != NULL ? view_text(source) : (struct view){NULL, 0},
    };
}

static void expect(struct comparison *comparison, const char *value, const char *source)
{
    struct replay_alert alert = alert_of(value, source);
    comparison_expect(comparison, &alert);
}

static void meet(struct comparison *comparison, const char *value, const char *source)
{
    struct replay_alert alert = alert_of(value, source);
    comparison_meet(comparison, &alert);
}

static struct told end(struct comparison *comparison)
{
    struct told told = {.counts = {0}};
    comparison_end(comparison, tell, &told);
    return told;
}

static void assert_told(const struct told *told, size_t missing, size_t extra, size_t different)
{
    assert_int_equal(told->counts[DIFFERENCE_MISSING], missing);
    assert_int_equal(told->counts[DIFFERENCE_EXTRA], extra);
    assert_int_equal(told->counts[DIFFERENCE_DIFFERENT], different);
}

static void equal_alerts__are_no_difference_in_any_order(void **state)
{
    (void)state;
    struct comparison *comparison = comparison_open(false);
    char source[32];
    for (int i = 0; i < MANY; i++) {
        snprintf(source, sizeof(source), "purchases/0/%d", i);
        expect(comparison, "a", source);
    }
    for (int i = MANY - 1; i >= 0; i--) {
        snprintf(source, sizeof(source), "purchases/0/%d", i);
        meet(comparison, "a", source);
    }
    struct told told = end(comparison);
    assert_told(&told, 0, 0, 0);
    assert_int_equal(comparison_equal_count(comparison), MANY);
    comparison_close(comparison);
}

static void missing_alert__is_told(void **state)
{
    (void)state;
    struct comparison *comparison = comparison_open(false);
    expect(comparison, "a", "purchases/0/1");
    expect(comparison, "a", "purchases/0/2");
    meet(comparison, "a", "purchases/0/2");
    struct told told = end(comparison);
    assert_told(&told, 1, 0, 0);
    assert_string_equal(told.last_source, "purchases/0/1");
    comparison_close(comparison);
}

static void extra_alert__is_told(void **state)
{
    (void)state;
    struct comparison *comparison = comparison_open(false);
    expect(comparison, "a", "purchases/0/1");
    meet(comparison, "a", "purchases/0/1");
    meet(comparison, "b", "purchases/0/9");
    struct told told = end(comparison);
    assert_told(&told, 0, 1, 0);
    assert_string_equal(told.last_value, "b");
    comparison_close(comparison);
}

static void repeated_alert__is_an_extra_one(void **state)
{
    (void)state;
    struct comparison *comparison = comparison_open(false);
    expect(comparison, "a", "purchases/0/1");
    for (int i = 0; i < 3; i++)
        meet(comparison, "a", "purchases/0/1");
    struct told told = end(comparison);
    assert_told(&told, 0, 2, 0);
    comparison_close(comparison);
}

static void repeated_alert__is_none_when_repeats_are_allowed(void **state)
{
    (void)state;
    struct comparison *comparison = comparison_open(true);
    expect(comparison, "a", "purchases/0/1");
    for (int i = 0; i < 3; i++)
        meet(comparison, "a", "purchases/0/1");
    struct told told = end(comparison);
    assert_told(&told, 0, 0, 0);
    assert_int_equal(comparison_repeated_count(comparison), 2);
    comparison_close(comparison);
}

static void other_alert_of_the_same_purchase__is_different(void **state)
{
    (void)state;
    struct comparison *comparison = comparison_open(false);
    expect(comparison, "a", "purchases/0/1");
    meet(comparison, "b", "purchases/0/1");
    expect(comparison, "a", "purchases/0/2");
    meet(comparison, "b", "purchases/1/2");
    struct told told = end(comparison);
    assert_told(&told, 1, 1, 1);
    comparison_close(comparison);
}

static void alert_in_another_partition_or_topic__is_different(void **state)
{
    (void)state;
    struct comparison *comparison = comparison_open(false);
    struct replay_alert alert = alert_of("a", "purchases/0/1");
    comparison_expect(comparison, &alert);
    alert.partition = 2;
    comparison_meet(comparison, &alert);
    alert = alert_of("a", "purchases/0/2");
    comparison_expect(comparison, &alert);
    alert.topic = OUTPUT_ALERTS_AVRO;
    comparison_meet(comparison, &alert);
    struct told told = end(comparison);
    assert_told(&told, 1, 1, 1);
    comparison_close(comparison);
}

static void alert_without_a_source__stands_for_an_equal_one(void **state)
{
    (void)state;
    struct comparison *comparison = comparison_open(false);
    expect(comparison, "a", "purchases/0/1");
    expect(comparison, "a", "purchases/0/2");
    expect(comparison, "b", "purchases/0/3");
    meet(comparison, "a", NULL);
    meet(comparison, "c", NULL);
    meet(comparison, "b", "purchases/0/3");
    struct told told = end(comparison);
    assert_told(&told, 1, 1, 0);
    assert_int_equal(comparison_equal_count(comparison), 2);
    comparison_close(comparison);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_alerts__are_no_difference_in_any_order),
        cmocka_unit_test(missing_alert__is_told),
        cmocka_unit_test(extra_alert__is_told),
        cmocka_unit_test(repeated_alert__is_an_extra_one),
        cmocka_unit_test(repeated_alert__is_none_when_repeats_are_allowed),
        cmocka_unit_test(other_alert_of_the_same_purchase__is_different),
        cmocka_unit_test(alert_in_another_partition_or_topic__is_different),
        cmocka_unit_test(alert_without_a_source__stands_for_an_equal_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
