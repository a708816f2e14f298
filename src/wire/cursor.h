// SPDX-License-Identifier: Apache-2.0
// The steps of Avro's binary encoding over bytes at .. end (Avro specification 1.11, "Binary
// encoding"). Each gives where the next value starts, or NULL when the bytes do not suffice or the
// encoding is bad; it never looks at or past `end`. Values travel in registers: this is what a
// purchase costs.
#ifndef WIRE_CURSOR_H
#define WIRE_CURSOR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

// At most `bytes_max` bytes (10 for a long, 5 for an int), no bits past the 64th.
static inline const uint8_t *cursor_varint(const uint8_t *at, const uint8_t *end,
                                           unsigned bytes_max, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes_max && at != end; i++) {
        uint64_t byte = *at++;
        value |= (byte & 0x7f) << (7 * i);
        if (byte >= 0x80)
            continue;
        if (i == 9 && byte > 1)
            return NULL;
        *out = value;
        return at;
    }
    return NULL;
}

static inline const uint8_t *cursor_long(const uint8_t *at, const uint8_t *end, int64_t *out)
{
    uint64_t value = 0;
    at = cursor_varint(at, end, 10, &value);
    *out = zigzag_decode(value);
    return at;
}

// Avro's int, which also numbers the branches of a union and the symbols of an enum.
static inline const uint8_t *cursor_int(const uint8_t *at, const uint8_t *end, int64_t *out)
{
    uint64_t value = 0;
    at = cursor_varint(at, end, 5, &value);
    *out = zigzag_decode(value);
    return value > UINT32_MAX ? NULL : at;
}

// A union's branch or an enum's symbol: 0 .. count - 1.
static inline const uint8_t *cursor_index(const uint8_t *at, const uint8_t *end, uint32_t count,
                                          uint32_t *out)
{
    int64_t index = 0;
    at = cursor_int(at, end, &index);
    *out = (uint32_t)index;
    return index < 0 || index >= (int64_t)count ? NULL : at;
}

static inline const uint8_t *cursor_skip(const uint8_t *at, const uint8_t *end, uint64_t size)
{
    return size > (uint64_t)(end - at) ? NULL : at + size;
}

static inline const uint8_t *cursor_boolean(const uint8_t *at, const uint8_t *end)
{
    return at == end || *at > 1 ? NULL : at + 1;
}

// A string's or bytes' content, borrowed.
static inline const uint8_t *cursor_text(const uint8_t *at, const uint8_t *end, struct view *out)
{
    uint64_t zigzag = 0;
    at = cursor_varint(at, end, 10, &zigzag);
    if (at == NULL || (zigzag & 1) != 0 || (zigzag >> 1) > (uint64_t)(end - at))
        return NULL;
    *out = (struct view){at, (size_t)(zigzag >> 1)};
    return at + out->size;
}

#endif
