// SPDX-License-Identifier: Apache-2.0
// Memory for the entries of a card table: chunks of 2 MiB, each one huge page where the system has
// them, so that a random access costs no miss of the page tables. An entry keeps its address and
// its slot number until it is given back.
//
// A chunk:  entries, 128 bytes each | a slot_state for each | which chunk it is
//
// A slot is a number: chunk << SLAB_CHUNK_SHIFT | index in the chunk. Numbers with an index past
// SLAB_CHUNK_ENTRIES stand for nothing.
#ifndef STORE_SLAB_H
#define STORE_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/cards.h"

enum slot_kind { SLOT_FREE = 0, SLOT_CLEAN, SLOT_DIRTY, SLOT_SETTLED };

struct slot_state {
    uint64_t round;         // SLOT_SETTLED: of the checkpoint that it was staged for
    uint32_t pinned_epoch;  // handed out since the last release of pins when it is the table's
    uint16_t spilled_slots; // of the card's heap block, as accounted for
    uint8_t kind;           // enum slot_kind
    bool referenced;        // used again since the clock's hand passed
};

enum {
    SLAB_CHUNK_BYTES = 2 * 1024 * 1024,
    SLAB_CHUNK_SHIFT = 14,
    SLAB_INDEX_MASK = (1 << SLAB_CHUNK_SHIFT) - 1,
    SLAB_CHUNK_ENTRIES =
        (SLAB_CHUNK_BYTES - 64) / (int)(sizeof(struct card_entry) + sizeof(struct slot_state)),
};

struct slab_chunk {
    struct card_entry entries[SLAB_CHUNK_ENTRIES];
    struct slot_state states[SLAB_CHUNK_ENTRIES];
    uint32_t number;
};

_Static_assert(sizeof(struct card_entry) == 128, "an entry is two cache lines");
_Static_assert(sizeof(struct slab_chunk) <= SLAB_CHUNK_BYTES, "a chunk is one huge page");
_Static_assert(SLAB_CHUNK_ENTRIES <= SLAB_INDEX_MASK, "an index fits its bits");

struct slab {
    struct slab_chunk **chunks;
    uint32_t chunk_count;
    uint32_t chunk_capacity;
    uint32_t fresh_index; // the entries of the last chunk from here on were never used
    uint32_t *given_back; // slots to be taken again, the last one first
    size_t given_back_count;
    size_t given_back_capacity;
};

void slab_init(struct slab *slab);
// Frees the chunks, not what the entries own.
void slab_release(struct slab *slab);

// A slot whose entry is in any state; its slot_state is zeroed. Its number fits 31 bits.
uint32_t slab_take(struct slab *slab);
void slab_give_back(struct slab *slab, uint32_t slot);
// Frees the chunks at the end that hold no taken entry.
void slab_trim(struct slab *slab);

// One past the highest slot ever taken; the slots in use are below it.
uint32_t slab_end(const struct slab *slab);

static inline bool slab_slot_exists(uint32_t slot)
{
    return (slot & SLAB_INDEX_MASK) < SLAB_CHUNK_ENTRIES;
}
static inline struct card_entry *slab_entry(const struct slab *slab, uint32_t slot)
{
    return &slab->chunks[slot >> SLAB_CHUNK_SHIFT]->entries[slot & SLAB_INDEX_MASK];
}
static inline struct slot_state *slab_state(const struct slab *slab, uint32_t slot)
{
    return &slab->chunks[slot >> SLAB_CHUNK_SHIFT]->states[slot & SLAB_INDEX_MASK];
}
// Chunks are aligned to their size: the entry's address alone tells its chunk.
static inline uint32_t slab_slot_of(const struct card_entry *entry)
{
    const struct slab_chunk *chunk =
        (const struct slab_chunk *)((uintptr_t)entry & ~(uintptr_t)(SLAB_CHUNK_BYTES - 1));
    return chunk->number << SLAB_CHUNK_SHIFT | (uint32_t)(entry - chunk->entries);
}

// `bytes` of zeroed memory straight from the system, aligned to 2 MiB and asking for huge pages
// when it is that large. Never fails.
void *pages_take(size_t bytes);
void pages_give_back(void *pages, size_t bytes);

#endif
