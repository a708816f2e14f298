// SPDX-License-Identifier: Apache-2.0
// A directory for the time of one command.
#ifndef CLI_TEMPORARY_H
#define CLI_TEMPORARY_H

#include <limits.h>

#include "base/status.h"

struct temporary {
    char path[PATH_MAX]; // "": there is none
};

// Makes a directory of our own, mode 0700, below $TMPDIR or /tmp. STATUS_FATAL says why not.
enum status temporary_make(struct temporary *temporary, struct error *err) MUST_USE;
// Removes it with all that is in it, links in it unfollowed. There being none is no error.
void temporary_remove(struct temporary *temporary);

#endif
