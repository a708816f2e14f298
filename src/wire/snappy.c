// SPDX-License-Identifier: Apache-2.0
#include "wire/snappy.h"

#include "base/assert.h"

enum { LITERAL, COPY_SHORT, COPY_NEAR, COPY_FAR };

struct element {
    bool literal;
    size_t size;
    size_t offset; // of a copy: so far back
};

// `count` bytes, the lowest first.
static bool number_read(struct reader *reader, unsigned count, size_t *out)
{
    struct view bytes;
    *out = 0;
    if (!reader_view(reader, count, &bytes))
        return false;
    for (unsigned i = 0; i < count; i++)
        *out |= (size_t)bytes.data[i] << (8 * i);
    return true;
}

static bool literal_read(struct reader *reader, uint8_t tag, struct element *out)
{
    enum { INLINE_MAX = 60 };
    size_t size = tag >> 2;
    *out = (struct element){.literal = true, .size = size + 1};
    if (size < INLINE_MAX)
        return true;
    bool read = number_read(reader, (unsigned)(size - INLINE_MAX + 1), &size);
    out->size = size + 1;
    return read;
}

static bool element_read(struct reader *reader, struct element *out)
{
    uint8_t tag;
    if (!reader_byte(reader, &tag))
        return false;
    *out = (struct element){.size = (size_t)(tag >> 2) + 1};
    switch (tag & 3) {
    case LITERAL:
        return literal_read(reader, tag, out);
    case COPY_SHORT:
        if (!number_read(reader, 1, &out->offset))
            return false;
        out->size = (size_t)(tag >> 2 & 7) + 4;
        out->offset |= (size_t)(tag >> 5) << 8;
        return true;
    case COPY_NEAR:
        return number_read(reader, 2, &out->offset);
    default:
        return number_read(reader, 4, &out->offset);
    }
}

// A copy may reach into what it makes: then it repeats.
static bool copy_append(struct buffer *out, size_t from, const struct element *element)
{
    if (element->offset == 0 || element->offset > out->size - from)
        return false;
    for (size_t i = 0; i < element->size; i++)
        out->data[out->size + i] = out->data[out->size + i - element->offset];
    out->size += element->size;
    return true;
}

bool snappy_append(struct view bytes, struct buffer *out)
{
    struct reader reader = reader_of(bytes);
    uint64_t size;
    size_t from = out->size;
    if (!reader_varint(&reader, &size) || size > UINT32_MAX || !buffer_reserve(out, size))
        return false;
    while (reader_left(&reader) > 0) {
        struct element element;
        struct view literal;
        if (!element_read(&reader, &element) || element.size > size - (out->size - from))
            return false;
        if (!element.literal) {
            if (!copy_append(out, from, &element))
                return false;
            continue;
        }
        if (!reader_view(&reader, element.size, &literal))
            return false;
        ensure(buffer_append(out, literal.data, literal.size));
    }
    return out->size - from == size;
}
