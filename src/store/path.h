// SPDX-License-Identifier: Apache-2.0
// Directories, and names in them: what fails says which path, and why.
#ifndef STORE_PATH_H
#define STORE_PATH_H

#include "base/status.h"

// "parent/name"; the caller frees it.
char *path_join(const char *parent, const char *name);
// fsync(2) of the directory, so that what was created or removed in it is durable.
enum status path_sync(const char *path, struct error *err) MUST_USE;
// Removes `name` in the directory if it is there.
enum status path_remove(const char *directory, const char *name, struct error *err) MUST_USE;
// Creates the directory if it is not there.
enum status path_make_directory(const char *path, struct error *err) MUST_USE;
// Makes the directory and those above it as needed, mode 0700.
enum status path_make_directories(const char *path, struct error *err) MUST_USE;

#endif
