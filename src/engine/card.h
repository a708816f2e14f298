// SPDX-License-Identifier: Apache-2.0
// The state of one card: its recent purchases in event-time order (ties: offset order) and a
// counter for each open tumbling window.
//
//   slots:  [0 .. first)  dead: expired events not moved away yet
//           [first .. first + event_count)               events, oldest first
//           [first + event_count .. + counter_count)     tumbling counters, any order
//           [ .. capacity)                               free
//
// A card is plain memory of 112 bytes. Up to CARD_INLINE_SLOTS slots live inside; more spill into
// one heap block that the card owns. A zeroed struct is a valid, empty card after card_init.
#ifndef ENGINE_CARD_H
#define ENGINE_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

enum { CARD_INLINE_SLOTS = 4 };

// An event: time_ms is its event time, `id` the purchase's id (valid with SLOT_HAS_ID).
// A counter: time_ms is the window's index k (window [kW, (k+1)W)), `id` its count, and `bits` the
// rule's place (see engine.h).
// The running count of purchases is a counter too: `bits` is COUNTER_PURCHASES, time_ms 0.
struct slot {
    int64_t time_ms;
    int64_t id;
    uint64_t bits;
};

#define SLOT_HAS_ID ((uint64_t)1 << 63)
// Per rule with a window, r being its place: the event has no part in the rule's order, since it
// was late when it came or the rule does not see it; the event has been in a burst of the rule.
#define SLOT_LATE(r) ((uint64_t)1 << (2 * (r)))
#define SLOT_BURST(r) ((uint64_t)2 << (2 * (r)))

#define COUNTER_PURCHASES ((uint64_t)RULES_MAX)

struct card {
    int64_t newest_offset; // input offset of the newest purchase taken; -1: not tracked
    uint16_t first;
    uint16_t event_count;
    uint16_t counter_count;
    uint16_t capacity; // CARD_INLINE_SLOTS: inline; else the size of the block, in slots
    union {
        struct slot inline_slots[CARD_INLINE_SLOTS];
        struct {
            struct slot *spilled;
            // No event's id is above it; INT64_MAX: not known. Ids mostly grow, and one above the
            // bound needs no search among thousands of events.
            int64_t id_bound;
            // What rules keep of each event besides: so many words for each slot of the block, in
            // the same order, behind the slots. Cards with facts are never inline.
            size_t fact_count;
        };
    };
};

_Static_assert(sizeof(struct card) == 112, "a token and a card fill two cache lines");

void card_init(struct card *card);
// Frees the spilled block; the card is empty afterwards.
void card_release(struct card *card);

static inline struct slot *card_slots(struct card *card)
{
    return card->capacity > CARD_INLINE_SLOTS ? card->spilled : card->inline_slots;
}
static inline struct slot *card_events(struct card *card)
{
    return card_slots(card) + card->first;
}
static inline struct slot *card_counters(struct card *card)
{
    return card_slots(card) + card->first + card->event_count;
}
static inline bool card_is_empty(const struct card *card)
{
    return card->event_count == 0 && card->counter_count == 0;
}
static inline size_t card_fact_count(const struct card *card)
{
    return card->capacity > CARD_INLINE_SLOTS ? card->fact_count : 0;
}
// The facts of the event at position `at`, of a card that keeps some; those of the next follow.
static inline uint64_t *card_facts(struct card *card, size_t at)
{
    uint64_t *facts = (uint64_t *)(card->spilled + card->capacity);
    return facts + (card->first + at) * card->fact_count;
}
// Heap bytes that the card holds.
static inline size_t card_spilled_bytes(const struct card *card)
{
    size_t slot_bytes = sizeof(struct slot) + card_fact_count(card) * sizeof(uint64_t);
    return card->capacity > CARD_INLINE_SLOTS ? card->capacity * slot_bytes : 0;
}

// What inserts, adds, removes or reserves invalidates pointers into the card's slots.
//
// Makes the block large enough for `slots` events and counters in all; slots <= 65535.
void card_reserve(struct card *card, size_t slots);
// Makes the card keep `fact_count` (1 .. FACTS_MAX) words of each event. It has no events then, or
// keeps so many already. The facts of what is inserted after this are yet to be filled in.
void card_keep_facts(struct card *card, size_t fact_count);
// Opens a slot at event position `at` (0 .. event_count) and returns it, zeroed, to be filled in.
struct slot *card_insert_event(struct card *card, size_t at);
// The same with the slot's content: the way to insert that keeps a hot card's ids quick to search.
void card_insert_filled(struct card *card, size_t at, const struct slot *event);
// Removes the `count` oldest events.
void card_drop_oldest(struct card *card, size_t count);
// Appends a zeroed counter and returns it.
struct slot *card_add_counter(struct card *card);
void card_remove_counter(struct card *card, size_t index);

// Gives memory back: the content moves inside when it fits there again, and the heap block is
// halved or more when three quarters of it are idle. Invalidates pointers.
void card_shrink(struct card *card);

// True when an event of the card has this id. Reads every event, tightly, unless the id is above
// all that came before.
bool card_holds_id(struct card *card, int64_t id);

// Stops the process when the card's invariant does not hold (order, counts, capacity).
void card_check(const struct card *card);

#endif
