// SPDX-License-Identifier: Apache-2.0
#include "store/token_index.h"

#include "base/assert.h"
#include "store/slab.h"

enum {
    BITS_MIN = 10,
    BITS_MAX = 31,
    // The index grows when more than LOAD_FULL of LOAD_OF cells would be taken.
    LOAD_FULL = 3,
    LOAD_OF = 5,
};

static size_t cell_count(unsigned bits)
{
    return (size_t)1 << bits;
}

static void take_cells(struct token_index *index, unsigned bits)
{
    index->bits = bits;
    index->cells = pages_take(cell_count(bits) * sizeof(struct index_cell));
}

static void give_back_cells(struct index_cell *cells, unsigned bits)
{
    pages_give_back(cells, cell_count(bits) * sizeof(struct index_cell));
}

void token_index_init(struct token_index *index)
{
    index->count = 0;
    take_cells(index, BITS_MIN);
}

void token_index_release(struct token_index *index)
{
    give_back_cells(index->cells, index->bits);
    *index = (struct token_index){.cells = NULL};
}

static void put_cell(struct token_index *index, struct index_cell cell)
{
    size_t at = token_index_home(index, cell.tag);
    while (index->cells[at].slot_after != 0)
        at = token_index_next(index, at);
    index->cells[at] = cell;
}

static void grow(struct token_index *index)
{
    struct index_cell *old = index->cells;
    unsigned old_bits = index->bits;
    ensure(old_bits < BITS_MAX);
    take_cells(index, old_bits + 1);
    for (size_t i = 0; i < cell_count(old_bits); i++) {
        if (old[i].slot_after != 0)
            put_cell(index, old[i]);
    }
    give_back_cells(old, old_bits);
}

void token_index_put(struct token_index *index, const struct token *token, uint32_t slot)
{
    ensure(slot < UINT32_MAX >> 1);
    if ((index->count + 1) * LOAD_OF > cell_count(index->bits) * LOAD_FULL)
        grow(index);
    put_cell(index, (struct index_cell){.tag = token_index_tag(token), .slot_after = slot + 1});
    index->count++;
}

// The cells behind the gap move up as far as their home allows, so that no search ends early.
static void close_gap(struct token_index *index, size_t gap)
{
    size_t mask = cell_count(index->bits) - 1;
    size_t at = token_index_next(index, gap);
    for (; index->cells[at].slot_after != 0; at = token_index_next(index, at)) {
        size_t from_home = (at - token_index_home(index, index->cells[at].tag)) & mask;
        if (from_home < ((at - gap) & mask))
            continue;
        index->cells[gap] = index->cells[at];
        gap = at;
    }
    index->cells[gap] = (struct index_cell){.slot_after = 0};
}

void token_index_remove(struct token_index *index, const struct token *token, uint32_t slot)
{
    size_t at = token_index_home(index, token_index_tag(token));
    while (index->cells[at].slot_after != slot + 1) {
        ensure(index->cells[at].slot_after != 0);
        at = token_index_next(index, at);
    }
    close_gap(index, at);
    index->count--;
}
