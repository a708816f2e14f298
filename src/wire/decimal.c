// SPDX-License-Identifier: Apache-2.0
#include "wire/decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "wire/avsc.h"

enum {
    // An integer of more bytes is at least 2^(8 * 560 - 1) > 10^1024 * 2^1024: infinite at any
    // scale.
    UNSCALED_BYTES_MAX = 560,
    LIMBS_MAX = (UNSCALED_BYTES_MAX + 3) / 4,
    EXPONENT_BYTES = 16, // "e-1024" and the NUL, with room
    // A limb has less than 10 digits.
    TEXT_BYTES_MAX = LIMBS_MAX * 10 + EXPONENT_BYTES,
};

// A magnitude in base 2^32, the lowest limb first.
struct magnitude {
    uint32_t limbs[LIMBS_MAX];
    size_t count;
};

// Without the bytes in front that only repeat the sign.
static struct view shortest(struct view unscaled)
{
    while (unscaled.size > 1) {
        bool zero = unscaled.data[0] == 0x00 && (unscaled.data[1] & 0x80) == 0;
        bool ones = unscaled.data[0] == 0xff && (unscaled.data[1] & 0x80) != 0;
        if (!zero && !ones)
            break;
        unscaled = (struct view){unscaled.data + 1, unscaled.size - 1};
    }
    return unscaled;
}

static int64_t small_integer(struct view unscaled)
{
    uint64_t value = unscaled.data[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < unscaled.size; i++)
        value = (value << 8) | unscaled.data[i];
    return (int64_t)value;
}

// Both operands are exact doubles, so the division or product rounds once: correctly.
static bool exact(struct view unscaled, int32_t scale, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (unscaled.size > 8 || scale < -22 || scale > 22)
        return false;
    int64_t value = small_integer(unscaled);
    if (value < -(INT64_C(1) << 53) || value > INT64_C(1) << 53)
        return false;
    *out = scale < 0 ? (double)value * powers[-scale] : (double)value / powers[scale];
    return true;
}

static void magnitude_of(struct view unscaled, bool negative, struct magnitude *out)
{
    uint8_t flip = negative ? 0xff : 0x00;
    out->count = (unscaled.size + 3) / 4;
    memset(out->limbs, 0, out->count * sizeof(out->limbs[0]));
    unsigned carry = negative;
    for (size_t i = 0; i < unscaled.size; i++) {
        unsigned byte = (uint8_t)(unscaled.data[unscaled.size - 1 - i] ^ flip) + carry;
        carry = byte >> 8;
        out->limbs[i / 4] |= (uint32_t)(byte & 0xff) << (i % 4 * 8);
    }
    ensure(carry == 0); // only an empty integer or zero would carry out, and neither is negative
}

// Divides by ten to the power of nine and gives the remainder: nine decimal digits.
static uint32_t magnitude_divide(struct magnitude *magnitude)
{
    uint64_t remainder = 0;
    for (size_t i = magnitude->count; i-- > 0;) {
        uint64_t part = remainder << 32 | magnitude->limbs[i];
        magnitude->limbs[i] = (uint32_t)(part / 1000000000);
        remainder = part % 1000000000;
    }
    while (magnitude->count > 0 && magnitude->limbs[magnitude->count - 1] == 0)
        magnitude->count--;
    return (uint32_t)remainder;
}

// Writes the digits, nines of them, in front of text[at]; where they begin. The magnitude is spent.
static size_t digits_write(struct magnitude *magnitude, char *text, size_t at)
{
    while (magnitude->count > 0) {
        uint32_t digits = magnitude_divide(magnitude);
        for (int i = 0; i < 9; i++, digits /= 10) {
            ensure(at > 0);
            text[--at] = (char)('0' + digits % 10);
        }
    }
    return at;
}

// The C library rounds decimal text correctly, so the integer goes there as text.
static double by_text(struct view unscaled, int32_t scale)
{
    bool negative = (unscaled.data[0] & 0x80) != 0;
    struct magnitude magnitude;
    magnitude_of(unscaled, negative, &magnitude);
    char text[TEXT_BYTES_MAX];
    size_t at = sizeof(text) - EXPONENT_BYTES;
    snprintf(text + at, EXPONENT_BYTES, "e%d", -scale);
    at = digits_write(&magnitude, text, at);
    double value = strtod(text + at, NULL);
    return negative ? -value : value;
}

double decimal_to_double(struct view unscaled, int32_t scale)
{
    ensure(scale >= -AVSC_DECIMAL_SCALE_MAX && scale <= AVSC_DECIMAL_SCALE_MAX);
    if (unscaled.size == 0)
        return 0;
    unscaled = shortest(unscaled);
    double value;
    if (exact(unscaled, scale, &value))
        return value;
    if (unscaled.size > UNSCALED_BYTES_MAX)
        return unscaled.data[0] & 0x80 ? -HUGE_VAL : HUGE_VAL;
    return by_text(unscaled, scale);
}

// With a point in front of the last `scale` digits.
static bool fraction_append(const char *digits, size_t count, size_t scale, struct buffer *out)
{
    if (count > scale)
        return buffer_append_format(out, "%.*s.%s", (int)(count - scale), digits,
                                    digits + count - scale);
    bool fits = buffer_append(out, "0.", 2);
    for (size_t i = count; i < scale && fits; i++)
        fits = buffer_append_byte(out, '0');
    return fits && buffer_append(out, digits, count);
}

bool decimal_append(struct view unscaled, int32_t scale, struct buffer *out)
{
    ensure(scale >= -AVSC_DECIMAL_SCALE_MAX && scale <= AVSC_DECIMAL_SCALE_MAX);
    ensure(unscaled.size <= DECIMAL_TEXT_BYTES_MAX);
    char text[TEXT_BYTES_MAX];
    size_t end = sizeof(text) - 1;
    bool negative = unscaled.size > 0 && (unscaled.data[0] & 0x80) != 0;
    struct magnitude magnitude = {.count = 0};
    if (unscaled.size > 0)
        magnitude_of(unscaled, negative, &magnitude);
    text[end] = '\0';
    size_t at = digits_write(&magnitude, text, end);
    while (at < end && text[at] == '0')
        at++;
    if (at == end)
        text[--at] = '0';
    if (negative && !buffer_append_byte(out, '-'))
        return false;
    if (scale > 0)
        return fraction_append(text + at, end - at, (size_t)scale, out);
    if (scale == 0)
        return buffer_append(out, text + at, end - at);
    return buffer_append_format(out, "%se%d", text + at, -scale);
}
