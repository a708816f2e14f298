// SPDX-License-Identifier: Apache-2.0
// How much of a large batch one LMDB transaction writes. LMDB holds every page that a transaction
// changes in memory of its own until the end of it, up to half a gigabyte, and keeps that memory
// for the next one: so a batch that changes many pages goes in parts.
#ifndef STORE_PART_H
#define STORE_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/token.h"

enum { PART_PAGES_MAX = 8192 }; // 32 MiB of memory, and a few milliseconds of syncing for each

// What a part changes, about: tokens are spread evenly, so that a token says which of the tree's
// leaves it is in; and what is written may need new pages, which are half full at least.
struct part {
    uint64_t leaf_count;
    uint64_t leaf; // of the last value
    size_t leaves; // changed
    size_t bytes;  // written
};

// Begins a part of a batch for a tree with so many leaves; values come in the order of their
// tokens.
void part_begin(struct part *part, uint64_t leaf_count);
void part_add(struct part *part, const struct token *token, size_t value_bytes);
bool part_is_full(const struct part *part);

#endif
