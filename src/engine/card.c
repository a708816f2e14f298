// SPDX-License-Identifier: Apache-2.0
#include "engine/card.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/limits.h"
#include "base/memory.h"

enum { CARD_SLOTS_MAX = 65535 };

_Static_assert(CARD_INLINE_SLOTS * 2 <= CARD_SLOTS_MAX, "the first spill fits 16 bits");

void card_init(struct card *card)
{
    memset(card, 0, sizeof(*card));
    card->newest_offset = -1;
    card->capacity = CARD_INLINE_SLOTS;
}

void card_release(struct card *card)
{
    if (card->capacity > CARD_INLINE_SLOTS)
        free(card->spilled);
    card_init(card);
}

static size_t live_slots(const struct card *card)
{
    return (size_t)card->event_count + card->counter_count;
}

static size_t used_slots(const struct card *card)
{
    return card->first + live_slots(card);
}

// The facts of `count` events move from slot `from` to slot `to`.
static void move_facts(struct card *card, size_t to, size_t from, size_t count)
{
    size_t words = card_fact_count(card);
    if (words == 0)
        return;
    uint64_t *facts = (uint64_t *)(card->spilled + card->capacity);
    memmove(facts + to * words, facts + from * words, count * words * sizeof(*facts));
}

// Moves the live slots over the dead ones.
static void close_gap(struct card *card)
{
    if (card->first == 0)
        return;
    struct slot *slots = card_slots(card);
    move_facts(card, 0, card->first, card->event_count);
    memmove(slots, slots + card->first, live_slots(card) * sizeof(*slots));
    card->first = 0;
}

static int64_t largest_id(struct card *card)
{
    const struct slot *events = card_events(card);
    int64_t largest = INT64_MIN;
    for (size_t i = 0; i < card->event_count; i++) {
        if ((events[i].bits & SLOT_HAS_ID) != 0 && events[i].id > largest)
            largest = events[i].id;
    }
    return largest;
}

// The content, without dead slots, moves to a new block of `capacity` slots with facts.
static void change_fact_block(struct card *card, size_t capacity, size_t fact_count)
{
    size_t fact_bytes = fact_count * sizeof(uint64_t);
    ensure(card->event_count == 0 || card_fact_count(card) == fact_count);
    close_gap(card);
    struct slot *block = memory_resized(NULL, capacity, sizeof(*block) + fact_bytes);
    memcpy(block, card_slots(card), live_slots(card) * sizeof(*block));
    if (card->event_count > 0)
        memcpy(block + capacity, card_facts(card, 0), card->event_count * fact_bytes);
    int64_t id_bound = largest_id(card);
    if (card->capacity > CARD_INLINE_SLOTS)
        free(card->spilled);
    card->spilled = block;
    card->id_bound = id_bound;
    card->fact_count = fact_count;
    card->capacity = (uint16_t)capacity;
}

// The content, without dead slots, moves to a heap block of `capacity` slots.
static void change_block(struct card *card, size_t capacity)
{
    ensure(capacity > CARD_INLINE_SLOTS && capacity <= CARD_SLOTS_MAX);
    ensure(capacity >= live_slots(card));
    if (card_fact_count(card) > 0) {
        change_fact_block(card, capacity, card->fact_count);
        return;
    }
    close_gap(card);
    int64_t id_bound = largest_id(card);
    struct slot *block;
    if (card->capacity > CARD_INLINE_SLOTS) {
        block = memory_resized(card->spilled, capacity, sizeof(*block));
    } else {
        block = memory_resized(NULL, capacity, sizeof(*block));
        memcpy(block, card->inline_slots, live_slots(card) * sizeof(*block));
    }
    card->spilled = block;
    card->id_bound = id_bound;
    card->fact_count = 0;
    card->capacity = (uint16_t)capacity;
}

// The next capacity that holds `slots`: inline, else doubling.
static size_t capacity_for(size_t slots)
{
    size_t capacity = CARD_INLINE_SLOTS;
    while (capacity < slots)
        capacity *= 2;
    return capacity < CARD_SLOTS_MAX ? capacity : CARD_SLOTS_MAX;
}

void card_reserve(struct card *card, size_t slots)
{
    ensure(slots <= CARD_SLOTS_MAX);
    if (slots > card->capacity)
        change_block(card, capacity_for(slots));
}

void card_keep_facts(struct card *card, size_t fact_count)
{
    ensure(fact_count > 0 && fact_count <= FACTS_MAX);
    if (card_fact_count(card) == fact_count)
        return;
    size_t capacity = card->capacity > CARD_INLINE_SLOTS ? card->capacity : CARD_INLINE_SLOTS * 2;
    change_fact_block(card, capacity, fact_count);
}

// Makes the slot behind the last one free. Dead slots are reused when there are enough of them to
// pay for the move; a quarter of the block is, so an insertion costs O(1) moves over time.
static void make_room_behind(struct card *card)
{
    if (used_slots(card) < card->capacity)
        return;
    size_t worthwhile = card->capacity > CARD_INLINE_SLOTS ? card->capacity / 4 : 1;
    if (card->first >= worthwhile) {
        close_gap(card);
        return;
    }
    card_reserve(card, (size_t)card->capacity + 1);
    ensure(used_slots(card) < card->capacity);
}

