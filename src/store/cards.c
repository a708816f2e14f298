// SPDX-License-Identifier: Apache-2.0
// Entries live in a slab and are found by an index. A lookup touches a line of the index, the two
// of the entry and one of its state, which cards_prefetch and cards_prefetch_entry bring in.
#include "store/cards.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "store/slab.h"
#include "store/token_index.h"

enum {
    // An entry, its state, and its share of the index at the mean load.
    ENTRY_BYTES = 128 + 16 + 16,
    // Eviction is worth its scan when one entry of so many can go.
    CLEAN_SHARE_MIN = 16,
    // What one cards_add may look at for a victim.
    SCAN_MAX = 4 * CLEAN_SHARE_MIN,
};

// Entries that were settled for a round that is not known to be in the store.
struct round_bytes {
    uint64_t round;
    size_t bytes;
};

struct cards {
    struct token_index index;
    struct slab slab;

    uint32_t *dirty; // slots, in the order of their first touch
    size_t dirty_count;
    size_t dirty_capacity;

    size_t bytes_max;
    size_t bytes; // of all entries: each one's share and its spilled block
    size_t dirty_bytes;
    struct round_bytes *rounds; // ascending
    size_t round_count;
    size_t round_capacity;
    uint64_t round_clean_below; // what was settled for an earlier round is clean

    bool evicted;   // since the table was opened or cleared
    uint32_t epoch; // counts the releases of pins
    uint32_t hand;  // the slot that the clock looks at next
};

// ---- what the entries take ----

static inline size_t spilled_bytes(uint16_t slots)
{
    return (size_t)slots * sizeof(struct slot);
}

static inline size_t bytes_of(const struct slot_state *state)
{
    return ENTRY_BYTES + spilled_bytes(state->spilled_slots);
}

static inline bool is_clean(const struct cards *cards, const struct slot_state *state)
{
    return state->kind == SLOT_CLEAN ||
           (state->kind == SLOT_SETTLED && state->round < cards->round_clean_below);
}

static size_t unclean_bytes(const struct cards *cards)
{
    size_t bytes = cards->dirty_bytes;
    for (size_t i = 0; i < cards->round_count; i++)
        bytes += cards->rounds[i].bytes;
    return bytes;
}

static bool can_evict(const struct cards *cards)
{
    size_t unclean = unclean_bytes(cards);
    ensure(unclean <= cards->bytes);
    return cards->bytes - unclean >= cards->bytes / CLEAN_SHARE_MIN;
}

// ---- life of the table ----

static void clear_books(struct cards *cards)
{
    cards->dirty_count = 0;
    cards->bytes = 0;
    cards->dirty_bytes = 0;
    cards->round_count = 0;
    cards->round_clean_below = 0;
    cards->hand = 0;
    cards->epoch = 1;
    cards->evicted = false;
}

struct cards *cards_open(size_t bytes_max)
{
    struct cards *cards = memory_zeroed(1, sizeof(*cards));
    slab_init(&cards->slab);
    token_index_init(&cards->index);
    clear_books(cards);
    cards->bytes_max = bytes_max;
    return cards;
}

static void release_cards(struct cards *cards)
{
    uint32_t end = slab_end(&cards->slab);
    for (uint32_t slot = 0; slot < end; slot++) {
        if (slab_slot_exists(slot) && slab_state(&cards->slab, slot)->kind != SLOT_FREE)
            card_release(&slab_entry(&cards->slab, slot)->card);
    }
}

void cards_clear(struct cards *cards)
{
    release_cards(cards);
    slab_release(&cards->slab);
    token_index_release(&cards->index);
    token_index_init(&cards->index);
    clear_books(cards);
}

void cards_close(struct cards *cards)
{
    if (cards == NULL)
        return;
    release_cards(cards);
    slab_release(&cards->slab);
    token_index_release(&cards->index);
    free(cards->dirty);
    free(cards->rounds);
    free(cards);
}

// ---- eviction: a clock's hand over the slots ----

static void evict(struct cards *cards, uint32_t slot)
{
    struct card_entry *entry = slab_entry(&cards->slab, slot);
    cards->bytes -= bytes_of(slab_state(&cards->slab, slot));
    token_index_remove(&cards->index, &entry->token, slot);
    card_release(&entry->card);
    slab_give_back(&cards->slab, slot);
    cards->evicted = true;
}

static bool is_victim(const struct cards *cards, struct slot_state *state)
{
    if (state->kind == SLOT_FREE || !is_clean(cards, state) || state->pinned_epoch == cards->epoch)
        return false;
    bool spared = state->referenced;
    state->referenced = false;
    return !spared;
}

