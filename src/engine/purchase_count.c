// SPDX-License-Identifier: Apache-2.0
#include "engine/purchase_count.h"

#include "base/assert.h"

static struct slot *find(struct card *card)
{
    struct slot *counters = card_counters(card);
    for (size_t i = 0; i < card->counter_count; i++) {
        if (counters[i].bits == COUNTER_PURCHASES)
            return &counters[i];
    }
    return NULL;
}

uint64_t purchase_count_add(struct card *card)
{
    struct slot *counter = find(card);
    if (counter == NULL) {
        counter = card_add_counter(card);
        counter->bits = COUNTER_PURCHASES;
    }
    counter->id++;
    ensure(counter->id > 0);
    return (uint64_t)counter->id;
}

uint64_t purchase_count_of(struct card *card)
{
    const struct slot *counter = find(card);
    return counter == NULL ? 0 : (uint64_t)counter->id;
}
