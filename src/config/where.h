// SPDX-License-Identifier: Apache-2.0
// A rule's `where`: a list of conditions, [{field: category, op: eq, value: Travel}, ...].
#ifndef CONFIG_WHERE_H
#define CONFIG_WHERE_H

#include "config/draft.h"

// Takes what a document says below "rules.N.where"; `rest` is the path behind that: "", ".0",
// ".0.field", ".0.value.1". False: what is inside the entry is to be passed over.
bool where_apply(struct draft *draft, size_t rule, const char *rest, const struct flat_entry *entry,
                 struct origin origin);

// Finds the mistakes of a rule's conditions, once all of them are there, and gives their values
// the type of the field.
void where_check(struct draft *draft, size_t rule);

void where_clear(struct config_rule *rule);

// The field as the configuration names it. Static storage.
const char *where_field_name(enum config_field field);

#endif
