// SPDX-License-Identifier: Apache-2.0
// The report of everything that is wrong with a configuration, a line a mistake:
//   cardwatch.yaml:12: processing.threads: 0 is out of bounds; allowed: 1 .. 64
#ifndef CONFIG_MISTAKES_H
#define CONFIG_MISTAKES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/status.h"

// Where a value came from: a file, "--set" or the name of an environment variable; line 0: none.
struct origin {
    struct view source; // borrowed
    size_t line;
};

enum { MISTAKES_MAX = 100 }; // shown; the others are counted

struct mistakes {
    struct buffer *report; // borrowed
    size_t count;
};

// Adds a line. `key` may be "". Control characters in it become '?', so that a line is a line.
void mistakes_add(struct mistakes *mistakes, struct origin origin, const char *key,
                  const char *format, ...) PRINTF_LIKE(4, 5);

// Ends the report: says how many lines were left out, if any.
void mistakes_finish(struct mistakes *mistakes);

#endif
