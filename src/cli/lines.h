// SPDX-License-Identifier: Apache-2.0
// Lines from a file, a pipe or a terminal, as they come: whoever reads them has its own work in the
// pauses.
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

enum { LINES_BYTES_MAX = 16 * 1024 * 1024 };

//   data: | lines given | searched for an end | not looked at |
//         0            at                scanned           size
struct lines {
    int fd;
    struct buffer data;
    size_t at;
    size_t scanned;
    bool ended;
    bool skipping;   // the rest of a line that was too long
    uint64_t number; // of the line given last, the first is 1
};

enum lines_answer {
    LINES_LINE,
    LINES_IDLE, // nothing more is there now
    LINES_END,
    LINES_TOO_LONG, // a line of more than LINES_BYTES_MAX, which is passed over
    LINES_FAILED,   // *err says why
};

void lines_init(struct lines *lines, int fd);
void lines_release(struct lines *lines);

// The next line, without its end ("\n"; what stands behind the last one is a line too). Waits up to
// `timeout_ms` for more to be there. The line is valid until the next call.
enum lines_answer lines_next(struct lines *lines, int timeout_ms, struct view *line,
                             struct error *err);

#endif
