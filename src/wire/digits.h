// SPDX-License-Identifier: Apache-2.0
// A decimal number in text, taken exactly: no double is in between, so 9007199254740993 and
// 12345678901234567.89 stay what they are.
#ifndef WIRE_DIGITS_H
#define WIRE_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

//   -0012.3400e5   negative, digits "12.34", count 4, exponent 3: -1234 * 10^3
struct digits {
    bool negative;
    struct view text; // borrowed: from the first digit that is not 0 to the last; may hold a point
    size_t count;     // digits in it; 0: the number is zero
    int64_t exponent; // of ten, for the integer of these digits
};

enum digits_fit {
    DIGITS_FIT,
    DIGITS_FRACTION,  // something is left behind the last place
    DIGITS_TOO_LARGE, // too many places in front
};

// "12", "-1.50", "+2e3", ".5": false when it is none of these.
bool digits_read(struct view text, struct digits *out);

// The number as an integer.
enum digits_fit digits_integer(const struct digits *digits, int64_t *out);

enum { DIGITS_UNSCALED_BYTES_MAX = 512 };

// The number times 10^scale as a big-endian two's complement integer, of the fewest bytes that hold
// it (zero: one): as Avro's decimal has it. |scale| <= AVSC_DECIMAL_SCALE_MAX.
enum digits_fit digits_unscaled(const struct digits *digits, int32_t scale,
                                uint8_t out[DIGITS_UNSCALED_BYTES_MAX], size_t *size);

#endif
