// SPDX-License-Identifier: Apache-2.0
// What a table's rows have said since its last checkpoint: on or off, by card token.
#ifndef STREAM_TABLE_NEWS_H
#define STREAM_TABLE_NEWS_H

#include <stdbool.h>
#include <stddef.h>

#include "store/token.h"

// Open addressing with linear probing, at most half full.
struct table_news {
    struct token *tokens;
    uint8_t *states; // 0: the cell is empty
    size_t capacity; // 0, or a power of two
    size_t count;
};

// Forgets everything, and gives the memory back; it is ready for use again.
void table_news_release(struct table_news *news);
void table_news_put(struct table_news *news, const struct token *token, bool enabled);
// False: nothing is known of the card.
bool table_news_find(const struct table_news *news, const struct token *token, bool *enabled);

#endif
