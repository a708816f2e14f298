// SPDX-License-Identifier: Apache-2.0
// What the demo shows on stdout: lines, and below them on a terminal a status line that is written
// over and over. Elsewhere the status is a plain line now and then.
#ifndef CLI_DEMO_SCREEN_H
#define CLI_DEMO_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "cli/demo_service.h"

struct demo_screen {
    bool terminal;
    bool colour;
    bool status_shown; // the cursor stands behind it
    int64_t status_ms; // when it was last written; 0: never
    struct demo_glance before;
};

// Looks at stdout, TERM and NO_COLOR.
void demo_screen_init(struct demo_screen *screen);

// Writes a line. False once stdout cannot be written any more.
bool demo_screen_line(struct demo_screen *screen, struct view text);

// Writes the status when it is time to: four times a second on a terminal, else each 5 s.
void demo_screen_status(struct demo_screen *screen, const struct demo_glance *now, uint64_t sent);
// On a terminal, the same place for a word on what is waited for. The next status starts afresh.
void demo_screen_wait(struct demo_screen *screen, const char *text);
// Takes the status line away.
void demo_screen_end(struct demo_screen *screen);

// Appends "1000 purchases/s, lag 3, 12 alerts, p50/p99: commit 1.2/3.5 ms, alert 4.1/12 ms". The
// rate is that between the two glances.
void demo_status_text(const struct demo_glance *before, const struct demo_glance *now,
                      uint64_t sent, struct buffer *out);

// The value below which `share` of the observations lie, in seconds, taken to be spread evenly
// within a bucket; 0 when there are none.
double demo_quantile(const struct histogram *histogram, double share);

#endif
