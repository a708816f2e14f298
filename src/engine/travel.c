// SPDX-License-Identifier: Apache-2.0
#include "engine/travel.h"

#include "engine/step.h"

void travel_apply(const struct engine *engine, size_t rule_index,
                  const struct engine_purchase *purchase, struct step *step)
{
    double from = engine->settings.rules[rule_index].min_distance;
    if (!purchase->has_distance || !(purchase->distance >= from) || purchase->travelling)
        return;
    const struct alert alert = {.rule = (uint32_t)rule_index,
                                .timestamp_ms = purchase->event_time_ms,
                                .detected_at_ms = purchase->event_time_ms,
                                .count = 1};
    step_add_alert(step, &alert);
}
