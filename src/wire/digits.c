// SPDX-License-Identifier: Apache-2.0
#include "wire/digits.h"

#include "base/assert.h"
#include "wire/avsc.h"

enum {
    LIMBS_MAX = DIGITS_UNSCALED_BYTES_MAX / 4,
    PLACES_MAX = 1233, // 10^1233 > 2^(8 * 512): more places never fit
    EXPONENT_MAX = 1000000000,
};

static bool is_digit(const uint8_t *at, const uint8_t *end)
{
    return at != end && *at >= '0' && *at <= '9';
}

static const uint8_t *digits_skip(const uint8_t *at, const uint8_t *end)
{
    while (is_digit(at, end))
        at++;
    return at;
}

// What stands behind the 'e'; NULL when it is no exponent up to the end. Very large ones are cut:
// nothing fits then anyway.
static const uint8_t *exponent_read(const uint8_t *at, const uint8_t *end, int64_t *out)
{
    bool negative = at != end && *at == '-';
    if (at != end && (*at == '-' || *at == '+'))
        at++;
    if (!is_digit(at, end))
        return NULL;
    for (*out = 0; is_digit(at, end); at++)
        *out = *out < EXPONENT_MAX ? *out * 10 + (*at - '0') : EXPONENT_MAX;
    if (negative)
        *out = -*out;
    return at;
}

// Drops zeros at both ends of the digits first .. last; `point` is where the point stands, or last.
static void strip(struct digits *out, const uint8_t *first, const uint8_t *last,
                  const uint8_t *point)
{
    while (first < last && (*first == '0' || *first == '.'))
        first++;
    while (last > first && (last[-1] == '0' || last[-1] == '.'))
        last--;
    out->text = (struct view){first, (size_t)(last - first)};
    out->count = out->text.size - (first < point && point < last ? 1 : 0);
    // The last digit's place: 0 in front of the point, -1 behind it.
    out->exponent += last <= point ? point - last : point + 1 - last;
}

bool digits_read(struct view text, struct digits *out)
{
    const uint8_t *at = text.data;
    const uint8_t *end = text.data + text.size;
    *out = (struct digits){.negative = text.size > 0 && *at == '-'};
    if (text.size > 0 && (*at == '-' || *at == '+'))
        at++;
    const uint8_t *first = at;
    const uint8_t *point = digits_skip(first, end);
    const uint8_t *last = point;
    if (point != end && *point == '.')
        last = digits_skip(point + 1, end);
    if (last - first == (last > point ? 1 : 0))
        return false; // no digit at all
    at = last;
    if (at != end && (*at == 'e' || *at == 'E'))
        at = exponent_read(at + 1, end, &out->exponent);
    if (at != end)
        return false;
    strip(out, first, last, point);
    return true;
}

enum digits_fit digits_integer(const struct digits *digits, int64_t *out)
{
    *out = 0;
    if (digits->count == 0)
        return DIGITS_FIT;
    if (digits->exponent < 0)
        return DIGITS_FRACTION;
    if (digits->exponent > 19)
        return DIGITS_TOO_LARGE;
    // Below zero, where there is one more number.
    bool over = false;
    for (size_t i = 0; i < digits->text.size && !over; i++) {
        uint8_t byte = digits->text.data[i];
        if (byte != '.')
            over = __builtin_mul_overflow(*out, 10, out) ||
                   __builtin_sub_overflow(*out, byte - '0', out);
    }
    for (int64_t i = 0; i < digits->exponent && !over; i++)
        over = __builtin_mul_overflow(*out, 10, out);
    if (!over && !digits->negative)
        over = __builtin_sub_overflow(0, *out, out);
    return over ? DIGITS_TOO_LARGE : DIGITS_FIT;
}

// A magnitude in base 2^32, the lowest limb first. One limb more than can be used.
struct magnitude {
    uint32_t limbs[LIMBS_MAX + 1];
    size_t count;
};

static bool magnitude_push(struct magnitude *magnitude, uint32_t digit)
{
    uint64_t carry = digit;
    for (size_t i = 0; i < magnitude->count; i++) {
        carry += (uint64_t)magnitude->limbs[i] * 10;
        magnitude->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry == 0)
        return true;
    if (magnitude->count == LIMBS_MAX)
        return false;
    magnitude->limbs[magnitude->count++] = (uint32_t)carry;
    return true;
}

static bool magnitude_of(const struct digits *digits, int64_t zeros, struct magnitude *out)
{
    bool fits = true;
    out->count = 0;
    for (size_t i = 0; i < digits->text.size && fits; i++) {
        if (digits->text.data[i] != '.')
            fits = magnitude_push(out, (uint32_t)(digits->text.data[i] - '0'));
    }
    for (int64_t i = 0; i < zeros && fits; i++)
        fits = magnitude_push(out, 0);
    return fits;
}

// The byte at a place, counted from the lowest, of the two's complement.
static uint8_t complement_byte(const struct magnitude *magnitude, bool negative, size_t place,
                               unsigned *carry)
{
    uint32_t limb = place / 4 < magnitude->count ? magnitude->limbs[place / 4] : 0;
    uint8_t byte = (uint8_t)(limb >> place % 4 * 8);
    if (!negative)
        return byte;
    unsigned sum = (uint8_t)~byte + *carry;
    *carry = sum >> 8;
    return (uint8_t)sum;
}

// True when the byte in front only repeats the sign of the one behind it.
static bool is_spare(uint8_t front, uint8_t behind)
{
    return front == ((behind & 0x80) != 0 ? 0xff : 0x00);
}

static enum digits_fit magnitude_write(const struct magnitude *magnitude, bool negative,
                                       uint8_t out[DIGITS_UNSCALED_BYTES_MAX], size_t *size)
{
    uint8_t bytes[DIGITS_UNSCALED_BYTES_MAX + 4]; // the lowest first, and a sign
    size_t count = magnitude->count * 4 + 1;
    unsigned carry = 1;
    for (size_t i = 0; i < count; i++)
        bytes[i] = complement_byte(magnitude, negative, i, &carry);
    while (count > 1 && is_spare(bytes[count - 1], bytes[count - 2]))
        count--;
    if (count > DIGITS_UNSCALED_BYTES_MAX)
        return DIGITS_TOO_LARGE;
    for (size_t i = 0; i < count; i++)
        out[i] = bytes[count - 1 - i];
    *size = count;
    return DIGITS_FIT;
}

enum digits_fit digits_unscaled(const struct digits *digits, int32_t scale,
                                uint8_t out[DIGITS_UNSCALED_BYTES_MAX], size_t *size)
{
    ensure(scale >= -AVSC_DECIMAL_SCALE_MAX && scale <= AVSC_DECIMAL_SCALE_MAX);
    struct magnitude magnitude;
    int64_t zeros = digits->exponent + scale;
    if (digits->count > 0 && zeros < 0)
        return DIGITS_FRACTION;
    if (digits->count > 0 && zeros + (int64_t)digits->count > PLACES_MAX + 1)
        return DIGITS_TOO_LARGE;
    if (!magnitude_of(digits, digits->count > 0 ? zeros : 0, &magnitude))
        return DIGITS_TOO_LARGE;
    return magnitude_write(&magnitude, digits->negative && digits->count > 0, out, size);
}
