// SPDX-License-Identifier: Apache-2.0
// `cardwatch replay --verify`: are the alerts in the topics those that the purchases must raise?
#ifndef CLI_REPLAY_VERIFY_H
#define CLI_REPLAY_VERIFY_H

#include "cli/replay_site.h"

// Compares up to what the group has committed, prints differences on stdout, a JSON line each, and
// a summary on stderr. STATUS_RETRY: somebody asked to stop.
enum status replay_verify(struct replay_site *site, bool *equal, struct error *err) MUST_USE;

#endif
