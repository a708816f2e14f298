// SPDX-License-Identifier: Apache-2.0
#include "engine/settings.h"

#include <string.h>

#include "lib/engine_desk.h"

static void assert_refused(const struct engine_settings *settings, const char *part)
{
    struct engine engine;
    struct error err = {0};
    assert_int_equal(engine_init(&engine, settings, &err), STATUS_FATAL);
    if (strstr(err.text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, part);
}

static void assert_taken(const struct engine_settings *settings)
{
    struct error err = {0};
    if (settings_check(settings, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

static struct engine_settings one_rule(enum rule_kind kind, int64_t window_ms, uint32_t threshold,
                                       int64_t grace_ms)
{
    struct engine_settings settings = desk_settings();
    desk_add_rule(&settings, kind, window_ms, threshold, grace_ms);
    return settings;
}

static void settings__bound_windows_and_graces(void **state)
{
    (void)state;
    struct engine_settings settings = one_rule(RULE_SLIDING, 0, 3, 0);
    assert_refused(&settings, "rule 1: window_ms is 0, but must be 1 to 31622400000 (366 days)");
    settings = one_rule(RULE_SLIDING, SPAN_MS_MAX + 1, 3, 0);
    assert_refused(&settings, "rule 1: window_ms is 31622400001");
    settings = one_rule(RULE_SLIDING, 1, 3, -1);
    assert_refused(&settings, "rule 1: grace_ms is -1, but must be 0 to");
    settings = one_rule(RULE_TUMBLING, SPAN_MS_MAX, 3, SPAN_MS_MAX + 1);
    assert_refused(&settings, "grace_ms is 31622400001");
    settings = one_rule(RULE_SLIDING, SPAN_MS_MAX, 3, SPAN_MS_MAX);
    assert_taken(&settings);
    settings = one_rule(RULE_SLIDING, 1, 3, 0);
    assert_taken(&settings);
}

static void settings__bound_thresholds_by_kind(void **state)
{
    (void)state;
    struct engine_settings settings = one_rule(RULE_SLIDING, 100, 1, 0);
    assert_refused(&settings, "threshold is 1, but must be 2 to max_events_per_card (4096)");
    settings = one_rule(RULE_SLIDING, 100, 4097, 0);
    assert_refused(&settings, "threshold is 4097");
    settings = one_rule(RULE_SLIDING, 100, 4096, 0);
    assert_taken(&settings);
    settings = one_rule(RULE_TUMBLING, 100, 0, 0);
    assert_refused(&settings, "threshold is 0, but must be 1 to 2147483648");
    settings = one_rule(RULE_TUMBLING, 100, TUMBLING_THRESHOLD_MAX, 0);
    assert_taken(&settings);
    settings = one_rule(RULE_TUMBLING, 100, TUMBLING_THRESHOLD_MAX + 1, 0);
    assert_refused(&settings, "threshold is 2147483649");
}

static void settings__bound_the_open_windows_of_a_rule_and_of_all(void **state)
{
    (void)state;
    struct engine_settings settings = one_rule(RULE_TUMBLING, 10, 3, 40940);
    assert_taken(&settings);
    settings.rules[0].grace_ms += 10;
    assert_refused(&settings, "keeps 4097 windows of 10 ms open, but at most 4096 are allowed");
    settings.rules[0].grace_ms -= 10;
    for (size_t r = 1; r < 4; r++)
        desk_add_rule(&settings, RULE_TUMBLING, 10, 3, 40940);
    assert_taken(&settings);
    desk_add_rule(&settings, RULE_SLIDING, 10, 3, 40940);
    assert_taken(&settings);
    desk_add_rule(&settings, RULE_TUMBLING, 10, 3, 0);
    assert_refused(&settings, "up to 16386 windows a card open, but at most 16384");
}

static void settings__bound_the_rest(void **state)
{
    (void)state;
    struct engine_settings settings = desk_settings();
    settings.rule_count = RULES_MAX + 1;
    assert_refused(&settings, "there are 17 rules, but at most 16");
    settings = desk_settings();
    settings.max_future_ms = -1;
    assert_refused(&settings, "max_future_ms is -1");
    settings = desk_settings();
    settings.max_events_per_card = 0;
    assert_refused(&settings, "max_events_per_card is 0, but must be 1 to 16384");
    settings.max_events_per_card = EVENTS_PER_CARD_MAX + 1;
    assert_refused(&settings, "max_events_per_card is 16385");
    settings.max_events_per_card = EVENTS_PER_CARD_MAX;
    assert_taken(&settings);
}

static void settings__name_the_rule_that_is_wrong(void **state)
{
    (void)state;
    struct engine_settings settings = one_rule(RULE_SLIDING, 10, 3, 0);
    desk_add_rule(&settings, RULE_TUMBLING, 10, 0, 0);
    assert_refused(&settings, "rule 2: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings__bound_windows_and_graces),
        cmocka_unit_test(settings__bound_thresholds_by_kind),
        cmocka_unit_test(settings__bound_the_open_windows_of_a_rule_and_of_all),
        cmocka_unit_test(settings__bound_the_rest),
        cmocka_unit_test(settings__name_the_rule_that_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
