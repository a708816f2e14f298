// SPDX-License-Identifier: Apache-2.0
// Sliding count rules: an alert for every burst, once.
//
// The rule's order of a card: its kept purchases by event time (ties: offset order) without those
// that were late for the rule when they came (SLOT_LATE).
//   level(e)   how many purchases of the order, at or before e, have event time > t_e - W
//   bursting   level >= threshold, now or at any earlier moment (SLOT_BURST, which is never
//   cleared) burst      a maximal run of bursting purchases in the order
// A burst raises an alert when an insertion makes it exist without any purchase that was bursting
// before: those belong to bursts that have had their alert.
#ifndef ENGINE_SLIDING_H
#define ENGINE_SLIDING_H

#include "engine/engine.h"

// True when a purchase at `time_ms` is late for the rule at stream time `stream_ms`: t + W <= ST -
// g.
bool sliding_is_late(const struct rule *rule, int64_t stream_ms, int64_t time_ms);

// Looks at what the event at position `at`, which has just been inserted and is not late for the
// rule, did to the bursts of rule `rule_index`; marks events and adds alerts in event-time order.
void sliding_apply(const struct engine *engine, size_t rule_index, struct card *card, size_t at,
                   struct step *step);

#endif
