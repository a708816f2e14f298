// SPDX-License-Identifier: Apache-2.0
// Avro's decimal (a two's-complement big-endian integer times ten to the power of -scale) as a
// number.
#ifndef WIRE_DECIMAL_H
#define WIRE_DECIMAL_H

#include <stdint.h>

#include "base/bytes.h"

// The double nearest to the decimal, infinite past the largest. No bytes are zero. |scale| <=
// AVSC_DECIMAL_SCALE_MAX (ensured). Work is bounded, however long the integer.
double decimal_to_double(struct view unscaled, int32_t scale);

#endif
