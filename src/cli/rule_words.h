// SPDX-License-Identifier: Apache-2.0
// What a configured rule asks for, in words: "3 purchases of a card within 1 min".
#ifndef CLI_RULE_WORDS_H
#define CLI_RULE_WORDS_H

#include "base/bytes.h"
#include "config/config.h"

// Appends one line without its end. Of a long list of values the first RULE_WORDS_VALUES_MAX are
// named and the others counted; control characters show as '?'. False: `out` is full.
enum { RULE_WORDS_VALUES_MAX = 8 };
bool rule_words(const struct config_rule *rule, struct buffer *out);

#endif
