// SPDX-License-Identifier: Apache-2.0
// Purchases of an Avro container file taken as if a topic held them: in the file's order, in one
// partition or spread over several by the murmur2 of the card, keyed by the card, without message
// timestamps (so a purchase's own timestamp is never too far ahead).
#ifndef CLI_REPLAY_FILE_H
#define CLI_REPLAY_FILE_H

#include "cli/replay_site.h"

// *counters: what came of them, as far as they were taken. STATUS_RETRY: somebody asked to stop.
// STATUS_FATAL: the file cannot be read, or holds no purchases; the sentence says where.
enum status replay_file(struct replay_site *site, const struct replay_listener *listener,
                        struct counters *counters, struct error *err) MUST_USE;

#endif
