// SPDX-License-Identifier: Apache-2.0
// Tumbling count rules: windows [kW, (k+1)W), a counter in the card for each open one. A window
// closes when its end <= ST - g; a closed one's counter is dropped when it is convenient, for no
// purchase can reach it any more.
#ifndef ENGINE_TUMBLING_H
#define ENGINE_TUMBLING_H

#include "engine/engine.h"

// True when a purchase at `time_ms` is late for the rule at stream time `stream_ms`.
bool tumbling_is_late(const struct rule *rule, int64_t stream_ms, int64_t time_ms);

// Counts a purchase that is not late; raises the alert when the count reaches the threshold.
void tumbling_apply(const struct engine *engine, size_t rule_index, struct card *card,
                    int64_t stream_ms, int64_t time_ms, struct step *step);

// True when the counter can never matter again.
bool tumbling_counter_closed(const struct engine *engine, const struct slot *counter,
                             int64_t stream_ms);

#endif
