// SPDX-License-Identifier: Apache-2.0
#include "engine/tally.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

enum { CAPACITY_MIN = 16 };

void tally_release(struct tally *tally)
{
    free(tally->entries);
    *tally = (struct tally){0};
}

static void grow(struct tally *tally, size_t capacity)
{
    free(tally->entries);
    tally->entries = memory_zeroed(capacity, sizeof(*tally->entries));
    tally->capacity = capacity;
    tally->round = 0;
}

void tally_begin(struct tally *tally, size_t values_max)
{
    size_t capacity = tally->capacity > CAPACITY_MIN ? tally->capacity : CAPACITY_MIN;
    while (capacity < 2 * values_max)
        capacity *= 2;
    if (capacity > tally->capacity || tally->round == UINT32_MAX)
        grow(tally, capacity);
    tally->round++;
    tally->distinct = 0;
}

// The finish of MurmurHash3: each bit of the value moves each bit of the place.
static size_t place_of(const struct tally *tally, uint64_t value)
{
    value = (value ^ value >> 33) * UINT64_C(0xff51afd7ed558ccd);
    value = (value ^ value >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return (size_t)(value ^ value >> 33) & (tally->capacity - 1);
}

// The value's entry, or the free one where it would be.
static struct tally_entry *entry_of(const struct tally *tally, uint64_t value)
{
    size_t at = place_of(tally, value);
    while (tally->entries[at].round == tally->round && tally->entries[at].value != value)
        at = (at + 1) & (tally->capacity - 1);
    return &tally->entries[at];
}

void tally_add(struct tally *tally, uint64_t value)
{
    struct tally_entry *entry = entry_of(tally, value);
    if (entry->round != tally->round)
        *entry = (struct tally_entry){.value = value, .round = tally->round};
    tally->distinct += entry->count++ == 0;
}

void tally_remove(struct tally *tally, uint64_t value)
{
    struct tally_entry *entry = entry_of(tally, value);
    ensure(entry->round == tally->round && entry->count > 0);
    tally->distinct -= --entry->count == 0;
}