static uint32_t move_hand(struct cards *cards)
{
    uint32_t slot = cards->hand++;
    if (!slab_slot_exists(cards->hand))
        cards->hand = (slot | SLAB_INDEX_MASK) + 1;
    if (cards->hand >= slab_end(&cards->slab))
        cards->hand = 0;
    return slot;
}

// Evicts until the table is below its limit or the hand has made `steps`.
static void evict_some(struct cards *cards, size_t steps, size_t bytes_max)
{
    if (cards->hand >= slab_end(&cards->slab))
        cards->hand = 0;
    for (size_t i = 0; i < steps && cards->bytes > bytes_max; i++) {
        uint32_t slot = move_hand(cards);
        if (is_victim(cards, slab_state(&cards->slab, slot)))
            evict(cards, slot);
    }
}

// Twice around: the first time may only spare those that were used.
static size_t steps_twice_around(const struct cards *cards)
{
    return 2 * (size_t)slab_end(&cards->slab);
}

void cards_release_pins(struct cards *cards)
{
    cards->epoch++;
    if (cards->bytes > cards->bytes_max && can_evict(cards))
        evict_some(cards, steps_twice_around(cards), cards->bytes_max);
}

// From the highest slot down, so that whole chunks become free and go back to the system.
static void evict_from_the_end(struct cards *cards)
{
    for (uint32_t slot = slab_end(&cards->slab); slot-- > 0 && cards->bytes > cards->bytes_max;) {
        if (!slab_slot_exists(slot))
            continue;
        struct slot_state *state = slab_state(&cards->slab, slot);
        state->referenced = false;
        if (is_victim(cards, state))
            evict(cards, slot);
    }
    slab_trim(&cards->slab);
}

void cards_set_limit(struct cards *cards, size_t bytes_max)
{
    cards->bytes_max = bytes_max;
    if (cards->bytes > bytes_max)
        evict_from_the_end(cards);
}

// ---- lookup ----

void cards_prefetch(const struct cards *cards, const struct token *token)
{
    uint32_t tag = token_index_tag(token);
    memory_touch(&cards->index.cells[token_index_home(&cards->index, tag)]);
}

static void touch_slot(const struct cards *cards, uint32_t slot)
{
    const struct card_entry *entry = slab_entry(&cards->slab, slot);
    memory_touch(entry);
    memory_touch((const uint8_t *)entry + sizeof(*entry) / 2);
    memory_touch(slab_state(&cards->slab, slot));
}

void cards_prefetch_entry(const struct cards *cards, const struct token *token)
{
    const struct token_index *index = &cards->index;
    uint32_t tag = token_index_tag(token);
    size_t at = token_index_probe(index, token_index_home(index, tag), tag);
    if (index->cells[at].slot_after == 0)
        return;
    touch_slot(cards, index->cells[at].slot_after - 1);
}

// `again`: the card was here. One that is seen for the first time has no claim to stay yet, or a
// stream of cards that never come back would push out those that do.
static struct card_entry *hand_out(struct cards *cards, uint32_t slot, bool again)
{
    struct slot_state *state = slab_state(&cards->slab, slot);
    state->pinned_epoch = cards->epoch;
    state->referenced = again;
    return slab_entry(&cards->slab, slot);
}

struct card_entry *cards_find(struct cards *cards, const struct token *token)
{
    const struct token_index *index = &cards->index;
    uint32_t tag = token_index_tag(token);
    size_t at = token_index_probe(index, token_index_home(index, tag), tag);
    while (index->cells[at].slot_after != 0) {
        uint32_t slot = index->cells[at].slot_after - 1;
        if (memcmp(&slab_entry(&cards->slab, slot)->token, token, sizeof(*token)) == 0)
            return hand_out(cards, slot, true);
        at = token_index_probe(index, token_index_next(index, at), tag);
    }
    return NULL;
}

struct card_entry *cards_add(struct cards *cards, const struct token *token)
{
    if (cards->bytes + ENTRY_BYTES > cards->bytes_max && can_evict(cards))
        evict_some(cards, SCAN_MAX,
                   cards->bytes_max > ENTRY_BYTES ? cards->bytes_max - ENTRY_BYTES : 0);
    uint32_t slot = slab_take(&cards->slab);
    struct card_entry *entry = slab_entry(&cards->slab, slot);
    entry->token = *token;
    card_init(&entry->card);
    slab_state(&cards->slab, slot)->kind = SLOT_CLEAN;
    token_index_put(&cards->index, token, slot);
    cards->bytes += ENTRY_BYTES;
    return hand_out(cards, slot, false);
}

// ---- from clean to dirty, and back ----

