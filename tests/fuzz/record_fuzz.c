// SPDX-License-Identifier: Apache-2.0
// What is read from the changelog and from the local store: keys, cards, meta and checkpoint
// records. What can be read is written and read again, and is the same; a card that can be read is
// one that the engine can go on with.
//   u8 what, u8 seed (of the purchases a card goes on with), then the bytes
#include <stdlib.h>

#include "base/assert.h"
#include "base/limits.h"
#include "engine/engine.h"
#include "fuzz/fuzz.h"
#include "lib/random.h"
#include "store/checkpoint.h"
#include "store/record.h"

enum { PURCHASES = 6, OUT_BYTES_MAX = 4 * 1024 * 1024 };

static void check_key(struct view bytes)
{
    uint64_t incarnation = 0;
    struct token token;
    uint8_t again[CHANGELOG_KEY_BYTES];
    switch (changelog_key_decode(bytes, &incarnation, &token)) {
    case CHANGELOG_KEY_META:
        ensure(view_equal(bytes, changelog_meta_key()));
        return;
    case CHANGELOG_KEY_CARD:
        changelog_key_encode(incarnation, &token, again);
        ensure(view_equal(bytes, (struct view){again, sizeof(again)}));
        return;
    case CHANGELOG_KEY_UNKNOWN:
        ensure(bytes.size != CHANGELOG_KEY_BYTES);
    }
}

static bool same_meta(const struct meta *a, const struct meta *b)
{
    return a->incarnation == b->incarnation && a->input_offset == b->input_offset &&
           a->stream_time.known == b->stream_time.known && a->stream_time.ms == b->stream_time.ms &&
           a->at_least_once == b->at_least_once &&
           memcmp(a->fingerprint, b->fingerprint, FINGERPRINT_BYTES) == 0 &&
           strcmp(a->transactional_id, b->transactional_id) == 0;
}

static void check_meta(struct view bytes)
{
    struct meta meta, again;
    struct error err = {""};
    struct buffer out;
    if (meta_decode(bytes, &meta, &err) != STATUS_OK) {
        ensure(strlen(err.text) > 10);
        return;
    }
    buffer_init(&out, OUT_BYTES_MAX);
    ensure(meta_encode(&meta, &out));
    ensure(out.size <= bytes.size);
    ensure(meta_decode(buffer_view(&out), &again, &err) == STATUS_OK && same_meta(&meta, &again));
    buffer_release(&out);
}

static void check_checkpoint(struct view bytes)
{
    struct checkpoint checkpoint, again;
    struct error err = {""};
    struct buffer out;
    if (checkpoint_decode(bytes, &checkpoint, &err) != STATUS_OK) {
        ensure(strlen(err.text) > 10);
        return;
    }
    buffer_init(&out, OUT_BYTES_MAX);
    ensure(checkpoint_encode(&checkpoint, &out));
    ensure(checkpoint_decode(buffer_view(&out), &again, &err) == STATUS_OK);
    ensure(checkpoint.changelog_offset == again.changelog_offset);
    ensure(same_meta(&checkpoint.meta, &again.meta));
    buffer_release(&out);
}

static bool same_slots(const struct slot *a, const struct slot *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (a[i].time_ms != b[i].time_ms || a[i].bits != b[i].bits || a[i].id != b[i].id)
            return false;
    }
    return true;
}

static bool same_facts(struct card *a, struct card *b)
{
    size_t words = a->event_count == 0 ? 0 : a->event_count * card_fact_count(a);
    if (words == 0)
        return b->event_count == 0 || card_fact_count(b) == 0;
    return card_fact_count(a) == card_fact_count(b) &&
           memcmp(card_facts(a, 0), card_facts(b, 0), words * sizeof(uint64_t)) == 0;
}

static bool same_card(struct card *a, struct card *b)
{
    return a->newest_offset == b->newest_offset && a->event_count == b->event_count &&
           a->counter_count == b->counter_count &&
           same_slots(card_events(a), card_events(b), a->event_count) && same_facts(a, b) &&
           same_slots(card_counters(a), card_counters(b), a->counter_count);
}

// Writes the card and reads it again; gives the number of bytes.
static size_t check_written(struct card *card)
{
    struct buffer out;
    struct card again;
    struct error err;
    buffer_init(&out, OUT_BYTES_MAX);
    card_init(&again);
    ensure(card_encode(card, &out) && out.size > 0);
    ensure(card_decode(buffer_view(&out), &again, &err) == STATUS_OK);
    card_check(&again);
    ensure(same_card(card, &again));
    size_t size = out.size;
    card_release(&again);
    buffer_release(&out);
    return size;
}

