// SPDX-License-Identifier: Apache-2.0
// Alerts that should be there against alerts that are: a multiset by topic, partition, key, value
// and source. An alert in a topic without a source stands for any that is equal in the rest. Keeps
// each different alert in memory once, with what it says (about 300 bytes).
#ifndef CLI_COMPARISON_H
#define CLI_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/replay_alert.h"

struct comparison;

// `repeats_allowed`: an alert that came more than once is no difference (at least once).
struct comparison *comparison_open(bool repeats_allowed);
void comparison_close(struct comparison *comparison);

// The replay raises it; a topic holds it. In any order.
void comparison_expect(struct comparison *comparison, const struct replay_alert *alert);
void comparison_meet(struct comparison *comparison, const struct replay_alert *alert);

enum difference_kind {
    DIFFERENCE_MISSING,   // expected and not there
    DIFFERENCE_EXTRA,     // there, or there once more, and not expected
    DIFFERENCE_DIFFERENT, // of the same purchase and rule another one is there
};

struct difference {
    enum difference_kind kind;
    const struct replay_alert *expected; // NULL for an extra one
    const struct replay_alert *met;      // NULL for a missing one
};

typedef void comparison_tell_fn(void *context, const struct difference *difference);

// To be called once, when all has been told: hands out every difference, in the order of topic,
// source and rule.
void comparison_end(struct comparison *comparison, comparison_tell_fn *tell, void *context);

// Alerts that were equal, and alerts that came more than once when that is allowed.
size_t comparison_equal_count(const struct comparison *comparison);
size_t comparison_repeated_count(const struct comparison *comparison);

#endif
