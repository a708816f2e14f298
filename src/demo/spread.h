// SPDX-License-Identifier: Apache-2.0
// Which card buys next: how purchases spread over a number of cards, and the cards' numbers.
#ifndef DEMO_SPREAD_H
#define DEMO_SPREAD_H

#include <stdint.h>

#include "base/random.h"

enum spread_kind {
    SPREAD_UNIFORM, // any card, at random
    SPREAD_ZIPF,    // few cards buy much: the k-th busiest in proportion to 1 / k^exponent
    SPREAD_EVEN,    // each card once before any card again: no bursts by chance
};

// Plain memory.
struct spread {
    enum spread_kind kind;
    uint64_t card_count;
    double exponent; // Zipf alone
    uint64_t step;   // even: the stride, coprime to card_count
    uint64_t at;     // even: the last card
};

// card_count > 0, exponent > 0 for SPREAD_ZIPF.
void spread_init(struct spread *spread, enum spread_kind kind, uint64_t card_count,
                 double exponent);

// A card: 0 .. card_count - 1.
uint64_t spread_next(struct spread *spread, struct random *random);

enum { SPREAD_CARD_BYTES = 20, SPREAD_CARDS_MAX = 1000000000 };

// The number of card `index` (below SPREAD_CARDS_MAX) as "4ddd-dddd-dddd-dddd" and a NUL: another
// one for each index, neighbours unlike each other.
void spread_card_text(uint64_t index, char text[SPREAD_CARD_BYTES]);

#endif
