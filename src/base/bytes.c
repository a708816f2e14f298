// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

int view_order(struct view a, struct view b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size == 0 ? 0 : memcmp(a.data, b.data, size);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

void buffer_init(struct buffer *buffer, size_t max_bytes)
{
    *buffer = (struct buffer){.max = max_bytes};
}

void buffer_release(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){.max = buffer->max};
}

bool buffer_reserve(struct buffer *buffer, size_t extra)
{
    ensure(buffer->size <= buffer->capacity);
    if (extra <= buffer->capacity - buffer->size)
        return true;
    if (extra > buffer->max - buffer->size)
        return false;
    size_t needed = buffer->size + extra;
    size_t capacity = buffer->capacity < 32 ? 64 : buffer->capacity * 2;
    if (capacity < needed)
        capacity = needed;
    if (capacity > buffer->max)
        capacity = buffer->max;
    buffer->data = memory_resized(buffer->data, capacity, 1);
    buffer->capacity = capacity;
    return true;
}

bool buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
    if (!buffer_reserve(buffer, size))
        return false;
    if (size > 0)
        memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
    return true;
}

bool buffer_append_byte(struct buffer *buffer, uint8_t byte)
{
    return buffer_append(buffer, &byte, 1);
}

bool buffer_append_varint(struct buffer *buffer, uint64_t value)
{
    uint8_t bytes[10];
    size_t size = 0;
    while (value >= 0x80) {
        bytes[size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    bytes[size++] = (uint8_t)value;
    return buffer_append(buffer, bytes, size);
}

bool buffer_append_zigzag(struct buffer *buffer, int64_t value)
{
    return buffer_append_varint(buffer, zigzag_encode(value));
}

bool buffer_append_be32(struct buffer *buffer, uint32_t value)
{
    value = __builtin_bswap32(value);
    return buffer_append(buffer, &value, sizeof(value));
}

bool buffer_append_be64(struct buffer *buffer, uint64_t value)
{
    value = __builtin_bswap64(value);
    return buffer_append(buffer, &value, sizeof(value));
}

bool buffer_append_float(struct buffer *buffer, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    bits = htole32(bits);
    return buffer_append(buffer, &bits, sizeof(bits));
}

bool buffer_append_double(struct buffer *buffer, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    bits = htole64(bits);
    return buffer_append(buffer, &bits, sizeof(bits));
}

bool buffer_append_sized(struct buffer *buffer, struct view bytes)
{
    size_t before = buffer->size;
    if (buffer_append_zigzag(buffer, (int64_t)bytes.size) &&
        buffer_append(buffer, bytes.data, bytes.size))
        return true;
    buffer->size = before;
    return false;
}

bool buffer_append_format(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    ensure(size >= 0);
    if (!buffer_reserve(buffer, (size_t)size + 1))
        return false;
    va_start(args, format);
    vsnprintf((char *)buffer->data + buffer->size, (size_t)size + 1, format, args);
    va_end(args);
    buffer->size += (size_t)size;
    return true;
}

bool reader_byte(struct reader *reader, uint8_t *out)
{
    if (reader->at == reader->end)
        return false;
    *out = *reader->at++;
    return true;
}

bool reader_be32(struct reader *reader, uint32_t *out)
{
    if (reader_left(reader) < sizeof(*out))
        return false;
    memcpy(out, reader->at, sizeof(*out));
    *out = __builtin_bswap32(*out);
    reader->at += sizeof(*out);
    return true;
}

bool reader_be64(struct reader *reader, uint64_t *out)
{
    if (reader_left(reader) < sizeof(*out))
        return false;
    memcpy(out, reader->at, sizeof(*out));
    *out = __builtin_bswap64(*out);
    reader->at += sizeof(*out);
    return true;
}

bool reader_varint(struct reader *reader, uint64_t *out)
{
    uint64_t value = 0;
    const uint8_t *at = reader->at;
    for (unsigned shift = 0; at != reader->end && shift < 64; shift += 7) {
        uint8_t byte = *at++;
        if (shift == 63 && (byte & 0xfe) != 0)
            return false;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            reader->at = at;
            *out = value;
            return true;
        }
    }
    return false;
}

bool reader_zigzag(struct reader *reader, int64_t *out)
{
    uint64_t value;
    if (!reader_varint(reader, &value))
        return false;
    *out = zigzag_decode(value);
    return true;
}

bool reader_view(struct reader *reader, uint64_t size, struct view *out)
{
    if (size > reader_left(reader))
        return false;
    *out = (struct view){reader->at, (size_t)size};
    reader->at += size;
    return true;
}
