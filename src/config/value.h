// SPDX-License-Identifier: Apache-2.0
// Reading one value: text into the member that a row of the key table names.
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/keys.h"
#include "config/mistakes.h"

// Sets the value in `base` (a struct config or struct config_rule). `name` is the key as it is
// shown in a mistake. False, leaving the value as it was, when there is a mistake.
bool value_set(const struct key *key, const char *name, void *base, struct view text,
               struct origin origin, struct mistakes *mistakes);

// Decimal digits with an optional sign, the whole text, within int64.
bool value_read_integer(struct view text, int64_t *out);
// A decimal number, the whole text: digits, '.', a sign, an exponent; finite.
bool value_read_number(struct view text, double *out);

#endif
