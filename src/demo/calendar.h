// SPDX-License-Identifier: Apache-2.0
// Until when each card is taken, so that made-up purchases of a card keep apart on purpose. Four
// bytes a card: times are kept in steps of about a second, rounded so that nobody comes too early.
#ifndef DEMO_CALENDAR_H
#define DEMO_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

struct calendar {
    uint32_t *free_from; // by card, in steps since base_ms
    uint64_t card_count;
    int64_t base_ms;
};

// No time before `base_ms` is ever asked for. card_count > 0.
void calendar_init(struct calendar *calendar, uint64_t card_count, int64_t base_ms);
void calendar_release(struct calendar *calendar);

bool calendar_is_free(const struct calendar *calendar, uint64_t card, int64_t at_ms);
// The card itself when it is free at the time, or else the next one behind it that is, in a circle;
// false when none is.
bool calendar_find(const struct calendar *calendar, int64_t at_ms, uint64_t *card);
// The card is free again from `until_ms` on, or up to two seconds later.
void calendar_take(struct calendar *calendar, uint64_t card, int64_t until_ms);

enum { CALENDAR_ROUNDING_MS = 2048 };

#endif
