// SPDX-License-Identifier: Apache-2.0
// The purchases of an alert's window are those not late for its rule, from the alert's timestamp
// on and less than a window behind it, the first `count` of them: in a sliding window these are
// the level of the burst's first purchase, and what lies behind that counts in later levels.
#include "engine/evidence.h"

#include <string.h>

#include "base/assert.h"
#include "engine/saturated.h"

// The events that count are those of [from_ms, until_ms] without the bit.
struct evidence {
    int64_t from_ms;
    int64_t until_ms;
    uint64_t late;
};

static bool counts(const struct slot *event, const struct evidence *evidence)
{
    return event->time_ms >= evidence->from_ms && event->time_ms <= evidence->until_ms &&
           (event->bits & evidence->late) == 0;
}

size_t evidence_ids(const struct engine *engine, const struct alert *alert, struct card *card,
                    int64_t *ids, size_t max)
{
    ensure(alert->rule < engine->settings.rule_count && max > 0);
    const struct rule *rule = &engine->settings.rules[alert->rule];
    if (!rule_is_windowed(rule->kind))
        return 0;
    const struct evidence evidence = {.from_ms = alert->timestamp_ms,
                                      .until_ms =
                                          saturated_plus(alert->timestamp_ms, rule->window_ms - 1),
                                      .late = SLOT_LATE(engine->place[alert->rule])};
    const struct slot *events = card_events(card);
    uint64_t seen = 0;
    size_t end = 0;
    for (; end < card->event_count && seen < alert->count; end++)
        seen += counts(&events[end], &evidence);
    size_t found = 0;
    for (size_t i = end; i > 0 && found < max; i--) {
        if (counts(&events[i - 1], &evidence) && (events[i - 1].bits & SLOT_HAS_ID) != 0)
            ids[max - ++found] = events[i - 1].id;
    }
    memmove(ids, ids + max - found, found * sizeof(*ids));
    return found;
}
