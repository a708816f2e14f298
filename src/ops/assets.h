// SPDX-License-Identifier: Apache-2.0
// The dashboard's files, built into the program.
#ifndef OPS_ASSETS_H
#define OPS_ASSETS_H

#include "base/bytes.h"

struct asset {
    const char *path; // of the request
    const char *type;
    struct view content;
};

// False when there is none at the path.
bool asset_find(const char *path, struct asset *out);

#endif
