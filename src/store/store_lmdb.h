// SPDX-License-Identifier: Apache-2.0
// The store port on LMDB: one environment a partition under <dir>/<application_id>/<partition>/,
// written by a background thread, in key order.
#ifndef STORE_STORE_LMDB_H
#define STORE_STORE_LMDB_H

#include "store/store.h"

// Opens (creates, mode 0700) <path>/<application_id>/ and locks it for this process. STATUS_FATAL
// says which directory and why: not writable, held by another process (its pid), made by another
// application. Thread-safe afterwards.
enum status store_lmdb_open(const char *path, const char *application_id, struct store_dir **out,
                            struct error *err) MUST_USE;

// A text kept in the directory across restarts, made by `make_value` the first time (the instance
// id). Writes at most `size` bytes with the NUL.
enum status store_lmdb_kept_text(struct store_dir *dir, const char *name, char *value, size_t size,
                                 void (*make_value)(char *value, size_t size),
                                 struct error *err) MUST_USE;

#endif
