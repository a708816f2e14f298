// SPDX-License-Identifier: Apache-2.0
// A bar on a terminal's stderr for work whose amount is known; nothing elsewhere:
//   [=======>            ]  36 %  1812345 of 5000000  1203456/s  2 s left
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct progress {
    bool terminal;
    bool shown;       // the line is there
    uint64_t total;   // 0: not known
    int64_t begun_ms; // monotonic
    int64_t shown_ms;
};

// Looks at stderr and TERM. The work begins now.
void progress_begin(struct progress *progress, uint64_t total);
// Shows it again when it is time to.
void progress_show(struct progress *progress, uint64_t done);
// Takes the line away.
void progress_end(struct progress *progress);

// Appends the bar as it is when so much has been done in so long.
void progress_text(const struct progress *progress, uint64_t done, int64_t taken_ms,
                   struct buffer *out);

#endif
