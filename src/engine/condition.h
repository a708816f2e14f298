// SPDX-License-Identifier: Apache-2.0
// What a rule's `where` asks of a purchase: a purchase for which one of its conditions does not
// hold does not exist for the rule.
#ifndef ENGINE_CONDITION_H
#define ENGINE_CONDITION_H

#include "engine/engine.h"

// True when all conditions of the rule hold. A field that is null (or NaN) is not equal to
// anything: only OP_NE holds then. Texts compare by their bytes. A purchase without a timestamp of
// its own has that of its event time.
bool conditions_hold(const struct engine_settings *settings, const struct rule *rule,
                     const struct engine_purchase *purchase);

#endif
