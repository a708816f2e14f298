// SPDX-License-Identifier: Apache-2.0
// The values that the next checkpoint writes: an arena of bytes and an entry for each value.
//
//   add ... add | sort | read entries 0 .. count-1
//
// After sorting the entries are in token order, one a token: the last value added for it.
#ifndef STORE_STAGING_H
#define STORE_STAGING_H

#include "base/bytes.h"
#include "store/token.h"

struct staged_entry {
    uint64_t prefix; // the token's first eight bytes, big-endian
    uint64_t offset; // in the arena: u64 size (or STAGED_ABSENT) | token | value
};

struct staging {
    struct buffer arena;
    struct staged_entry *entries;
    size_t count;
    size_t capacity;
};

struct staged {
    const struct token *token;
    struct view value; // data NULL: the card is to be removed
};

void staging_init(struct staging *staging);
void staging_release(struct staging *staging);
// Forgets the values; gives memory back when far more is held than was used.
void staging_clear(struct staging *staging);
// Copies the value; value.data NULL stands for removal.
void staging_add(struct staging *staging, const struct token *token, struct view value);
// Bytes that the values take.
size_t staging_bytes(const struct staging *staging);
void staging_sort(struct staging *staging);
// The index-th entry; borrowed until something is added or cleared.
struct staged staging_at(const struct staging *staging, size_t index);
// Brings `count` entries into the cache, from the index-th on; fewer when there are fewer.
void staging_prefetch(const struct staging *staging, size_t index, size_t count);

#endif
