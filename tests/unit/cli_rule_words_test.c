// SPDX-License-Identifier: Apache-2.0
#include "cli/rule_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// What the first rule of `rules`, as `--set` takes them, is in words.
static void assert_words(const char *rules, const char *expected)
{
    char set[8192];
    struct config config;
    struct buffer report, words;
    snprintf(set, sizeof(set), "rules=[%s]", rules);
    const char *const sets[] = {set};
    const struct config_sources sources = {.sets = sets, .set_count = 1};
    buffer_init(&report, 65536);
    buffer_init(&words, 65536);
    if (config_load(&sources, &config, &report) != STATUS_OK)
        fail_msg("%.*s", (int)report.size, (const char *)report.data);
    assert_true(rule_words(&config.rules[0], &words) && buffer_append_byte(&words, 0));
    assert_string_equal((const char *)words.data, expected);
    config_release(&config);
    buffer_release(&words);
    buffer_release(&report);
}

static void every_kind__has_its_words(void **state)
{
    (void)state;
    assert_words("{name: a}", "3 purchases of a card within 1 min");
    assert_words(
        "{name: a, window: tumbling, window_ms: 90000, threshold: 5, grace_ms: 250}",
        "5 purchases of a card in one of the windows of 90 s side by side, late ones taken "
        "for another 250 ms");
    assert_words("{name: a, window: tumbling, threshold: 1}",
                 "1 purchase of a card in one of the windows of 1 min side by side");
    assert_words("{name: a, type: sum, window_ms: 86400000, limit: 999.99}",
                 "purchases of a card that add up to 999.99 within 24 h");
    assert_words("{name: a, type: distinct, field: category, threshold: 4}",
                 "purchases of a card with 4 different values of category within 1 min");
    assert_words("{name: a, type: travel_distance, min_distance: 2000}",
                 "one purchase 2000 or more from the billing address, of a card that is not "
                 "travelling");
}

static void conditions__are_said_with_their_values(void **state)
{
    (void)state;
    assert_words("{name: a, where: [{field: category, op: ne, value: \"Fu\\tel\"}, "
                 "{field: amount, op: ge, value: 12.5}, {field: id, op: in, value: [1, 2]}]}",
                 "3 purchases of a card within 1 min; only where category is not \"Fu?el\" and "
                 "amount is at least 12.5 and id is one of 1, 2");
    assert_words("{name: a, type: travel_distance, where: "
                 "[{field: timestamp, op: lt, value: 1664000000000}]}",
                 "one purchase 2000 or more from the billing address, of a card that is not "
                 "travelling; only where timestamp is below 1664000000000");
    assert_words("{name: a, where: [{field: id, op: in, value: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}]}",
                 "3 purchases of a card within 1 min; only where id is one of 1, 2, 3, 4, 5, 6, 7, "
                 "8 and 2 others");
}

static void buffer_that_is_full__is_told(void **state)
{
    (void)state;
    char name[] = "a";
    const struct config_rule rule = {.name = name, .window_ms = 60000, .threshold = 3};
    for (size_t room = 1; room < 34; room++) {
        struct buffer words;
        buffer_init(&words, room);
        assert_false(rule_words(&rule, &words));
        assert_true(words.size <= room);
        buffer_release(&words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind__has_its_words),
        cmocka_unit_test(conditions__are_said_with_their_values),
        cmocka_unit_test(buffer_that_is_full__is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
