// SPDX-License-Identifier: Apache-2.0
#include "store/part.h"

#include <string.h>

enum { PAGE_BYTES = 4096, NODE_BYTES = TOKEN_BYTES + 10 };

void part_begin(struct part *part, uint64_t leaf_count)
{
    *part = (struct part){.leaf_count = leaf_count, .leaf = UINT64_MAX};
}

void part_add(struct part *part, const struct token *token, size_t value_bytes)
{
    uint64_t prefix;
    memcpy(&prefix, token->bytes, sizeof(prefix));
    unsigned __int128 place = (unsigned __int128)__builtin_bswap64(prefix) * part->leaf_count;
    uint64_t leaf = (uint64_t)(place >> 64);
    part->leaves += leaf != part->leaf;
    part->leaf = leaf;
    part->bytes += NODE_BYTES + value_bytes;
}

bool part_is_full(const struct part *part)
{
    return part->leaves + part->bytes / (PAGE_BYTES / 2) >= PART_PAGES_MAX;
}
