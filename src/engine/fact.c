// SPDX-License-Identifier: Apache-2.0
#include "engine/fact.h"

#include <math.h>
#include <string.h>

#include "base/assert.h"
#include "base/siphash.h"

_Static_assert(AMOUNT_UNITS_MAX <= INT64_MAX / (EVENTS_PER_CARD_MAX + 1),
               "the amounts of a full card add up without overflow");

enum fact fact_needed(const struct rule *rule)
{
    if (rule->kind == RULE_SUM)
        return FACT_UNITS;
    if (rule->kind != RULE_DISTINCT)
        return FACT_NONE;
    switch (rule->field) {
    case FIELD_CATEGORY:
        return FACT_CATEGORY;
    case FIELD_AMOUNT:
        return FACT_AMOUNT;
    case FIELD_DISTANCE:
        return FACT_DISTANCE;
    case FIELD_ID:
    case FIELD_TIMESTAMP:
        break;
    }
    return FACT_NONE;
}

int64_t amount_units(double amount)
{
    double units = round(amount * AMOUNT_UNITS);
    if (!(units > 0)) // NaN as well
        return 0;
    return units < (double)AMOUNT_UNITS_MAX ? (int64_t)units : AMOUNT_UNITS_MAX;
}

// Stored, so it must never change. No secret is needed: what a category is mixed up with is no
// more than a card's own purchases.
static uint64_t text_fact(struct view text)
{
    static const uint64_t key[2] = {UINT64_C(0x6361726477617463), UINT64_C(0x68206661637473a5)};
    if (text.data == NULL)
        return 0;
    uint64_t hash = siphash(key, text);
    return hash != 0 ? hash : 1;
}

// NaN's bits alone are all ones, so that one more is never 0.
static uint64_t number_fact(bool known, double number)
{
    uint64_t bits;
    if (!known || isnan(number))
        return 0;
    number = number == 0 ? 0 : number; // no negative zero
    memcpy(&bits, &number, sizeof(bits));
    return bits + 1;
}

uint64_t fact_of(enum fact fact, const struct engine_purchase *purchase)
{
    switch (fact) {
    case FACT_UNITS:
        return purchase->has_amount ? (uint64_t)amount_units(purchase->amount) : 0;
    case FACT_CATEGORY:
        return text_fact(purchase->category);
    case FACT_AMOUNT:
        return number_fact(purchase->has_amount, purchase->amount);
    case FACT_DISTANCE:
        return number_fact(purchase->has_distance, purchase->distance);
    case FACT_NONE:
        break;
    }
    return 0;
}
