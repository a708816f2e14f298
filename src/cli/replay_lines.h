// SPDX-License-Identifier: Apache-2.0
// Alerts of a replay as JSON lines in a file or on stdout: those of a partition in their order, the
// partitions mixed. Thread-safe, but for open and close.
#ifndef CLI_REPLAY_LINES_H
#define CLI_REPLAY_LINES_H

#include <stdatomic.h>

#include "stream/replay_broker.h"

struct replay_lines;

// "-" is stdout; a file is made or emptied. A reader that has gone, or a full disk, sets *stop.
// STATUS_FATAL names the file and the reason.
enum status replay_lines_open(const char *path, bool show_cards, atomic_bool *stop,
                              struct replay_lines **out, struct error *err) MUST_USE;
// Writes what is left. STATUS_FATAL: not all of it could be written.
enum status replay_lines_finish(struct replay_lines *lines, struct error *err) MUST_USE;
// Nobody reads any more.
bool replay_lines_reader_is_gone(const struct replay_lines *lines);
void replay_lines_close(struct replay_lines *lines); // NULL: nothing happens

struct replay_listener replay_lines_listener(struct replay_lines *lines);

#endif
