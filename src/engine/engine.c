// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.h"

#include <math.h>

#include "base/assert.h"
#include "engine/condition.h"
#include "engine/fact.h"
#include "engine/level.h"
#include "engine/purchase_count.h"
#include "engine/saturated.h"
#include "engine/settings.h"
#include "engine/sliding.h"
#include "engine/step.h"
#include "engine/travel.h"
#include "engine/tumbling.h"

static int64_t horizon_of(const struct engine_settings *settings)
{
    int64_t horizon_ms = 0;
    for (size_t r = 0; r < settings->rule_count; r++) {
        const struct rule *rule = &settings->rules[r];
        if (!rule_is_windowed(rule->kind))
            continue;
        int64_t needed_ms = 2 * rule->window_ms + rule->grace_ms;
        horizon_ms = needed_ms > horizon_ms ? needed_ms : horizon_ms;
    }
    return horizon_ms == 0 ? HORIZON_MS_DEFAULT : horizon_ms;
}

static double travel_from(const struct engine_settings *settings)
{
    double from = (double)NAN;
    for (size_t r = 0; r < settings->rule_count; r++) {
        const struct rule *rule = &settings->rules[r];
        if (rule->kind == RULE_TRAVEL && !(rule->min_distance >= from))
            from = rule->min_distance;
    }
    return from;
}

static void take_places(struct engine *engine)
{
    ensure(engine->settings.rule_count <= RULES_MAX);
    for (size_t r = 0; r < engine->settings.rule_count; r++) {
        const struct rule *rule = &engine->settings.rules[r];
        engine->filtered_rules |= (uint32_t)(rule->condition_count > 0) << r;
        if (!rule_is_windowed(rule->kind))
            continue;
        engine->windowed_rules |= 1u << r;
        engine->place[r] = (uint8_t)engine->place_count;
        engine->rule_at[engine->place_count++] = (uint8_t)r;
    }
}

// Rules that read the same fact share it.
static void take_fact(struct engine *engine, size_t rule_index)
{
    enum fact fact = fact_needed(&engine->settings.rules[rule_index]);
    if (fact == FACT_NONE)
        return;
    size_t at = 0;
    while (at < engine->fact_count && engine->facts[at] != fact)
        at++;
    ensure(at < FACTS_MAX);
    engine->facts[at] = fact;
    engine->fact_at[rule_index] = (uint8_t)at;
    engine->fact_count += at == engine->fact_count;
}

enum status engine_init(struct engine *engine, const struct engine_settings *settings,
                        struct error *err)
{
    enum status status = settings_check(settings, err);
    if (status != STATUS_OK)
        return status;
    *engine = (struct engine){
        .settings = *settings,
        .horizon_ms = horizon_of(settings),
        .travel_from = travel_from(settings),
    };
    take_places(engine);
    for (size_t r = 0; r < settings->rule_count; r++)
        take_fact(engine, r);
    return STATUS_OK;
}

enum time_verdict engine_event_time(const struct engine *engine, struct optional_ms stream_time,
                                    struct optional_ms own, struct optional_ms message,
                                    int64_t *event_time_ms)
{
    if (own.known) {
        int64_t latest_ms = saturated_plus(message.ms, engine->settings.max_future_ms);
        if (message.known && own.ms > latest_ms)
            return TIME_FUTURE;
        *event_time_ms = own.ms;
        return TIME_TAKEN;
    }
    struct optional_ms substitute = stream_time.known ? stream_time : message;
    if (!substitute.known)
        return TIME_MISSING;
    *event_time_ms = substitute.ms;
    return TIME_TAKEN;
}

static int64_t advance(struct optional_ms *stream_time, int64_t time_ms)
{
    if (!stream_time->known || time_ms > stream_time->ms)
        *stream_time = (struct optional_ms){.known = true, .ms = time_ms};
    return stream_time->ms;
}

// Event times from here on are kept: those > ST - H.
static int64_t kept_from(const struct engine *engine, int64_t stream_ms)
{
    return saturated_minus(stream_ms, engine->horizon_ms - 1);
}

static void drop_expired(struct card *card, int64_t from_ms)
{
    const struct slot *events = card_events(card);
    size_t count = card->event_count;
    if (count == 0 || events[0].time_ms >= from_ms)
        return;
    size_t expired = 1;
    while (expired < count && events[expired].time_ms < from_ms)
        expired++;
    card_drop_oldest(card, expired);
}

