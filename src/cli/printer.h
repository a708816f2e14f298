// SPDX-License-Identifier: Apache-2.0
// Lines on stdout for whoever reads them, by a pipe perhaps: gathered, written in large pieces, and
// the end of the reader is no failure.
#ifndef CLI_PRINTER_H
#define CLI_PRINTER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "base/status.h"

enum { PRINTER_LINE_BYTES_MAX = 64 * 1024 * 1024 };

struct printer {
    int fd;
    bool closed; // nobody reads any more
    const atomic_bool *stop;
    struct buffer gathered;
};

void printer_init(struct printer *printer, int fd, const atomic_bool *stop);
void printer_release(struct printer *printer);

// Where lines go, to be appended to. Flush when it has become large.
static inline struct buffer *printer_buffer(struct printer *printer)
{
    return &printer->gathered;
}
// True when it is time to flush though more lines are at hand.
bool printer_is_large(const struct printer *printer);

// Writes what was gathered; waits for a slow reader, until `stop`. STATUS_FATAL: it cannot be
// written (a full disk). A reader that has gone sets `closed`.
enum status printer_flush(struct printer *printer, struct error *err) MUST_USE;
// Looks whether there is a reader still, without writing.
void printer_look(struct printer *printer);

#endif
