// SPDX-License-Identifier: Apache-2.0
// Avro's decimal (a two's-complement big-endian integer times ten to the power of -scale) as a
// number.
#ifndef WIRE_DECIMAL_H
#define WIRE_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

// The double nearest to the decimal, infinite past the largest. No bytes are zero. |scale| <=
// AVSC_DECIMAL_SCALE_MAX (ensured). Work is bounded, however long the integer.
double decimal_to_double(struct view unscaled, int32_t scale);

enum { DECIMAL_TEXT_BYTES_MAX = 512 };

// The decimal as a JSON number, to its last digit: 12.30, 5e2. At most DECIMAL_TEXT_BYTES_MAX bytes
// (ensured), |scale| as above. False when the buffer's maximum would be passed.
bool decimal_append(struct view unscaled, int32_t scale, struct buffer *out);

#endif
