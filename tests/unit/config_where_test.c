// SPDX-License-Identifier: Apache-2.0
#include "config/where.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

// Reads a list of rules; the report is the caller's to release.
static enum status read_rules(const char *rules, struct config *config, struct buffer *report)
{
    char set[2048];
    const char *sets[] = {set};
    snprintf(set, sizeof(set), "rules=%s", rules);
    const struct config_sources sources = {.sets = sets, .set_count = 1};
    buffer_init(report, 64 * 1024);
    return config_load(&sources, config, report);
}

static void assert_refused(const char *rules, const char *expected)
{
    struct config config;
    struct buffer report;
    assert_int_equal(read_rules(rules, &config, &report), STATUS_FATAL);
    assert_true(buffer_append(&report, "", 1));
    assert_string_equal((const char *)report.data, expected);
    buffer_release(&report);
}

static void conditions__have_the_type_of_their_field(void **state)
{
    (void)state;
    struct config config;
    struct buffer report;
    assert_int_equal(
        read_rules("[{name: a, where: [{field: category, op: in, value: [Travel, '5']},"
                   "{value: 12.5, op: ge, field: amount}, {field: id, op: ne, value: -7}]},"
                   "{name: b, type: sum, limit: 0.5},"
                   "{name: c, type: distinct, field: amount, threshold: 9, where: []}]",
                   &config, &report),
        STATUS_OK);
    const struct config_rule *rule = &config.rules[0];
    assert_int_equal(rule->where_count, 3);
    assert_int_equal(rule->where[0].op, CONFIG_OP_IN);
    assert_int_equal(rule->where[0].value_count, 2);
    assert_string_equal(rule->where[0].values[1].text, "5");
    assert_int_equal(rule->where[1].field, CONFIG_FIELD_AMOUNT);
    assert_true(rule->where[1].values[0].number == 12.5);
    assert_int_equal(rule->where[2].op, CONFIG_OP_NE);
    assert_true(rule->where[2].values[0].integer == -7);
    assert_int_equal(config.rules[1].type, CONFIG_RULE_SUM);
    assert_true(config.rules[1].limit == 0.5);
    assert_int_equal(config.rules[2].field, CONFIG_FIELD_AMOUNT);
    assert_int_equal(config.rules[2].where_count, 0);
    config_release(&config);
    buffer_release(&report);
}

static void conditions__can_be_set_alone(void **state)
{
    (void)state;
    static const char *const sets[] = {
        "rules.0.where=[{field: category, op: eq, value: Travel}]",
        "rules.0.where.0.value=Food",
    };
    const struct config_sources sources = {.sets = sets, .set_count = 2};
    struct config config;
    struct buffer report;
    buffer_init(&report, 64 * 1024);
    assert_int_equal(config_load(&sources, &config, &report), STATUS_OK);
    assert_int_equal(config.rules[0].where[0].value_count, 1);
    assert_string_equal(config.rules[0].where[0].values[0].text, "Food");
    config_release(&config);
    buffer_release(&report);
}

static void mistakes__name_key_and_line(void **state)
{
    (void)state;
    assert_refused("\n[{name: a,\n where: Travel}]",
                   "--set:3: rules.0.where: must be a list of conditions; allowed: "
                   "[{field: category, op: eq, value: Travel}, ...]\n");
    assert_refused("[{name: a, where: [{field: credit_card, op: eq, value: x}]}]",
                   "--set:1: rules.0.where.0.field: card numbers do not belong into a "
                   "configuration; allowed: category, amount, distance_from_billing_zip, id, "
                   "timestamp\n");
    assert_refused("[{name: a, where: [{field: amount, op: like, value: x}]}]",
                   "--set:1: rules.0.where.0.op: is not known; allowed: eq, ne, lt, le, gt, ge, "
                   "in\n");
    assert_refused("[{name: a, where: [{field: amount, op: eq, value: x}]}]",
                   "--set:1: rules.0.where.0: 'x' is not a number, as the field is\n");
    assert_refused("[{name: a, where: [{field: id, op: eq, value: 1.5}]}]",
                   "--set:1: rules.0.where.0: '1.5' is not an integer, as the field is\n");
    assert_refused("[{name: a, where: [{field: category, op: lt, value: x}]}]",
                   "--set:1: rules.0.where.0: 'lt' does not compare texts; allowed for category: "
                   "eq, ne, in\n");
    assert_refused("[{name: a, where: [{field: amount, op: eq, value: [1, 2]}]}]",
                   "--set:1: rules.0.where.0: 'eq' takes one value; a list is for in\n");
    assert_refused("[{name: a, where: [{field: amount, value: 1}]}]",
                   "--set:1: rules.0.where.0: 'op' is missing; needed: field, op, value\n");
    assert_refused("[{name: a, where: [{field: amount, op: eq, value: 1, or: 2}]}]",
                   "--set:1: rules.0.where.0.or: unknown key; allowed: field, op, value\n");
}

static void rules__need_and_take_the_keys_of_their_type(void **state)
{
    (void)state;
    assert_refused("[{name: a, type: sum}]",
                   "--set:1: rules.0.limit: is missing; allowed: 0.0001 .. 10000000000\n");
    assert_refused("[{name: a, type: sum, limit: 5, threshold: 3}]",
                   "--set:1: rules.0.threshold: has no meaning for a rule of type sum; take it "
                   "out\n");
    assert_refused("[{name: a, type: distinct, window: tumbling}]",
                   "--set:1: rules.0.window: 'tumbling' is for rules of type count; allowed here: "
                   "sliding\n");
    assert_refused("[{name: a, type: distinct, threshold: 1}]",
                   "--set:1: rules.0.threshold: 1 is out of bounds for a sliding window; allowed: "
                   "2 .. 4096 (state.max_events_per_card)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions__have_the_type_of_their_field),
        cmocka_unit_test(conditions__can_be_set_alone),
        cmocka_unit_test(mistakes__name_key_and_line),
        cmocka_unit_test(rules__need_and_take_the_keys_of_their_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
