// SPDX-License-Identifier: Apache-2.0
#include "stream/table_news.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "store/token_index.h"

enum { CAPACITY_FIRST = 64 };

enum state { STATE_EMPTY, STATE_OFF, STATE_ON };

void table_news_release(struct table_news *news)
{
    free(news->tokens);
    free(news->states);
    *news = (struct table_news){.tokens = NULL};
}

// The token's cell, or the empty one where it belongs.
static size_t cell_of(const struct table_news *news, const struct token *token)
{
    size_t at = token_index_tag(token) & (news->capacity - 1);
    while (news->states[at] != STATE_EMPTY && memcmp(&news->tokens[at], token, sizeof(*token)) != 0)
        at = (at + 1) & (news->capacity - 1);
    return at;
}

static void grow(struct table_news *news)
{
    struct table_news smaller = *news;
    news->capacity = smaller.capacity == 0 ? CAPACITY_FIRST : 2 * smaller.capacity;
    news->tokens = memory_zeroed(news->capacity, sizeof(*news->tokens));
    news->states = memory_zeroed(news->capacity, sizeof(*news->states));
    for (size_t i = 0; i < smaller.capacity; i++) {
        if (smaller.states[i] == STATE_EMPTY)
            continue;
        size_t at = cell_of(news, &smaller.tokens[i]);
        news->tokens[at] = smaller.tokens[i];
        news->states[at] = smaller.states[i];
    }
    table_news_release(&smaller);
}

void table_news_put(struct table_news *news, const struct token *token, bool enabled)
{
    if (2 * news->count >= news->capacity)
        grow(news);
    size_t at = cell_of(news, token);
    news->count += news->states[at] == STATE_EMPTY;
    news->tokens[at] = *token;
    news->states[at] = enabled ? STATE_ON : STATE_OFF;
    ensure(news->count < news->capacity);
}

bool table_news_find(const struct table_news *news, const struct token *token, bool *enabled)
{
    if (news->count == 0)
        return false;
    size_t at = cell_of(news, token);
    *enabled = news->states[at] == STATE_ON;
    return news->states[at] != STATE_EMPTY;
}
