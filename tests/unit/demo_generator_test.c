// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/fnv.h"
#include "base/memory.h"
#include "demo/generator.h"
#include "lib/oracle.h"

static uint64_t hash_more(uint64_t hash, struct view bytes)
{
    return fnv_add(hash, bytes.data, bytes.size);
}

static struct generator_settings busy(void)
{
    struct generator_settings settings = generator_settings_default();
    settings.disorder_ms = 3000;
    settings.duplicate_ppm = 20000;
    settings.malformed_ppm = 10000;
    settings.null_timestamp_ppm = 5000;
    settings.mismatch_schema_id = 9;
    return settings;
}

static uint64_t fingerprint(struct generator_settings settings)
{
    struct generator *generator = generator_open(&settings);
    struct generated message;
    uint64_t hash = FNV_START;
    for (int i = 0; i < 20000; i++) {
        generator_next(generator, &message);
        hash = hash_more(hash_more(hash, message.key), message.value);
        hash = fnv_add(hash, &message.message_timestamp_ms, sizeof(message.message_timestamp_ms));
    }
    generator_close(generator);
    return hash;
}

static void generator__repeats_itself_by_seed(void **state)
{
    (void)state;
    struct generator_settings other = busy();
    other.seed = 2;
    assert_true(fingerprint(busy()) == fingerprint(busy()));
    assert_true(fingerprint(busy()) != fingerprint(other));
}

static void times__keep_the_rate_and_the_disorder(void **state)
{
    (void)state;
    struct generator_settings settings = generator_settings_default();
    settings.disorder_ms = 2000;
    settings.burst_ppm = 0;
    struct generator *generator = generator_open(&settings);
    struct generated message;
    int64_t largest_ms = 0;
    for (int64_t i = 0; i < 10000; i++) {
        generator_next(generator, &message);
        assert_true(message.message_timestamp_ms == settings.start_ms + i);
        int64_t behind_ms = message.message_timestamp_ms - message.purchase.timestamp_ms;
        assert_true(behind_ms >= 0 && behind_ms <= 2000);
        largest_ms = behind_ms > largest_ms ? behind_ms : largest_ms;
    }
    assert_true(largest_ms > 1900);
    generator_close(generator);
}

// The value's bytes say what the struct says.
static void values__carry_what_the_struct_says(void **state)
{
    (void)state;
    struct generator_settings settings = generator_settings_default();
    settings.schema_id = 77;
    struct generator *generator = generator_open(&settings);
    struct generated message;
    struct buffer expected;
    buffer_init(&expected, 4096);
    for (int i = 0; i < 1000; i++) {
        generator_next(generator, &message);
        assert_int_equal(message.malformed, DEAD_LETTER_NONE);
        assert_string_equal(message.card, (const char *)message.key.data);
        assert_true(view_equal(message.key, message.purchase.credit_card));
        buffer_clear(&expected);
        assert_true(purchase_write(&message.purchase, 77, &expected));
        assert_true(view_equal(buffer_view(&expected), message.value));
    }
    buffer_release(&expected);
    generator_close(generator);
}

static void duplicates__are_what_was_sent_before(void **state)
{
    (void)state;
    enum { MESSAGES = 50000 };
    struct generator_settings settings = generator_settings_default();
    settings.duplicate_ppm = 100000;
    struct generator *generator = generator_open(&settings);
    struct generated message;
    uint64_t *hashes = memory_zeroed(MESSAGES + 1, sizeof(*hashes));
    unsigned again = 0;
    for (int i = 0; i < MESSAGES; i++) {
        generator_next(generator, &message);
        assert_true(message.purchase.id >= 1 && message.purchase.id <= MESSAGES);
        uint64_t hash = hash_more(hash_more(1, message.key), message.value);
        again += message.again;
        if (message.again)
            assert_true(hashes[message.purchase.id] == hash);
        else
            assert_true(hashes[message.purchase.id] == 0);
        hashes[message.purchase.id] = hash;
    }
    assert_in_range(again, 3500, 5500);
    free(hashes);
    generator_close(generator);
}

