// SPDX-License-Identifier: Apache-2.0
// `cardwatch replay --rebuild`: the state that belongs to the group's offsets, made anew from the
// purchases, for a service that is stopped.
#ifndef CLI_REPLAY_REBUILD_H
#define CLI_REPLAY_REBUILD_H

#include "cli/replay_site.h"

// Says what it does on stderr. STATUS_RETRY: somebody asked to stop; the sentence says which state
// holds. STATUS_FATAL: members of the group are there, or something failed.
enum status replay_rebuild(struct replay_site *site, struct error *err) MUST_USE;

#endif
