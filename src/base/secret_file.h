// SPDX-License-Identifier: Apache-2.0
// Files that hold a secret and nothing else: read with bounds, and refused when others may read or
// change them.
#ifndef BASE_SECRET_FILE_H
#define BASE_SECRET_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

// A buffer for a secret of at most n bytes has n + SECRET_FILE_SPARE_BYTES: a newline may follow
// it, and one byte more tells that it is too long.
enum { SECRET_FILE_SPARE_BYTES = 2 };

struct secret_file {
    const char *path;
    size_t bytes_min;
    size_t bytes_max;
};

// Reads the secret (one trailing newline is ignored). STATUS_FATAL names the file and the reason:
// cannot be read, too short, too long, or open to others (any right of group or others; a file of
// root's may be readable by its group, as mounted secrets are). The caller wipes `bytes`.
enum status secret_file_read(const struct secret_file *file, uint8_t *bytes, size_t *size,
                             struct error *err) MUST_USE;

#endif
