// SPDX-License-Identifier: Apache-2.0
// Passes over a datum of any type without keeping anything of it, and checks it on the way.
#ifndef WIRE_SKIP_H
#define WIRE_SKIP_H

#include <stdint.h>

#include "wire/avsc.h"

// Records, arrays and maps inside one another that a datum may open; recursive types end there.
enum { SKIP_DEPTH_MAX = 1024 };

// Where the next datum starts; NULL when the bytes are not a whole datum of the type, or it nests
// deeper than SKIP_DEPTH_MAX. Work is bounded by the bytes there are. Never reads at or past `end`.
const uint8_t *skip_datum(const struct avsc *avsc, uint32_t type, const uint8_t *at,
                          const uint8_t *end);

#endif
