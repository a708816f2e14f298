// SPDX-License-Identifier: Apache-2.0
// The bounds of the engine's settings.
#ifndef ENGINE_SETTINGS_H
#define ENGINE_SETTINGS_H

#include "engine/engine.h"

// STATUS_FATAL with a sentence for the first bound that is passed. Rules are named by their number
// in the configuration, from 1.
enum status settings_check(const struct engine_settings *settings, struct error *err) MUST_USE;

#endif