// Rules that read as many facts as the card has.
static size_t add_rules_of_facts(struct engine_settings *settings, size_t fact_count)
{
    static const enum field fields[FACTS_MAX] = {FIELD_AMOUNT, FIELD_CATEGORY, FIELD_AMOUNT,
                                                 FIELD_DISTANCE};
    for (size_t i = 0; i < fact_count; i++)
        settings->rules[i] = (struct rule){.kind = i == 0 ? RULE_SUM : RULE_DISTINCT,
                                           .window_ms = 1000 * ((int64_t)i + 1),
                                           .limit = 50 * AMOUNT_UNITS,
                                           .threshold = 2,
                                           .field = fields[i]};
    return fact_count;
}

// With room for the card's events: that its settings are the ones that the card was written under,
// the fingerprint says, and that it has the facts of the rules engine_card_fits.
static void engine_make(struct engine *engine, const struct card *card, struct random *random)
{
    uint32_t least = card->event_count > 5 ? card->event_count : 5;
    struct engine_settings settings = {.rule_count = 1 + random_below(random, 4),
                                       .dedupe = random_chance(random, 1, 2),
                                       .track_offsets = random_chance(random, 1, 2),
                                       .max_future_ms = 1000,
                                       .max_events_per_card =
                                           least + (uint32_t)random_below(random, 9)};
    struct error err;
    size_t of_facts = 0;
    if (card->event_count > 0)
        of_facts = add_rules_of_facts(&settings, card_fact_count(card));
    settings.rule_count += of_facts;
    for (size_t i = of_facts; i < settings.rule_count; i++) {
        settings.rules[i] =
            (struct rule){.kind = random_chance(random, 1, 2) ? RULE_SLIDING : RULE_TUMBLING,
                          .window_ms = random_range(random, 1, 60000),
                          .threshold = (uint32_t)random_range(random, 2, 5)};
        settings.rules[i].grace_ms = settings.rules[i].window_ms * random_range(random, 0, 3);
    }
    ensure(engine_init(engine, &settings, &err) == STATUS_OK);
    ensure(engine_card_fits(engine, card));
}

// Purchases near the card's own times, so that they meet its events and counters. What the engine
// makes of a card that no engine has written is its own affair, but it stays within its bounds.
static void check_goes_on(struct card *card, uint8_t seed)
{
    struct random random;
    struct engine engine;
    struct step step = {0};
    struct buffer out;
    random_seed(&random, seed);
    engine_make(&engine, card, &random);
    struct optional_ms stream_time = {.known = false};
    int64_t near_ms = card->event_count > 0 ? card_events(card)[card->event_count - 1].time_ms : 0;
    for (int i = 0; i < PURCHASES; i++) {
        int64_t away_ms = random_range(&random, -1000, 1000) * (INT64_C(1) << 2 * i);
        struct engine_purchase purchase = {.offset = random_range(&random, 0, 1000),
                                           .has_id = random_chance(&random, 1, 2),
                                           .id = random_range(&random, -3, 3),
                                           .has_amount = random_chance(&random, 1, 2),
                                           .amount = (double)random_range(&random, -9, 99)};
        if (__builtin_add_overflow(near_ms, away_ms, &purchase.event_time_ms))
            purchase.event_time_ms = near_ms;
        engine_step(&engine, &stream_time, card, &purchase, &step);
        if (random_chance(&random, 1, 3))
            engine_card_prune(&engine, stream_time, card);
        if (random_chance(&random, 1, 3))
            card_shrink(card);
        (void)engine_card_expired(&engine, stream_time, card);
    }
    step_release(&step);
    buffer_init(&out, OUT_BYTES_MAX);
    ensure(card_encode(card, &out));
    buffer_release(&out);
}

static void check_card(struct view bytes, uint8_t seed)
{
    struct card card;
    struct error err = {""};
    card_init(&card);
    if (card_decode(bytes, &card, &err) != STATUS_OK) {
        ensure(strlen(err.text) > 10 && card_is_empty(&card));
        card_release(&card);
        return;
    }
    card_check(&card);
    // The block doubles from twice what lies inside; an event is of two bytes at least.
    ensure(card.capacity <= bytes.size + CARD_INLINE_SLOTS * 2);
    ensure(check_written(&card) <= bytes.size);
    if (card.event_count < EVENTS_PER_CARD_MAX - 9)
        check_goes_on(&card, seed);
    card_release(&card);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader input = fuzz_input(data, size);
    uint8_t what = fuzz_byte(&input);
    uint8_t seed = fuzz_byte(&input);
    struct view bytes = fuzz_rest(&input);
    switch (what % 8) {
    case 0:
        check_key(bytes);
        return 0;
    case 1:
        check_meta(bytes);
        return 0;
    case 2:
        check_checkpoint(bytes);
        return 0;
    default:
        check_card(bytes, seed);
        return 0;
    }
}
