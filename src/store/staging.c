// SPDX-License-Identifier: Apache-2.0
#include "store/staging.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

#define STAGED_ABSENT UINT64_MAX

enum {
    HEAD_BYTES = sizeof(uint64_t) + TOKEN_BYTES,
    RADIX_BITS = 11,
    RADIX_BUCKETS = 1 << RADIX_BITS,
    RADIX_PASSES = 3,
    KEPT_BYTES = 8 * 1024 * 1024, // an arena up to this size is kept in any case
};

void staging_init(struct staging *staging)
{
    *staging = (struct staging){.entries = NULL};
    buffer_init(&staging->arena, SIZE_MAX / 2);
}

void staging_release(struct staging *staging)
{
    buffer_release(&staging->arena);
    free(staging->entries);
    staging_init(staging);
}

void staging_clear(struct staging *staging)
{
    bool oversized =
        staging->arena.capacity > KEPT_BYTES && staging->arena.capacity / 8 > staging->arena.size;
    if (oversized)
        staging_release(staging);
    buffer_clear(&staging->arena);
    staging->count = 0;
}

size_t staging_bytes(const struct staging *staging)
{
    return staging->arena.size + staging->count * sizeof(struct staged_entry);
}

static uint64_t prefix_of(const struct token *token)
{
    uint64_t prefix;
    memcpy(&prefix, token->bytes, sizeof(prefix));
    return __builtin_bswap64(prefix);
}

static void add_entry(struct staging *staging, struct staged_entry entry)
{
    if (staging->count == staging->capacity) {
        staging->capacity = staging->capacity == 0 ? 1024 : staging->capacity * 2;
        staging->entries =
            memory_resized(staging->entries, staging->capacity, sizeof(struct staged_entry));
    }
    staging->entries[staging->count++] = entry;
}

void staging_add(struct staging *staging, const struct token *token, struct view value)
{
    uint64_t size = value.data == NULL ? STAGED_ABSENT : value.size;
    size_t value_size = value.data == NULL ? 0 : value.size;
    bool reserved = buffer_reserve(&staging->arena, HEAD_BYTES + value_size);
    ensure(reserved);
    add_entry(staging, (struct staged_entry){prefix_of(token), staging->arena.size});
    uint8_t *at = staging->arena.data + staging->arena.size;
    memcpy(at, &size, sizeof(size));
    memcpy(at + sizeof(size), token->bytes, TOKEN_BYTES);
    if (value_size > 0)
        memcpy(at + HEAD_BYTES, value.data, value_size);
    staging->arena.size += HEAD_BYTES + value_size;
}

static const struct token *token_at(const struct staging *staging, const struct staged_entry *entry)
{
    return (const struct token *)(staging->arena.data + entry->offset + sizeof(uint64_t));
}

struct staged staging_at(const struct staging *staging, size_t index)
{
    ensure(index < staging->count);
    const struct staged_entry *entry = &staging->entries[index];
    const uint8_t *at = staging->arena.data + entry->offset;
    struct staged staged = {.token = token_at(staging, entry)};
    uint64_t size;
    memcpy(&size, at, sizeof(size));
    if (size != STAGED_ABSENT)
        staged.value = (struct view){at + HEAD_BYTES, (size_t)size};
    return staged;
}

void staging_prefetch(const struct staging *staging, size_t index, size_t count)
{
    for (size_t i = index; i < index + count && i < staging->count; i++)
        memory_touch(staging->arena.data + staging->entries[i].offset);
}

// One stable pass by RADIX_BITS of the prefix.
static void radix_pass(const struct staged_entry *from, struct staged_entry *to, size_t count,
                       unsigned shift)
{
    size_t starts[RADIX_BUCKETS] = {0};
    for (size_t i = 0; i < count; i++)
        starts[from[i].prefix >> shift & (RADIX_BUCKETS - 1)]++;
    size_t start = 0;
    for (size_t b = 0; b < RADIX_BUCKETS; b++) {
        size_t size = starts[b];
        starts[b] = start;
        start += size;
    }
    for (size_t i = 0; i < count; i++)
        to[starts[from[i].prefix >> shift & (RADIX_BUCKETS - 1)]++] = from[i];
}

// Sorts by the highest RADIX_PASSES * RADIX_BITS bits of the prefix; equal ones stay in order.
static void radix_sort(struct staging *staging)
{
    struct staged_entry *from = staging->entries;
    struct staged_entry *to = memory_resized(NULL, staging->capacity, sizeof(*to));
    for (unsigned pass = 0; pass < RADIX_PASSES; pass++) {
        radix_pass(from, to, staging->count, 64 - RADIX_BITS * (RADIX_PASSES - pass));
        struct staged_entry *sorted = to;
        to = from;
        from = sorted;
    }
    staging->entries = from;
    free(to);
}

static int compare(const void *a, const void *b, void *context)
{
    const struct staged_entry *x = a, *y = b;
    const struct staging *staging = context;
    int order = memcmp(token_at(staging, x), token_at(staging, y), TOKEN_BYTES);
    if (order != 0)
        return order;
    return x->offset < y->offset ? -1 : 1;
}

// The radix sort has left runs with the same highest bits: mostly of one entry, or of one token.
static void sort_runs(struct staging *staging)
{
    enum { SHIFT = 64 - RADIX_PASSES * RADIX_BITS };
    struct staged_entry *entries = staging->entries;
    for (size_t start = 0, end; start < staging->count; start = end) {
        for (end = start + 1; end < staging->count; end++) {
            if (entries[end].prefix >> SHIFT != entries[start].prefix >> SHIFT)
                break;
        }
        if (end - start > 1)
            qsort_r(entries + start, end - start, sizeof(*entries), compare, staging);
    }
}

static bool same_token(const struct staging *staging, size_t a, size_t b)
{
    const struct staged_entry *x = &staging->entries[a];
    const struct staged_entry *y = &staging->entries[b];
    return x->prefix == y->prefix &&
           memcmp(token_at(staging, x), token_at(staging, y), TOKEN_BYTES) == 0;
}

static void keep_the_last(struct staging *staging)
{
    size_t kept = 0;
    for (size_t i = 0; i < staging->count; i++) {
        if (i + 1 < staging->count && same_token(staging, i, i + 1))
            continue;
        staging->entries[kept++] = staging->entries[i];
    }
    staging->count = kept;
}

void staging_sort(struct staging *staging)
{
    if (staging->count < 2)
        return;
    radix_sort(staging);
    sort_runs(staging);
    keep_the_last(staging);
}
