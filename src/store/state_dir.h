// SPDX-License-Identifier: Apache-2.0
// The state directory of one application, <dir>/<application_id>/, as files:
//
//   lock              locked (flock) by the process that uses the directory; holds its pid as text
//   cardwatch.state   the marker: "cardwatch state\nformat=1\napplication_id=<id>\n"
//   <name>            texts kept across restarts (state_dir_kept_text)
//   <number>/         the store of a partition, with an LMDB environment in it
//   <number>/travel-flags/   the same for its part of the table, if a rule asks for one
//
// Texts are written to <name>.new, synced, renamed, and the directory is synced: a crash leaves
// the old file, the new one, or a .new that is written over. The lock goes with the process.
#ifndef STORE_STATE_DIR_H
#define STORE_STATE_DIR_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct state_dir {
    char *path;
    int lock_fd;
};

// Opens (creates, mode 0700, parents included) the directory and locks it. STATUS_FATAL says which
// directory and why: not writable, held by another process (its pid), of another application or
// format, not a state directory at all. On failure nothing is held.
enum status state_dir_open(struct state_dir *dir, const char *parent, const char *application_id,
                           struct error *err) MUST_USE;
void state_dir_close(struct state_dir *dir);

// The directory of another process, or of none: nothing is locked, made or written. STATUS_FATAL:
// there is none, or it is not of this application and format. Closed by state_dir_close.
enum status state_dir_look(struct state_dir *dir, const char *parent, const char *application_id,
                           struct error *err) MUST_USE;
// The process that holds the directory's lock, as far as this machine tells; 0: none does.
long state_dir_holder(const struct state_dir *dir);

// See store_lmdb_kept_text.
enum status state_dir_kept_text(const struct state_dir *dir, const char *name, char *value,
                                size_t size, void (*make_value)(char *value, size_t size),
                                struct error *err) MUST_USE;

// The path of a partition's directory; the caller frees it.
char *state_dir_partition_path(const struct state_dir *dir, int32_t partition);

#endif