// The event behind `at` and later ones make way to the right; the first counter, whose order does
// not matter, jumps behind the last one.
static void shift_later(struct card *card, size_t at)
{
    make_room_behind(card);
    struct slot *events = card_events(card);
    size_t count = card->event_count;
    if (card->counter_count > 0)
        events[live_slots(card)] = events[count];
    memmove(events + at + 1, events + at, (count - at) * sizeof(*events));
    move_facts(card, card->first + at + 1, card->first + at, count - at);
}

static struct slot *open_slot(struct card *card, size_t at)
{
    ensure(at <= card->event_count);
    if (card->first > 0 && at < card->event_count / 2) {
        struct slot *events = card_events(card);
        memmove(events - 1, events, at * sizeof(*events));
        move_facts(card, (size_t)card->first - 1, card->first, at);
        card->first--;
    } else {
        shift_later(card, at);
    }
    card->event_count++;
    return card_events(card) + at;
}

struct slot *card_insert_event(struct card *card, size_t at)
{
    struct slot *slot = open_slot(card, at);
    *slot = (struct slot){0};
    if (card->capacity > CARD_INLINE_SLOTS)
        card->id_bound = INT64_MAX;
    return slot;
}

void card_insert_filled(struct card *card, size_t at, const struct slot *event)
{
    *open_slot(card, at) = *event;
    if (card->capacity > CARD_INLINE_SLOTS && event->id > card->id_bound)
        card->id_bound = event->id;
}

void card_drop_oldest(struct card *card, size_t count)
{
    ensure(count <= card->event_count);
    card->first = (uint16_t)(card->first + count);
    card->event_count = (uint16_t)(card->event_count - count);
    if (card_is_empty(card))
        card->first = 0;
}

struct slot *card_add_counter(struct card *card)
{
    make_room_behind(card);
    struct slot *slot = card_counters(card) + card->counter_count;
    *slot = (struct slot){0};
    card->counter_count++;
    return slot;
}

void card_remove_counter(struct card *card, size_t index)
{
    ensure(index < card->counter_count);
    struct slot *counters = card_counters(card);
    counters[index] = counters[card->counter_count - 1];
    card->counter_count--;
    if (card_is_empty(card))
        card->first = 0;
}

static void move_inside(struct card *card)
{
    close_gap(card);
    struct slot *block = card->spilled;
    card->capacity = CARD_INLINE_SLOTS;
    memcpy(card->inline_slots, block, live_slots(card) * sizeof(*block));
    free(block);
}

void card_shrink(struct card *card)
{
    if (card->capacity <= CARD_INLINE_SLOTS)
        return;
    size_t live = live_slots(card);
    bool outside = card->fact_count > 0 && card->event_count > 0;
    size_t least = outside ? CARD_INLINE_SLOTS * 2 : 0;
    if (live <= CARD_INLINE_SLOTS && !outside)
        move_inside(card);
    else if (live <= card->capacity / 4 && card->capacity > least)
        change_block(card, capacity_for(live * 2 > least ? live * 2 : least));
}

// Eight at a time without a branch between them: the scan of a hot card runs at the speed of its
// memory.
static bool scan_for_id(const struct slot *at, const struct slot *end, int64_t id)
{
    for (; end - at >= 8; at += 8) {
        unsigned hits = 0;
        for (size_t i = 0; i < 8; i++)
            hits |= (at[i].id == id) & (unsigned)(at[i].bits >> 63);
        if (hits != 0)
            return true;
    }
    for (; at < end; at++) {
        if (at->id == id && (at->bits & SLOT_HAS_ID) != 0)
            return true;
    }
    return false;
}

bool card_holds_id(struct card *card, int64_t id)
{
    const struct slot *events = card_events(card);
    if (card->capacity <= CARD_INLINE_SLOTS)
        return scan_for_id(events, events + card->event_count, id);
    if (card->id_bound == INT64_MAX)
        card->id_bound = largest_id(card);
    return id <= card->id_bound && scan_for_id(events, events + card->event_count, id);
}

void card_check(const struct card *card)
{
    ensure(card->newest_offset >= -1);
    ensure(card->capacity >= CARD_INLINE_SLOTS);
    ensure(used_slots(card) <= card->capacity);
    const struct slot *slots =
        card->capacity > CARD_INLINE_SLOTS ? card->spilled : card->inline_slots;
    const struct slot *events = slots + card->first;
    for (size_t i = 0; i < card->event_count; i++) {
        ensure(i == 0 || events[i - 1].time_ms <= events[i].time_ms);
        bool bounded = card->capacity <= CARD_INLINE_SLOTS || events[i].id <= card->id_bound;
        ensure(bounded || (events[i].bits & SLOT_HAS_ID) == 0);
        for (size_t r = 0; r < RULES_MAX; r++)
            ensure((events[i].bits & SLOT_LATE(r)) == 0 || (events[i].bits & SLOT_BURST(r)) == 0);
    }
    const struct slot *counters = events + card->event_count;
    for (size_t i = 0; i < card->counter_count; i++)
        ensure(counters[i].id > 0 && counters[i].bits <= COUNTER_PURCHASES);
}