static void oracle_take(struct oracle *oracle, const struct generated *message, int64_t offset,
                        struct oracle_result *result)
{
    struct oracle_purchase purchase = {
        .card = message->key,
        .offset = offset,
        .event_time_ms = message->purchase.timestamp_ms,
        .id = message->purchase.id,
        .has_id = true,
    };
    oracle_step(oracle, &purchase, result);
}

// Spread evenly over many cards, the planted bursts are all there is to find.
static void bursts__are_found_by_the_oracle_and_nothing_else_is(void **state)
{
    (void)state;
    struct generator_settings settings = generator_settings_default();
    settings.spread = SPREAD_EVEN;
    settings.card_count = 200000;
    settings.disorder_ms = 1000;
    struct oracle_settings rules = oracle_settings_default();
    rules.rules[0].grace_ms = 2000;
    struct oracle *oracle = oracle_open(&rules);
    struct generator *generator = generator_open(&settings);
    struct generated message;
    struct oracle_result result;
    size_t planted = 0;
    size_t found = 0;
    for (int64_t i = 0; i < 200000; i++) {
        generator_next(generator, &message);
        oracle_take(oracle, &message, i, &result);
        found += result.alert_count;
        if (message.completed == NULL)
            continue;
        planted++;
        assert_int_equal(message.completed->number, message.burst);
        assert_string_equal(message.completed->card, message.card);
        assert_in_range(message.completed->size, 3, 5);
        assert_true(message.completed->last_ms - message.completed->first_ms < 60000);
    }
    assert_in_range(planted, 100, 200);
    // Bursts under way at the end are found and not complete; a few share a card or a neighbour.
    assert_in_range(found, planted - 5, planted + 70);
    generator_close(generator);
    oracle_close(oracle);
}

static void malformed__comes_in_every_class(void **state)
{
    (void)state;
    struct generator_settings settings = busy();
    struct generator *generator = generator_open(&settings);
    struct generated message;
    unsigned counts[DEAD_LETTER_CLASSES] = {0};
    for (int i = 0; i < 100000; i++) {
        generator_next(generator, &message);
        counts[message.malformed]++;
    }
    for (int class_ = DEAD_LETTER_BAD_FRAME; class_ < DEAD_LETTER_CLASSES; class_++) {
        if (class_ != DEAD_LETTER_NO_TIMESTAMP)
            assert_in_range(counts[class_], 100, 250);
    }
    assert_int_equal(counts[DEAD_LETTER_NO_TIMESTAMP], 0);
    generator_malformed(generator, DEAD_LETTER_NO_TIMESTAMP, &message);
    assert_int_equal(message.malformed, DEAD_LETTER_NO_TIMESTAMP);
    assert_int_equal(message.message_timestamp_ms, -1);
    assert_false(message.purchase.has_timestamp);
    generator_close(generator);
}

static void truth__is_a_line_of_json(void **state)
{
    (void)state;
    const struct planted_burst burst = {7, "4123-4567-8901-2345", 3, -5, 6};
    struct buffer out;
    buffer_init(&out, 1000);
    assert_true(planted_burst_json(&burst, &out));
    assert_true(view_equal(buffer_view(&out),
                           view_text("{\"burst\": 7, \"credit_card\": \"4123-4567-8901-2345\", "
                                     "\"purchases\": 3, \"first_ms\": -5, \"last_ms\": 6}")));
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generator__repeats_itself_by_seed),
        cmocka_unit_test(times__keep_the_rate_and_the_disorder),
        cmocka_unit_test(values__carry_what_the_struct_says),
        cmocka_unit_test(duplicates__are_what_was_sent_before),
        cmocka_unit_test(bursts__are_found_by_the_oracle_and_nothing_else_is),
        cmocka_unit_test(malformed__comes_in_every_class),
        cmocka_unit_test(truth__is_a_line_of_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
