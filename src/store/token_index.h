// SPDX-License-Identifier: Apache-2.0
// From token to slot number: open addressing with linear probing over cells of eight bytes, a slot
// and 32 bits of the token's hash, the highest of which are the cell's home. So the index grows,
// and closes the gap of a removed cell, without a look at the entries that the slots stand for.
// That a tag is equal makes a token likely, no more: the caller compares the tokens.
#ifndef STORE_TOKEN_INDEX_H
#define STORE_TOKEN_INDEX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "store/token.h"

struct index_cell {
    uint32_t tag;
    uint32_t slot_after; // the slot plus one; 0: the cell is empty
};

struct token_index {
    struct index_cell *cells;
    unsigned bits; // there are 2^bits cells
    size_t count;
};

void token_index_init(struct token_index *index);
void token_index_release(struct token_index *index);
// The token must not be in the index; slots have 31 bits.
void token_index_put(struct token_index *index, const struct token *token, uint32_t slot);
// The pair must be in the index.
void token_index_remove(struct token_index *index, const struct token *token, uint32_t slot);

// Tokens are uniformly random; the mixing is for those that are made by hand.
static inline uint32_t token_index_tag(const struct token *token)
{
    uint64_t low, high;
    memcpy(&low, token->bytes, sizeof(low));
    memcpy(&high, token->bytes + sizeof(low), sizeof(high));
    uint64_t mixed = (low ^ (high << 32 | high >> 32)) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(mixed >> 32);
}

static inline size_t token_index_home(const struct token_index *index, uint32_t tag)
{
    return tag >> (32 - index->bits);
}

static inline size_t token_index_next(const struct token_index *index, size_t at)
{
    return (at + 1) & (((size_t)1 << index->bits) - 1);
}

// The first cell from `at` on that has the tag, or the empty one that ends the search.
static inline size_t token_index_probe(const struct token_index *index, size_t at, uint32_t tag)
{
    while (index->cells[at].slot_after != 0 && index->cells[at].tag != tag)
        at = token_index_next(index, at);
    return at;
}

#endif
