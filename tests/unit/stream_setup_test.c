// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stream/setup.h"
#include "wire/purchase.h"

static void load(struct config *config, const char *const *sets, size_t count)
{
    struct buffer report;
    const struct config_sources sources = {.sets = sets, .set_count = count};
    buffer_init(&report, 65536);
    if (config_load(&sources, config, &report) != STATUS_OK)
        fail_msg("%.*s", (int)report.size, report.data);
    buffer_release(&report);
}

static void engine__gets_the_configured_rules(void **state)
{
    (void)state;
    struct config config;
    struct engine engine;
    struct error err;
    static const char rules[] = "rules=[{name: a, window: tumbling, window_ms: 1000, "
                                "threshold: 5}, {name: b, grace_ms: 7}]";
    const char *const sets[] = {rules, "processing.guarantee=at_least_once",
                                "state.max_events_per_card=99"};
    load(&config, sets, 3);
    assert_int_equal(setup_engine(&config, &engine, &err), STATUS_OK);
    assert_int_equal(engine.settings.rule_count, 2);
    assert_int_equal(engine.settings.rules[0].kind, RULE_TUMBLING);
    assert_int_equal(engine.settings.rules[0].window_ms, 1000);
    assert_int_equal(engine.settings.rules[0].threshold, 5);
    assert_int_equal(engine.settings.rules[1].kind, RULE_SLIDING);
    assert_int_equal(engine.settings.rules[1].window_ms, 60000);
    assert_int_equal(engine.settings.rules[1].grace_ms, 7);
    assert_int_equal(engine.settings.max_events_per_card, 99);
    assert_true(engine.settings.dedupe);
    assert_true(engine.settings.track_offsets);
    config_release(&config);
}

// The fingerprint that a configuration has under a secret.
static void fingerprint_of(const char *set, const char *secret, uint8_t out[FINGERPRINT_BYTES])
{
    struct config config;
    struct engine engine;
    struct error err;
    load(&config, &set, 1);
    assert_int_equal(setup_engine(&config, &engine, &err), STATUS_OK);
    struct token_key *key = token_key_open(view_text(secret));
    setup_fingerprint(&engine.settings, key, out);
    token_key_close(key);
    config_release(&config);
}

static void fingerprint__changes_with_what_gives_state_its_meaning_alone(void **state)
{
    (void)state;
    static const char secret[] = "0123456789abcdef";
    static const char *const other[] = {
        "rules.0.window_ms=60001",
        "rules.0.threshold=4",
        "rules.0.grace_ms=1",
        "rules.0.window=tumbling",
        "processing.dedupe=false",
        "processing.max_future_ms=1",
        "state.max_events_per_card=100",
        "topics.purchase_counts=counts",
    };
    static const char *const same[] = {
        "rules.0.name=renamed",
        "processing.threads=2",
        "topics.masked_purchases=masked",
        "alerts.schema_file=schemas/alert-v2.avsc",
        "processing.guarantee=at_least_once",
        "rules=[{name: t, type: travel_distance}, {name: high_purchase_count}]",
        "rules=[{name: b}, {name: t, type: travel_distance, min_distance: 3}]",
    };
    uint8_t plain[FINGERPRINT_BYTES];
    uint8_t changed[FINGERPRINT_BYTES];
    fingerprint_of("log.level=info", secret, plain);
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        fingerprint_of(other[i], secret, changed);
        assert_memory_not_equal(plain, changed, FINGERPRINT_BYTES);
    }
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        fingerprint_of(same[i], secret, changed);
        assert_memory_equal(plain, changed, FINGERPRINT_BYTES);
    }
    // Upgrading the program must not orphan the state of those who run with the defaults.
    static const uint8_t as_ever[FINGERPRINT_BYTES] = {0x19, 0xe3, 0x44, 0x40, 0x02, 0xc2,
                                                       0xb2, 0xe1, 0x5d, 0xc2, 0x93, 0xc5,
                                                       0x55, 0x3a, 0xa7, 0x28};
    assert_memory_equal(plain, as_ever, FINGERPRINT_BYTES);
    fingerprint_of("log.level=info", "another secret 0123456789", changed);
    assert_memory_not_equal(plain, changed, FINGERPRINT_BYTES);
}

static void fields__are_decoded_for_the_rules_that_read_them(void **state)
{
    (void)state;
    struct engine_settings settings = {.rule_count = 1};
    uint32_t always = PURCHASE_CREDIT_CARD | PURCHASE_TIMESTAMP;
    assert_int_equal(setup_needed_fields(&settings), always);
    settings.dedupe = true;
    assert_int_equal(setup_needed_fields(&settings), always | PURCHASE_ID);
    settings.rules[0].kind = RULE_TRAVEL;
    assert_int_equal(setup_needed_fields(&settings), always | PURCHASE_ID | PURCHASE_DISTANCE);
}

static void settings__say_what_becomes_of_a_purchase(void **state)
{
    (void)state;
    static const char *const sets[] = {"rules.0.name=fast", "processing.dedupe=false",
                                       "application_id=shop", "topics.purchases=bought",
                                       "processing.guarantee=at_least_once"};
    struct config config;
    struct error err;
    struct stream_settings settings = {.input_partitions = 3};
    load(&config, sets, sizeof(sets) / sizeof(sets[0]));
    struct token_key *key;
    assert_int_equal(setup_token_key(&config, &key, &err), STATUS_OK);
    assert_int_equal(setup_engine(&config, &settings.engine, &err), STATUS_OK);
    setup_settings(&config, key, &settings);
    assert_string_equal(settings.rule_names[0], "fast");
    assert_string_equal(settings.group_id, "shop");
    assert_string_equal(settings.input_topic, "bought");
    assert_true(settings.at_least_once);
    assert_int_equal(settings.needed_fields & PURCHASE_ID, 0);
    assert_ptr_equal(settings.token_key, key);
    assert_int_equal(settings.input_partitions, 3);
    uint8_t fingerprint[FINGERPRINT_BYTES];
    setup_fingerprint(&settings.engine.settings, key, fingerprint);
    assert_memory_equal(settings.fingerprint, fingerprint, FINGERPRINT_BYTES);
    token_key_close(key);
    config_release(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engine__gets_the_configured_rules),
        cmocka_unit_test(fields__are_decoded_for_the_rules_that_read_them),
        cmocka_unit_test(fingerprint__changes_with_what_gives_state_its_meaning_alone),
        cmocka_unit_test(settings__say_what_becomes_of_a_purchase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
