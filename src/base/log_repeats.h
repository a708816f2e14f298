// SPDX-License-Identifier: Apache-2.0
// Which lines of the log are written, and which are counted instead, because they repeat.
//
// Lines are of one kind when their level, component, sentence and kind (LOG_KIND) are the same. The
// first line of a kind is always written, and begins an interval. In it
//   - a line that says the same as the one before it is counted;
//   - another one is written, and what was counted is told in front of it; but of warnings, errors
//     and lines with a LOG_KIND only so many, the rest is counted as well.
// When the interval ends, the count is told; the next line is a first one again.
//
// So each line is written or counted, and each count is told, by the caller, who owns the clock and
// the lock.
#ifndef BASE_LOG_REPEATS_H
#define BASE_LOG_REPEATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/log.h"

enum {
    LOG_REPEATS_INTERVAL_MS = 10000,
    LOG_REPEATS_BURST_MAX = 10, // different lines of a kind in an interval
    LOG_REPEATS_KINDS_MAX = 64, // looked at side by side; the oldest makes room
};

struct log_repeats_line {
    enum log_level level;
    const char *component;
    const char *sentence;
    const char *kind;    // "": none
    struct view content; // what the line says; with a kind, digits in it do not count
};

// What is to be told of a kind: as much of its words as is kept.
struct log_repeats_told {
    uint64_t count; // 0: nothing is to be told
    int64_t for_ms; // since the interval began
    enum log_level level;
    char component[24];
    char sentence[160];
    char kind[32];
};

struct log_repeats_kind {
    uint64_t hash;    // 0: the place is free
    uint64_t content; // of the last line
    int64_t began_ms;
    uint32_t shown_count;
    struct log_repeats_told told;
};

// All zero is an empty one.
struct log_repeats {
    struct log_repeats_kind kinds[LOG_REPEATS_KINDS_MAX];
};

// True: the line is to be written; false: it has been counted. What `told` has is to be told first.
bool log_repeats_admit(struct log_repeats *repeats, const struct log_repeats_line *line,
                       int64_t now_ms, struct log_repeats_told *told);

// Ends an interval that is over (or any, with `all`) and has something to tell; false: there is
// none.
bool log_repeats_settle(struct log_repeats *repeats, int64_t now_ms, bool all,
                        struct log_repeats_told *told);

// True when something is counted and not told.
bool log_repeats_pending(const struct log_repeats *repeats);

#endif
