// SPDX-License-Identifier: Apache-2.0
// What an alert rests on, read off the card right after the step that raised it.
#ifndef ENGINE_EVIDENCE_H
#define ENGINE_EVIDENCE_H

#include "engine/engine.h"

// The ids of the kept purchases that count in the alert's window, as far as they are known (dedupe
// keeps them), the oldest first: at most `max`, the newest of them. Returns how many:
// none for a rule without a window, whose alert rests on the purchase that raised it alone.
size_t evidence_ids(const struct engine *engine, const struct alert *alert, struct card *card,
                    int64_t *ids, size_t max);

#endif
