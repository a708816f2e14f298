// SPDX-License-Identifier: Apache-2.0
// The table behind config_keys(): how each key is read, and where its value goes.
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "config/config.h"

enum key_type {
    KEY_TEXT,
    KEY_INTEGER,
    KEY_NUMBER, // with a fraction, perhaps
    KEY_YES_NO,
    KEY_BYTES,
    KEY_CHOICE,
    KEY_PROPERTIES, // kafka.*
    KEY_LIST,       // rules
};

struct key {
    enum key_type type;
    size_t offset;              // in struct config, or in struct config_rule
    int64_t low, high;          // of integers and bytes, both allowed
    const char *const *choices; // NULL-terminated, in the order of the enum
    double least, most;         // of numbers, both allowed
};

enum { KEYS_MAX = 64 };

// The rows, in the order of config_keys().
const struct key *key_rows(size_t *count);
size_t key_index(const struct key *key);
// What config_keys() says of the row.
const struct config_key *key_shown(const struct key *key);

// The row of "processing.threads"; NULL when there is none. Keys of rules are not found here.
const struct key *key_find(struct view name);
// The row of a key of a rule, by its last part ("window_ms"); NULL when there is none.
const struct key *key_find_rule(struct view field);
// True when the path is the front part of a key: "processing", "kafka", "kafka.ssl".
bool key_is_section(struct view path);

// The key that the text was probably meant to be, by edit distance; upper case and '_' for '.' do
// not count, so names of environment variables work too. NULL when none is close.
const char *key_suggestion(struct view text);

#endif
