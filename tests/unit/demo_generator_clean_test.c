// SPDX-License-Identifier: Apache-2.0
// Traffic in which only planted bursts are bursts: the truth is what the oracle finds.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "demo/generator.h"
#include "lib/oracle.h"

enum { SEEDS = 10, MESSAGES = 60000, BURSTS_MAX = 2000, PARTITIONS = 3 };

// An alert of the oracle, or what a burst of the truth lets expect.
struct found {
    char card[SPREAD_CARD_BYTES];
    int64_t from_ms; // alert: its timestamp
    int64_t to_ms;
};

struct run {
    struct oracle *oracles[PARTITIONS];
    struct found alerts[BURSTS_MAX];
    size_t alert_count;
    struct found bursts[BURSTS_MAX];
    size_t burst_count;
};

static struct generator_settings clean(uint64_t seed)
{
    struct generator_settings settings = generator_settings_default();
    settings.seed = seed;
    settings.clean = true;
    settings.spread = SPREAD_ZIPF;
    settings.zipf_exponent = 0.9;
    settings.events_per_second = 200;
    settings.disorder_ms = 20000;
    settings.duplicate_ppm = 50000;
    settings.malformed_ppm = 5000;
    settings.mismatch_schema_id = 9;
    settings.burst_ppm = 4000;
    settings.message_count = MESSAGES;
    settings.card_count = generator_clean_cards(&settings);
    return settings;
}

// As a topic's partitions are: each has a stream time of its own.
static size_t partition_of(const struct generated *message)
{
    return message->key.size == 0 ? 0 : message->key.data[message->key.size - 1] % PARTITIONS;
}

static void take(struct run *run, const struct generated *message, int64_t offset)
{
    struct oracle_result result;
    const struct oracle_purchase purchase = {
        .card = message->purchase.credit_card,
        .offset = offset,
        .event_time_ms = message->purchase.timestamp_ms,
        .id = message->purchase.id,
        .has_id = true,
    };
    oracle_step(run->oracles[partition_of(message)], &purchase, &result);
    assert_false(result.expired);
    assert_int_equal(result.late_rules, 0);
    for (size_t i = 0; i < result.alert_count; i++) {
        struct found *found = &run->alerts[run->alert_count++];
        assert_true(run->alert_count < BURSTS_MAX);
        memcpy(found->card, message->card, sizeof(found->card));
        found->from_ms = result.alerts[i].timestamp_ms;
    }
}

static void note_burst(struct run *run, const struct planted_burst *burst)
{
    struct found *found = &run->bursts[run->burst_count++];
    assert_true(run->burst_count < BURSTS_MAX);
    memcpy(found->card, burst->card, sizeof(found->card));
    found->from_ms = burst->first_ms;
    found->to_ms = burst->last_ms;
    assert_true(burst->size >= 3 && burst->size <= 5);
    assert_true(burst->last_ms - burst->first_ms < 60000);
}

static int compare(const void *a, const void *b)
{
    const struct found *left = a, *right = b;
    int order = strcmp(left->card, right->card);
    if (order != 0)
        return order;
    return (left->from_ms > right->from_ms) - (left->from_ms < right->from_ms);
}

// One alert for each burst, of its card, and with the time of one of its purchases.
static void assert_same(struct run *run)
{
    qsort(run->alerts, run->alert_count, sizeof(run->alerts[0]), compare);
    qsort(run->bursts, run->burst_count, sizeof(run->bursts[0]), compare);
    assert_int_equal(run->alert_count, run->burst_count);
    for (size_t i = 0; i < run->alert_count; i++) {
        assert_string_equal(run->alerts[i].card, run->bursts[i].card);
        assert_true(run->alerts[i].from_ms >= run->bursts[i].from_ms &&
                    run->alerts[i].from_ms <= run->bursts[i].to_ms);
    }
}

// Sends `count` messages and compares; how many bursts there were.
static size_t judge(const struct generator_settings *settings, size_t count)
{
    struct run *run = memory_zeroed(1, sizeof(*run));
    const struct oracle_settings rules = oracle_settings_default();
    for (size_t i = 0; i < PARTITIONS; i++)
        run->oracles[i] = oracle_open(&rules);
    struct generator *generator = generator_open(settings);
    struct generated message;
    for (size_t i = 0; i < count; i++) {
        generator_next(generator, &message);
        if (message.malformed == DEAD_LETTER_NONE)
            take(run, &message, (int64_t)i);
        if (message.completed != NULL)
            note_burst(run, message.completed);
    }
    struct planted_burst burst;
    size_t cursor = 0;
    while (generator_cut_short(generator, &cursor, &burst))
        note_burst(run, &burst);
    assert_same(run);
    size_t bursts = run->burst_count;
    generator_close(generator);
    for (size_t i = 0; i < PARTITIONS; i++)
        oracle_close(run->oracles[i]);
    free(run);
    return bursts;
}

static void truth__is_what_the_oracle_finds(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const struct generator_settings settings = clean(seed);
        assert_in_range(judge(&settings, MESSAGES), 150, 350);
    }
}

static void truth__holds_for_traffic_that_is_cut_off(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct generator_settings settings = clean(seed);
        settings.message_count = 0;
        settings.card_count = generator_clean_cards(&settings);
        assert_in_range(judge(&settings, 7000 * seed), 1, 350);
    }
}

static void a_number_of_bursts__is_kept_to(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct generator_settings settings = clean(seed);
        settings.burst_count = 100 * seed;
        settings.burst_ppm = 0;
        settings.card_count = generator_clean_cards(&settings);
        assert_int_equal(judge(&settings, MESSAGES), settings.burst_count);
    }
}

// A run shorter than the disorder, let alone the window: bursts are pressed into it.
static void short_runs__have_whole_bursts_too(void **state)
{
    (void)state;
    struct generator_settings settings = clean(1);
    settings.message_count = 2000;
    settings.burst_count = 40;
    settings.burst_ppm = 0;
    settings.card_count = generator_clean_cards(&settings);
    assert_int_equal(judge(&settings, 2000), 40);
}

static void ids__begin_where_they_are_asked_to(void **state)
{
    (void)state;
    struct generator_settings settings = generator_settings_default();
    settings.first_id = 1767225600000000;
    struct generator *generator = generator_open(&settings);
    struct generated message;
    generator_next(generator, &message);
    assert_true(message.purchase.id == settings.first_id);
    generator_next(generator, &message);
    assert_true(message.purchase.id == settings.first_id + 1);
    generator_close(generator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truth__is_what_the_oracle_finds),
        cmocka_unit_test(truth__holds_for_traffic_that_is_cut_off),
        cmocka_unit_test(a_number_of_bursts__is_kept_to),
        cmocka_unit_test(short_runs__have_whole_bursts_too),
        cmocka_unit_test(ids__begin_where_they_are_asked_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
