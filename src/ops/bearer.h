// SPDX-License-Identifier: Apache-2.0
// The token that a request must carry when one is configured: "Authorization: Bearer TOKEN".
#ifndef OPS_BEARER_H
#define OPS_BEARER_H

#include <stdbool.h>

#include "base/status.h"

struct bearer; // const after open

// Reads the token from a file: 16 to 512 printable characters without blanks, one newline may
// follow. An empty path: no token is asked for, *out is NULL. STATUS_FATAL says what is wrong with
// the file.
enum status bearer_open(const char *path, struct bearer **out, struct error *err) MUST_USE;
void bearer_close(struct bearer *bearer);

// Whether a request with this Authorization header (NULL: none) may be served. How long it takes
// tells nothing of the token but its length.
bool bearer_admits(const struct bearer *bearer, const char *authorization);

#endif
