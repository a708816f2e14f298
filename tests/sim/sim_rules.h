// SPDX-License-Identifier: Apache-2.0
// The rules that a run has, of all kinds, with conditions, and what its purchases say for them to
// read: few different values, so that rules meet them again, and some odd ones.
#ifndef SIM_SIM_RULES_H
#define SIM_SIM_RULES_H

#include <stdio.h>

#include "base/random.h"
#include "engine/engine.h"

enum { SIM_RULES_MAX = 6, SIM_RULE_CONDITIONS_MAX = 2, SIM_OPERANDS_MAX = 3 };

// Draws rules with a window, into settings whose bounds are set, and, with `travel`, one without,
// anywhere among them. Returns the time in which most of them reckon.
int64_t sim_rules_draw(struct engine_settings *settings, struct random *random, bool travel);
void sim_rules_print(const struct engine_settings *settings, FILE *to);

// What a purchase says besides who, when and its number.
struct sim_content {
    struct view category; // static storage; .data NULL: null
    double amount;
    double distance;
    bool has_amount;
    bool has_distance;
};
void sim_content_draw(struct sim_content *content, struct random *random);

#endif
