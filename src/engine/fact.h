// SPDX-License-Identifier: Apache-2.0
// What cards keep of a purchase besides its time and id, in 64 bits each, when a rule asks for it.
//
// FACT_UNITS     what the amount adds to a sum: the amount in 1/10000, the product rounded to the
//                nearest integer (halves away from zero), at most AMOUNT_UNITS_MAX; null, NaN and
//                amounts below zero are 0. Integers, so that a sum is the same in any order.
// FACT_CATEGORY  which category: a hash of 64 bits; 0: null. Among a card's purchases two different
//                categories are mixed up once in some 10^12 cards of 4096.
// FACT_AMOUNT    which amount, FACT_DISTANCE which distance: the number itself; 0: null or NaN
#ifndef ENGINE_FACT_H
#define ENGINE_FACT_H

#include <stdint.h>

#include "engine/engine.h"

// The fact that the rule reads; FACT_NONE for rules that only count.
enum fact fact_needed(const struct rule *rule);

uint64_t fact_of(enum fact fact, const struct engine_purchase *purchase);

// An amount as FACT_UNITS has it.
int64_t amount_units(double amount);

#endif
