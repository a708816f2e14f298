// SPDX-License-Identifier: Apache-2.0
// Sliding rules whose level is not a count: an alert for every burst, once.
//
// The rule's order of a card is that of sliding.h.
//   level(e)   RULE_SUM: the amounts (FACT_UNITS), RULE_DISTINCT: how many different values, of the
//              purchases of the order, at or before e, with event time > t_e - W
//   bursting   level >= limit or threshold, now or at any earlier moment (SLOT_BURST)
//   burst      a maximal run of bursting purchases in the order, each of which counts in the level
//              of the next. With a level that a single purchase can reach, two of them may follow
//              each other a long time apart: these are two bursts. (Where it takes two purchases,
//              as in sliding.h, a bursting one always counts the one before.)
// As there, levels only grow, and a burst raises an alert when an insertion makes it exist without
// any purchase that was bursting before.
//
// A purchase takes time in proportion to the purchases in its window.
#ifndef ENGINE_LEVEL_H
#define ENGINE_LEVEL_H

#include "engine/engine.h"

// Looks at what the event at position `at`, which has just been inserted and has a part in the
// rule's order, did to the bursts of rule `rule_index`.
void level_apply(const struct engine *engine, size_t rule_index, struct card *card, size_t at,
                 struct step *step);

#endif
