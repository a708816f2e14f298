// SPDX-License-Identifier: Apache-2.0
#include "demo/calendar.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

enum { STEP_MS = CALENDAR_ROUNDING_MS / 2 };

void calendar_init(struct calendar *calendar, uint64_t card_count, int64_t base_ms)
{
    ensure(card_count > 0);
    *calendar = (struct calendar){
        .free_from = memory_zeroed(card_count, sizeof(*calendar->free_from)),
        .card_count = card_count,
        .base_ms = base_ms,
    };
}

void calendar_release(struct calendar *calendar)
{
    free(calendar->free_from);
    *calendar = (struct calendar){.free_from = NULL};
}

bool calendar_is_free(const struct calendar *calendar, uint64_t card, int64_t at_ms)
{
    ensure(at_ms >= calendar->base_ms && card < calendar->card_count);
    return (int64_t)calendar->free_from[card] <= (at_ms - calendar->base_ms) / STEP_MS;
}

bool calendar_find(const struct calendar *calendar, int64_t at_ms, uint64_t *card)
{
    uint64_t at = *card;
    do {
        if (calendar_is_free(calendar, at, at_ms)) {
            *card = at;
            return true;
        }
        at = at + 1 == calendar->card_count ? 0 : at + 1;
    } while (at != *card);
    return false;
}

void calendar_take(struct calendar *calendar, uint64_t card, int64_t until_ms)
{
    ensure(card < calendar->card_count && until_ms >= calendar->base_ms);
    int64_t step = (until_ms - calendar->base_ms + STEP_MS - 1) / STEP_MS;
    calendar->free_from[card] = step < UINT32_MAX ? (uint32_t)step : UINT32_MAX;
}
