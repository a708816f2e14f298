// SPDX-License-Identifier: Apache-2.0
// The cards of one task that are in memory: a hash table from token to card, in front of the
// store. Cards that the store does not hold yet stay; the others may be evicted when the table
// passes its limit. Used by one thread at a time.
//
// Life of an entry:  clean --cards_touch--> dirty --cards_settle--> settled(round)
//                    --cards_checkpointed(round)--> clean
// Only a clean entry may be evicted: everything else is not (or not known to be) in the store.
// Entries have stable addresses until they are evicted or the table is cleared.
#ifndef STORE_CARDS_H
#define STORE_CARDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/card.h"
#include "store/token.h"

struct card_entry {
    struct token token;
    struct card card;
};

struct cards;

// `bytes_max` bounds entries and their spilled blocks; the table starts small and grows.
struct cards *cards_open(size_t bytes_max);
void cards_close(struct cards *cards);
// Forgets every entry, dirty ones included; keeps the limit.
void cards_clear(struct cards *cards);
void cards_set_limit(struct cards *cards, size_t bytes_max);

// Brings the token's place in the table towards the cache; to be called some lookups ahead.
void cards_prefetch(const struct cards *cards, const struct token *token);
// The second step: brings the entry itself, if there is one. To be called some lookups after
// cards_prefetch (8 or more) and some before cards_find.
void cards_prefetch_entry(const struct cards *cards, const struct token *token);
// NULL when the card is not in memory.
struct card_entry *cards_find(struct cards *cards, const struct token *token);
// A new, empty, clean entry; the token must not be in the table. Never fails: past the limit a
// clean entry is evicted (never one returned since the last cards_release_pins), and when there is
// none the table grows over its limit, which cards_over_limit tells.
struct card_entry *cards_add(struct cards *cards, const struct token *token);
// The entries handed out so far may be evicted again: call between batches.
void cards_release_pins(struct cards *cards);

// Marks the entry as changed since the last cards_settle (idempotent), and accounts for the heap
// memory that its card holds now. To be called after every change of the card.
void cards_touch(struct cards *cards, struct card_entry *entry);
// True when the entry has been touched since the last cards_settle.
bool cards_is_dirty(const struct cards *cards, const struct card_entry *entry);
size_t cards_dirty_count(const struct cards *cards);
// The index-th dirty entry, in the order of their first touch; index < cards_dirty_count.
struct card_entry *cards_dirty_at(const struct cards *cards, size_t index);
// Brings `count` dirty entries into the cache, from the index-th on; fewer when there are fewer.
void cards_prefetch_dirty(const struct cards *cards, size_t index, size_t count);
// The dirty entries have been staged for checkpoint `round` (rounds only grow): the list is empty
// afterwards.
void cards_settle(struct cards *cards, uint64_t round);
// All checkpoints up to `round` are in the store.
void cards_checkpointed(struct cards *cards, uint64_t round);

// True when an entry has been evicted since the table was opened or cleared.
bool cards_have_left(const struct cards *cards);

size_t cards_count(const struct cards *cards);
size_t cards_bytes(const struct cards *cards);
// True when the table has passed its limit and holds too few clean entries to get below it: the
// owner should commit and checkpoint before it takes more purchases.
bool cards_over_limit(const struct cards *cards);

#endif
