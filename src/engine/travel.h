// SPDX-License-Identifier: Apache-2.0
// Travel rules: a purchase far from the billing address raises an alert, unless the card is known
// to travel. Each purchase is judged alone, however late it comes: there is no window and no state.
#ifndef ENGINE_TRAVEL_H
#define ENGINE_TRAVEL_H

#include "engine/engine.h"

// Raises the alert when the purchase is min_distance away or more and its card's travel flag is
// off. A distance that is null or NaN is no match.
void travel_apply(const struct engine *engine, size_t rule_index,
                  const struct engine_purchase *purchase, struct step *step);

#endif
