// SPDX-License-Identifier: Apache-2.0
// A configuration in the making: sources are applied one on top of the other, each value remembers
// where it came from, so that a mistake found later can still say so.
#ifndef CONFIG_DRAFT_H
#define CONFIG_DRAFT_H

#include "config/config.h"
#include "config/flat.h"
#include "config/keys.h"
#include "config/mistakes.h"

enum { KAFKA_PROPERTIES_MAX = 256 };

struct draft {
    struct config *config; // borrowed
    struct mistakes *mistakes;
    struct origin origins[KEYS_MAX]; // by row of the key table
    struct origin kafka_origins[KAFKA_PROPERTIES_MAX];
    struct origin rule_origins[RULES_MAX][KEYS_MAX];
    bool rule_given[RULES_MAX][KEYS_MAX]; // the key was given: not a default
    struct origin condition_origins[RULES_MAX][WHERE_MAX];
    uint8_t condition_parts[RULES_MAX][WHERE_MAX]; // which of field, op and value it has
    bool rule_broken[RULES_MAX];                   // it has a mistake already
};

// Fills *config, which is zeroed first, with the defaults of the key table.
void draft_init(struct draft *draft, struct config *config, struct mistakes *mistakes);

// Applies what a document or an override says.
void draft_apply(struct draft *draft, const struct flat *flat, struct view source);

// What depends on other values, once all sources have been applied.
void draft_complete(struct draft *draft);

// Finds the mistakes that no single value shows (check.c).
void draft_check(struct draft *draft);

// Where the value of a key, or of a rule's key ("window_ms"), came from.
struct origin draft_origin(const struct draft *draft, const char *name);
struct origin draft_rule_origin(const struct draft *draft, size_t index, const char *field);
// False: the rule's key has its default.
bool draft_rule_gives(const struct draft *draft, size_t index, const char *field);

void config_rules_clear(struct config *config);

#endif