static bool is_late(const struct rule *rule, int64_t stream_ms, int64_t time_ms)
{
    switch (rule->kind) {
    case RULE_SLIDING:
    case RULE_SUM:
    case RULE_DISTINCT:
        return sliding_is_late(rule, stream_ms, time_ms);
    case RULE_TUMBLING:
        return tumbling_is_late(rule, stream_ms, time_ms);
    case RULE_TRAVEL:
        break;
    }
    return false;
}

static uint32_t late_rules(const struct engine *engine, int64_t stream_ms, int64_t time_ms)
{
    if (time_ms == stream_ms)
        return 0;
    uint32_t late = 0;
    for (size_t r = 0; r < engine->settings.rule_count; r++) {
        const struct rule *rule = &engine->settings.rules[r];
        late |= (uint32_t)is_late(rule, stream_ms, time_ms) << r;
    }
    return late;
}

// The position behind all events that are not later than `time_ms`.
static size_t position_of(struct card *card, int64_t time_ms)
{
    const struct slot *events = card_events(card);
    size_t low = 0;
    size_t high = card->event_count;
    if (high == 0 || events[high - 1].time_ms <= time_ms)
        return high;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (events[middle].time_ms <= time_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool card_is_full(const struct engine *engine, const struct card *card)
{
    return card->event_count >= engine->settings.max_events_per_card;
}

// The rules that do not see the purchase: bit r, as everywhere.
static uint32_t blind_rules(const struct engine *engine, const struct engine_purchase *purchase)
{
    uint32_t blind = 0;
    for (uint32_t left = engine->filtered_rules; left != 0; left &= left - 1) {
        size_t r = (size_t)__builtin_ctz(left);
        if (!conditions_hold(&engine->settings, &engine->settings.rules[r], purchase))
            blind |= 1u << r;
    }
    return blind;
}

// `outside`: the rules that the purchase is late for or that do not see it. A tumbling rule needs
// no word of the late ones, whose windows are gone.
static uint64_t event_bits(const struct engine *engine, const struct engine_purchase *purchase,
                           uint32_t outside)
{
    uint64_t bits = engine->settings.dedupe && purchase->has_id ? SLOT_HAS_ID : 0;
    for (uint32_t left = outside & engine->windowed_rules; left != 0; left &= left - 1) {
        size_t r = (size_t)__builtin_ctz(left);
        const struct rule *rule = &engine->settings.rules[r];
        bool marked = rule->kind != RULE_TUMBLING || rule->condition_count > 0;
        bits |= marked ? SLOT_LATE(engine->place[r]) : 0;
    }
    return bits;
}

static void insert_with_facts(const struct engine *engine, struct card *card, size_t at,
                              const struct slot *event, const struct engine_purchase *purchase)
{
    card_keep_facts(card, engine->fact_count);
    card_insert_filled(card, at, event);
    uint64_t *facts = card_facts(card, at);
    for (size_t i = 0; i < engine->fact_count; i++)
        facts[i] = fact_of(engine->facts[i], purchase);
}

// Puts the purchase in its place and returns that; a full card loses its oldest event.
static size_t insert(const struct engine *engine, struct card *card,
                     const struct engine_purchase *purchase, uint32_t outside)
{
    size_t at = position_of(card, purchase->event_time_ms);
    if (card_is_full(engine, card)) {
        ensure(at > 0);
        card_drop_oldest(card, 1);
        at--;
    }
    struct slot event = {.time_ms = purchase->event_time_ms,
                         .bits = event_bits(engine, purchase, outside)};
    if ((event.bits & SLOT_HAS_ID) != 0)
        event.id = purchase->id;
    if (engine->fact_count == 0)
        card_insert_filled(card, at, &event);
    else
        insert_with_facts(engine, card, at, &event, purchase);
    return at;
}

static void apply_rules(const struct engine *engine, struct card *card, size_t at, uint32_t outside,
                        const struct engine_purchase *purchase, int64_t stream_ms,
                        struct step *step)
{
    for (size_t r = 0; r < engine->settings.rule_count; r++) {
        if ((outside >> r & 1) != 0)
            continue;
        switch (engine->settings.rules[r].kind) {
        case RULE_SLIDING:
            sliding_apply(engine, r, card, at, step);
            break;
        case RULE_TUMBLING:
            tumbling_apply(engine, r, card, stream_ms, purchase->event_time_ms, step);
            break;
        case RULE_TRAVEL:
            travel_apply(engine, r, purchase, step);
            break;
        case RULE_SUM:
        case RULE_DISTINCT:
            level_apply(engine, r, card, at, step);
            break;
        }
    }
}

static bool is_duplicate(const struct engine *engine, struct card *card,
                         const struct engine_purchase *purchase)
{
    bool comparable = engine->settings.dedupe && purchase->has_id;
    return comparable && card_holds_id(card, purchase->id);
}

// True for one that is older than all of a full card's events.
static bool is_capped(const struct engine *engine, struct card *card, int64_t time_ms)
{
    return card_is_full(engine, card) && time_ms < card_events(card)[0].time_ms;
}

// A purchase that is too old to be kept is judged by the rules without a window alone; a duplicate
// and one older than all of a full card's changes nothing for these either.
static void judge_expired(const struct engine *engine, struct card *card, int64_t from_ms,
                          const struct engine_purchase *purchase, uint32_t blind, struct step *step)
{
    step->late_rules = engine->windowed_rules & ~blind;
    if (!engine_asks_travelling(engine, purchase))
        return;
    drop_expired(card, from_ms);
    if (is_duplicate(engine, card, purchase) || is_capped(engine, card, purchase->event_time_ms))
        return;
    for (size_t r = 0; r < engine->settings.rule_count; r++) {
        if (engine->settings.rules[r].kind == RULE_TRAVEL && (blind >> r & 1) == 0)
            travel_apply(engine, r, purchase, step);
    }
}

// Late and capped purchases count as well: they were made.
static void count_purchase(const struct engine *engine, struct card *card, struct step *step)
{
    if (!engine->settings.count_purchases)
        return;
    (void)purchase_count_add(card);
    step->counted = true;
    step->changed = true;
}

void engine_step(const struct engine *engine, struct optional_ms *stream_time, struct card *card,
                 const struct engine_purchase *purchase, struct step *step)
{
    step_clear(step);
    int64_t time_ms = purchase->event_time_ms;
    int64_t stream_ms = advance(stream_time, time_ms);
    step->already_counted = card->newest_offset >= 0 && purchase->offset <= card->newest_offset;
    if (step->already_counted)
        return;
    // Marked also when nothing else changes: what a stored card lost to pruning, at a stream time
    // ahead of the one that a restart goes back to, is not there to judge the purchase by again.
    if (engine->settings.track_offsets)
        card->newest_offset = purchase->offset;
    int64_t from_ms = kept_from(engine, stream_ms);
    uint32_t blind = engine->filtered_rules != 0 ? blind_rules(engine, purchase) : 0;
    if (time_ms < from_ms) {
        judge_expired(engine, card, from_ms, purchase, blind, step);
        count_purchase(engine, card, step);
        return;
    }
    drop_expired(card, from_ms);
    step->duplicate = is_duplicate(engine, card, purchase);
    if (step->duplicate)
        return;
    count_purchase(engine, card, step);
    step->capped = is_capped(engine, card, time_ms);
    if (step->capped)
        return;

    step->late_rules = late_rules(engine, stream_ms, time_ms) & ~blind;
    uint32_t outside = step->late_rules | blind;
    size_t at = insert(engine, card, purchase, outside);
    step->changed = true;
    apply_rules(engine, card, at, outside, purchase, stream_ms, step);
    ensure(card->event_count <= engine->settings.max_events_per_card);
}

bool engine_card_fits(const struct engine *engine, const struct card *card)
{
    return card->event_count == 0 || card_fact_count(card) == engine->fact_count;
}

bool engine_card_expired(const struct engine *engine, struct optional_ms stream_time,
                         struct card *card)
{
    if (card_is_empty(card))
        return true;
    if (!stream_time.known)
        return false;
    size_t count = card->event_count;
    int64_t from_ms = kept_from(engine, stream_time.ms);
    if (count > 0 && card_events(card)[count - 1].time_ms >= from_ms)
        return false;
    const struct slot *counters = card_counters(card);
    for (size_t i = 0; i < card->counter_count; i++) {
        if (!tumbling_counter_closed(engine, &counters[i], stream_time.ms))
            return false;
    }
    return true;
}

void engine_card_prune(const struct engine *engine, struct optional_ms stream_time,
                       struct card *card)
{
    if (!stream_time.known)
        return;
    drop_expired(card, kept_from(engine, stream_time.ms));
    for (size_t i = card->counter_count; i > 0; i--) {
        if (tumbling_counter_closed(engine, &card_counters(card)[i - 1], stream_time.ms))
            card_remove_counter(card, i - 1);
    }
    card_shrink(card);
}
