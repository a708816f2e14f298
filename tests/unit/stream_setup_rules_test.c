// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "stream/setup.h"
#include "wire/purchase.h"

// The engine that a list of rules makes, which borrows from the configuration.
static void engine_of(const char *rules, struct config *config, struct engine *engine)
{
    char set[2048];
    const char *sets[] = {set};
    snprintf(set, sizeof(set), "rules=%s", rules);
    const struct config_sources sources = {.sets = sets, .set_count = 1};
    struct buffer report;
    struct error err;
    buffer_init(&report, 64 * 1024);
    if (config_load(&sources, config, &report) != STATUS_OK)
        fail_msg("%.*s", (int)report.size, (const char *)report.data);
    assert_int_equal(setup_engine(config, engine, &err), STATUS_OK);
    buffer_release(&report);
}

static void fingerprint_of(const char *rules, uint8_t out[FINGERPRINT_BYTES])
{
    struct config config;
    struct engine engine;
    engine_of(rules, &config, &engine);
    struct token_key *key = token_key_open(view_text("0123456789abcdef"));
    setup_fingerprint(&engine.settings, key, out);
    token_key_close(key);
    config_release(&config);
}

static void engine__gets_limits_fields_and_conditions(void **state)
{
    (void)state;
    struct config config;
    struct engine engine;
    engine_of("[{name: s, type: sum, limit: 12.5, where: [{field: id, op: gt, value: 4}]},"
              "{name: d, type: distinct, field: distance_from_billing_zip, threshold: 4,"
              " where: [{field: timestamp, op: lt, value: 9},"
              " {field: category, op: in, value: [a, b]}]}]",
              &config, &engine);
    const struct engine_settings *settings = &engine.settings;
    assert_int_equal(settings->rules[0].kind, RULE_SUM);
    assert_true(settings->rules[0].limit == 125000);
    assert_int_equal(settings->rules[1].kind, RULE_DISTINCT);
    assert_int_equal(settings->rules[1].field, FIELD_DISTANCE);
    assert_int_equal(settings->rules[1].threshold, 4);
    assert_int_equal(settings->rules[1].condition_first, 1);
    assert_int_equal(settings->rules[1].condition_count, 2);
    const struct condition *last = &settings->conditions[2];
    assert_int_equal(last->op, OP_IN);
    assert_int_equal(last->operand_count, 2);
    assert_true(view_equal(settings->operands[last->operand_first + 1].text, view_text("b")));
    assert_int_equal(engine.fact_count, 2);
    assert_int_equal(setup_needed_fields(settings), PURCHASE_CREDIT_CARD | PURCHASE_TIMESTAMP |
                                                        PURCHASE_ID | PURCHASE_AMOUNT |
                                                        PURCHASE_DISTANCE | PURCHASE_CATEGORY);
    config_release(&config);
}

// Each line has another meaning than the others; the two in it have the same.
static const char *const meanings[][2] = {
    {"[{name: a}]", "[{name: b}]"},
    {"[{name: a, type: sum, limit: 5}]", "[{name: b, type: sum, limit: 5.00001}]"},
    {"[{name: a, type: sum, limit: 6}]", "[{name: t, type: travel_distance}, "
                                         "{name: a, type: sum, limit: 6}]"},
    {"[{name: a, type: distinct}]", "[{name: a, type: distinct, field: category}]"},
    {"[{name: a, type: distinct, field: amount}]", "[{name: x, type: distinct, field: amount}]"},
    {"[{name: a, where: [{field: category, op: eq, value: x}]}]",
     "[{name: a, where: [{field: category, op: in, value: [x]}]}]"},
    {"[{name: a, where: [{field: category, op: in, value: [x, y]}]}]",
     "[{name: a, where: [{field: category, op: in, value: [y, x, y]}]}]"},
    {"[{name: a, where: [{field: category, op: in, value: ['x 1:y']}]}]",
     "[{name: a, where: [{field: category, op: eq, value: 'x 1:y'}]}]"},
    {"[{name: a, where: [{field: amount, op: ge, value: 5}, {field: id, op: ne, value: 1}]}]",
     "[{name: a, where: [{field: id, op: ne, value: 1}, {field: amount, op: ge, value: 5.0}]}]"},
    {"[{name: a, where: [{field: amount, op: gt, value: 5}, {field: id, op: ne, value: 1}]}]",
     "[{name: b, where: [{field: amount, op: gt, value: 5}, {field: id, op: ne, value: +1}]}]"},
};
enum { MEANINGS = sizeof(meanings) / sizeof(meanings[0]) };

static void fingerprint__is_one_for_each_meaning(void **state)
{
    (void)state;
    uint8_t first[MEANINGS][FINGERPRINT_BYTES];
    for (size_t i = 0; i < MEANINGS; i++) {
        uint8_t second[FINGERPRINT_BYTES];
        fingerprint_of(meanings[i][0], first[i]);
        fingerprint_of(meanings[i][1], second);
        assert_memory_equal(first[i], second, FINGERPRINT_BYTES);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(first[i], first[j], FINGERPRINT_BYTES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engine__gets_limits_fields_and_conditions),
        cmocka_unit_test(fingerprint__is_one_for_each_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