static struct round_bytes *find_round(struct cards *cards, uint64_t round)
{
    for (size_t i = cards->round_count; i > 0; i--) {
        if (cards->rounds[i - 1].round == round)
            return &cards->rounds[i - 1];
    }
    return NULL;
}

static void dirty_add(struct cards *cards, uint32_t slot)
{
    if (cards->dirty_count == cards->dirty_capacity) {
        cards->dirty_capacity = cards->dirty_capacity == 0 ? 256 : cards->dirty_capacity * 2;
        cards->dirty = memory_resized(cards->dirty, cards->dirty_capacity, sizeof(uint32_t));
    }
    cards->dirty[cards->dirty_count++] = slot;
}

static void make_dirty(struct cards *cards, struct slot_state *state, uint32_t slot)
{
    if (!is_clean(cards, state)) {
        struct round_bytes *round = find_round(cards, state->round);
        ensure(round != NULL && round->bytes >= bytes_of(state));
        round->bytes -= bytes_of(state);
    }
    cards->dirty_bytes += bytes_of(state);
    state->kind = SLOT_DIRTY;
    dirty_add(cards, slot);
}

void cards_touch(struct cards *cards, struct card_entry *entry)
{
    uint32_t slot = slab_slot_of(entry);
    struct slot_state *state = slab_state(&cards->slab, slot);
    ensure(state->kind != SLOT_FREE);
    if (state->kind != SLOT_DIRTY)
        make_dirty(cards, state, slot);
    uint16_t slots = entry->card.capacity > CARD_INLINE_SLOTS ? entry->card.capacity : 0;
    if (slots == state->spilled_slots)
        return;
    size_t before = bytes_of(state);
    state->spilled_slots = slots;
    cards->bytes += bytes_of(state) - before;
    cards->dirty_bytes += bytes_of(state) - before;
}

bool cards_is_dirty(const struct cards *cards, const struct card_entry *entry)
{
    return slab_state(&cards->slab, slab_slot_of(entry))->kind == SLOT_DIRTY;
}

size_t cards_dirty_count(const struct cards *cards)
{
    return cards->dirty_count;
}

void cards_prefetch_dirty(const struct cards *cards, size_t index, size_t count)
{
    for (size_t i = index; i < index + count && i < cards->dirty_count; i++)
        touch_slot(cards, cards->dirty[i]);
}

struct card_entry *cards_dirty_at(const struct cards *cards, size_t index)
{
    ensure(index < cards->dirty_count);
    return slab_entry(&cards->slab, cards->dirty[index]);
}

static struct round_bytes *round_add(struct cards *cards, uint64_t round)
{
    ensure(round >= cards->round_clean_below);
    ensure(cards->round_count == 0 || cards->rounds[cards->round_count - 1].round <= round);
    if (cards->round_count > 0 && cards->rounds[cards->round_count - 1].round == round)
        return &cards->rounds[cards->round_count - 1];
    if (cards->round_count == cards->round_capacity) {
        cards->round_capacity = cards->round_capacity == 0 ? 4 : cards->round_capacity * 2;
        cards->rounds =
            memory_resized(cards->rounds, cards->round_capacity, sizeof(struct round_bytes));
    }
    cards->rounds[cards->round_count] = (struct round_bytes){.round = round};
    return &cards->rounds[cards->round_count++];
}

void cards_settle(struct cards *cards, uint64_t round)
{
    if (cards->dirty_count == 0)
        return;
    for (size_t i = 0; i < cards->dirty_count; i++) {
        struct slot_state *state = slab_state(&cards->slab, cards->dirty[i]);
        state->kind = SLOT_SETTLED;
        state->round = round;
    }
    round_add(cards, round)->bytes += cards->dirty_bytes;
    cards->dirty_bytes = 0;
    cards->dirty_count = 0;
}

void cards_checkpointed(struct cards *cards, uint64_t round)
{
    size_t done = 0;
    while (done < cards->round_count && cards->rounds[done].round <= round)
        done++;
    cards->round_count -= done;
    if (done > 0)
        memmove(cards->rounds, cards->rounds + done,
                cards->round_count * sizeof(struct round_bytes));
    if (round >= cards->round_clean_below)
        cards->round_clean_below = round + 1;
}

// ---- figures ----

bool cards_have_left(const struct cards *cards)
{
    return cards->evicted;
}

size_t cards_count(const struct cards *cards)
{
    return cards->index.count;
}

size_t cards_bytes(const struct cards *cards)
{
    return cards->bytes;
}

bool cards_over_limit(const struct cards *cards)
{
    return cards->bytes > cards->bytes_max && !can_evict(cards);
}
