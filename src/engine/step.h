// SPDX-License-Identifier: Apache-2.0
// The engine's side of struct step: how the rules report what they found.
#ifndef ENGINE_STEP_H
#define ENGINE_STEP_H

#include "engine/engine.h"

// Forgets the last purchase's results; keeps the buffer.
void step_clear(struct step *step);

// Appends a copy of the alert.
void step_add_alert(struct step *step, const struct alert *alert);

#endif
