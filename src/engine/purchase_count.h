// SPDX-License-Identifier: Apache-2.0
// A card's running count of purchases: a counter that no window closes.
#ifndef ENGINE_PURCHASE_COUNT_H
#define ENGINE_PURCHASE_COUNT_H

#include "engine/card.h"

// Counts one more purchase and returns the count with it.
uint64_t purchase_count_add(struct card *card);
// 0: the card has no count.
uint64_t purchase_count_of(struct card *card);

#endif
