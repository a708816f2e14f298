// SPDX-License-Identifier: Apache-2.0
// A test's own directory, removed with all that is in it when the test ends, and small files.
#ifndef LIB_WORKSPACE_H
#define LIB_WORKSPACE_H

#include <stdbool.h>
#include <stdint.h>

// Makes a directory below $TMPDIR (or /tmp); the path is the caller's to free().
char *workspace_make(void);
// Removes a directory and everything below it; nothing happens when it does not exist.
void workspace_remove(const char *path);

// printf into memory that the caller frees.
char *workspace_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

void workspace_write(const char *path, const char *text);
// The file's content as text, the caller's to free(); "" when there is no such file.
char *workspace_read(const char *path);

#endif
