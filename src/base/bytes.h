// SPDX-License-Identifier: Apache-2.0
// Borrowed and owned byte strings, and the integer encodings that the formats share: big-endian,
// and Avro's (Avro specification 1.11, "Binary encoding").
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Borrowed bytes: valid as long as their owner says. data == NULL means "absent" (a null key or
// value), which is not the same as empty.
struct view {
    const uint8_t *data;
    size_t size;
};

static inline struct view view_text(const char *text)
{
    return (struct view){(const uint8_t *)text, strlen(text)};
}

static inline bool view_equal(struct view a, struct view b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

// By their bytes, what another begins with in front of it: below 0, 0, above 0, as for qsort.
int view_order(struct view a, struct view b);

// Owned bytes that grow up to a maximum set at construction.
//   data[0 .. size) is content, data[size .. capacity) is room, capacity <= max
struct buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t max;
};

void buffer_init(struct buffer *buffer, size_t max_bytes);
void buffer_release(struct buffer *buffer);
// Forgets the content and keeps the memory.
static inline void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
}
// Makes room for `extra` more bytes; false when that would pass the maximum (nothing changes).
bool buffer_reserve(struct buffer *buffer, size_t extra);
// The appenders return false when the maximum would be passed (nothing is appended).
bool buffer_append(struct buffer *buffer, const void *bytes, size_t size);
bool buffer_append_byte(struct buffer *buffer, uint8_t byte);
bool buffer_append_varint(struct buffer *buffer, uint64_t value); // LEB128, unsigned
bool buffer_append_zigzag(struct buffer *buffer, int64_t value);  // Avro long
bool buffer_append_be32(struct buffer *buffer, uint32_t value);
bool buffer_append_be64(struct buffer *buffer, uint64_t value);
bool buffer_append_float(struct buffer *buffer, float value);       // Avro: its bits,
bool buffer_append_double(struct buffer *buffer, double value);     // little-endian
bool buffer_append_sized(struct buffer *buffer, struct view bytes); // Avro bytes and string
// printf into the buffer (no NUL is kept).
bool buffer_append_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline struct view buffer_view(const struct buffer *buffer)
{
    return (struct view){buffer->data, buffer->size};
}

// A cursor over borrowed bytes:  start <= at <= end. Every read checks the end and returns false,
// moving nothing, when the bytes do not suffice or the encoding is bad.
struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

static inline struct reader reader_of(struct view view)
{
    return (struct reader){view.data, view.data + view.size};
}
static inline size_t reader_left(const struct reader *reader)
{
    return (size_t)(reader->end - reader->at);
}
bool reader_byte(struct reader *reader, uint8_t *out);
bool reader_be32(struct reader *reader, uint32_t *out);
bool reader_be64(struct reader *reader, uint64_t *out);
// LEB128 of at most 10 bytes; refuses bits past the 64th.
bool reader_varint(struct reader *reader, uint64_t *out);
bool reader_zigzag(struct reader *reader, int64_t *out);
// `size` bytes borrowed from the reader's memory.
bool reader_view(struct reader *reader, uint64_t size, struct view *out);

static inline uint64_t zigzag_encode(int64_t value)
{
    return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}
static inline int64_t zigzag_decode(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

#endif
