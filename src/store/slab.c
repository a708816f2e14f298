// SPDX-License-Identifier: Apache-2.0
#include "store/slab.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/assert.h"
#include "base/memory.h"

enum { HUGE_PAGE_BYTES = 2 * 1024 * 1024 };

void slab_init(struct slab *slab)
{
    *slab = (struct slab){.chunks = NULL};
}

void slab_release(struct slab *slab)
{
    for (uint32_t i = 0; i < slab->chunk_count; i++)
        pages_give_back(slab->chunks[i], SLAB_CHUNK_BYTES);
    free(slab->chunks);
    free(slab->given_back);
    slab_init(slab);
}

static void *map(size_t bytes)
{
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ensure(pages != MAP_FAILED);
    return pages;
}

void *pages_take(size_t bytes)
{
    if (bytes < HUGE_PAGE_BYTES)
        return map(bytes);
    // Twice the alignment holds an aligned piece; the rest goes back at once.
    uint8_t *start = map(bytes + HUGE_PAGE_BYTES);
    size_t before = (HUGE_PAGE_BYTES - (uintptr_t)start % HUGE_PAGE_BYTES) % HUGE_PAGE_BYTES;
    uint8_t *aligned = start + before;
    if (before > 0)
        munmap(start, before);
    munmap(aligned + bytes, HUGE_PAGE_BYTES - before);
    madvise(aligned, bytes, MADV_HUGEPAGE); // a wish: not every system grants it
    return aligned;
}

void pages_give_back(void *pages, size_t bytes)
{
    int failed = munmap(pages, bytes);
    ensure(failed == 0);
}

// A task with few cards shall not cost a huge page: the first chunk asks for them only when it
// is full.
static void advise_first(struct slab *slab)
{
    if (slab->chunk_count == 1)
        madvise(slab->chunks[0], SLAB_CHUNK_BYTES, MADV_NOHUGEPAGE);
    else if (slab->chunk_count == 2)
        madvise(slab->chunks[0], SLAB_CHUNK_BYTES, MADV_HUGEPAGE);
}

static void add_chunk(struct slab *slab)
{
    ensure(slab->chunk_count < (uint32_t)1 << (31 - SLAB_CHUNK_SHIFT));
    if (slab->chunk_count == slab->chunk_capacity) {
        slab->chunk_capacity = slab->chunk_capacity == 0 ? 16 : slab->chunk_capacity * 2;
        slab->chunks =
            memory_resized(slab->chunks, slab->chunk_capacity, sizeof(struct slab_chunk *));
    }
    struct slab_chunk *chunk = pages_take(SLAB_CHUNK_BYTES);
    slab->chunks[slab->chunk_count++] = chunk;
    slab->fresh_index = 0;
    advise_first(slab);
    chunk->number = slab->chunk_count - 1;
}

uint32_t slab_take(struct slab *slab)
{
    if (slab->given_back_count > 0)
        return slab->given_back[--slab->given_back_count];
    if (slab->chunk_count == 0 || slab->fresh_index == SLAB_CHUNK_ENTRIES)
        add_chunk(slab);
    return (slab->chunk_count - 1) << SLAB_CHUNK_SHIFT | slab->fresh_index++;
}

void slab_give_back(struct slab *slab, uint32_t slot)
{
    ensure(slab_slot_exists(slot) && slot < slab_end(slab));
    if (slab->given_back_count == slab->given_back_capacity) {
        slab->given_back_capacity =
            slab->given_back_capacity == 0 ? 64 : slab->given_back_capacity * 2;
        slab->given_back =
            memory_resized(slab->given_back, slab->given_back_capacity, sizeof(uint32_t));
    }
    *slab_state(slab, slot) = (struct slot_state){.kind = SLOT_FREE};
    slab->given_back[slab->given_back_count++] = slot;
}

static bool is_chunk_empty(const struct slab_chunk *chunk)
{
    for (size_t i = 0; i < SLAB_CHUNK_ENTRIES; i++) {
        if (chunk->states[i].kind != SLOT_FREE)
            return false;
    }
    return true;
}

void slab_trim(struct slab *slab)
{
    uint32_t kept = slab->chunk_count;
    while (kept > 0 && is_chunk_empty(slab->chunks[kept - 1]))
        kept--;
    if (kept == slab->chunk_count)
        return;
    size_t left = 0;
    for (size_t i = 0; i < slab->given_back_count; i++) {
        if (slab->given_back[i] >> SLAB_CHUNK_SHIFT < kept)
            slab->given_back[left++] = slab->given_back[i];
    }
    slab->given_back_count = left;
    while (slab->chunk_count > kept)
        pages_give_back(slab->chunks[--slab->chunk_count], SLAB_CHUNK_BYTES);
    slab->fresh_index = SLAB_CHUNK_ENTRIES;
}

uint32_t slab_end(const struct slab *slab)
{
    if (slab->chunk_count == 0)
        return 0;
    return ((slab->chunk_count - 1) << SLAB_CHUNK_SHIFT) + slab->fresh_index;
}
