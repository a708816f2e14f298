// SPDX-License-Identifier: Apache-2.0
// Small files, whole: read with a bound, and written so that a crash leaves the old or the new one.
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/status.h"

// Appends the file's content to `out`. STATUS_FATAL names the path and the reason (also: larger
// than the buffer takes). *found false and STATUS_OK when there is no such file.
enum status file_read(const char *path, struct buffer *out, bool *found,
                      struct error *err) MUST_USE;

// Writes to a temporary file beside it, syncs, renames, syncs the directory. Mode 0600.
enum status file_write(const char *path, struct view content, struct error *err) MUST_USE;

#endif
