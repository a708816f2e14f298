// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/replay_summary.h"

static void assert_summary(const struct counters *counters, int64_t taken_ms, const char *expected)
{
    const struct stream_settings settings = {
        .engine.settings.rule_count = 2,
        .rule_names = {"fast", "slow"},
    };
    struct buffer out;
    buffer_init(&out, 4096);
    replay_summary_append(counters, &settings, taken_ms, &out);
    assert_true(buffer_append_byte(&out, '\0'));
    assert_string_equal((const char *)out.data, expected);
    buffer_release(&out);
}

static void summary__names_rules_and_classes(void **state)
{
    (void)state;
    struct counters counters = {
        .purchases_consumed = 5000,
        .purchases_duplicate = 1,
        .purchases_capped = 2,
        .purchases_late = {3, 4},
        .purchases_tombstone = 5,
        .purchases_misplaced = 6,
        .alerts = {17, 0},
    };
    counters.dead_letters[DEAD_LETTER_BAD_AVRO] = 2;
    counters.dead_letters[DEAD_LETTER_NO_CARD] = 1;
    assert_summary(&counters, 2500,
                   "5000 purchases in 2.5 s: 2000 a second\n"
                   "alerts: fast 17, slow 0\n"
                   "dead letters: BadAvro 2, NoCard 1\n"
                   "duplicates 1, capped 2, late 7, tombstones 5, misplaced 6\n");
}

static void summary__of_nothing_is_one(void **state)
{
    (void)state;
    const struct counters none = {0};
    assert_summary(&none, 0,
                   "0 purchases in 0.0 s: 0 a second\n"
                   "alerts: fast 0, slow 0\n"
                   "dead letters: none\n"
                   "duplicates 0, capped 0, late 0, tombstones 0, misplaced 0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summary__names_rules_and_classes),
        cmocka_unit_test(summary__of_nothing_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
