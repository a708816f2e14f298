// SPDX-License-Identifier: Apache-2.0
// Looks for card numbers in bytes of any kind, however they may have got there: as text with or
// without separators, in UTF-16 or UTF-32, in hexadecimal, in base64, as packed decimal digits, as
// an integer of eight bytes or a varint.
#ifndef LIB_CARD_SEARCH_H
#define LIB_CARD_SEARCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

struct card_search {
    uint64_t *slots; // open addressing; 0: empty
    size_t slot_count;
    size_t count;
};

// Finds the cards 0 .. card_count - 1 of the generator (demo/spread.h), of sixteen digits each.
void card_search_init(struct card_search *search, uint64_t card_count);
void card_search_release(struct card_search *search);

// How many places hold a card; of the first one *form (unless NULL) says how. A place that can be
// read in two ways counts twice.
size_t card_search_count(const struct card_search *search, struct view bytes, const char **form);

#endif
