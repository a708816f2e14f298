// SPDX-License-Identifier: Apache-2.0
// A walk over the schema's tables with a stack of its own. A frame is a record, array or map that
// is open. Types that take up no bytes are never visited (a block of a billion nulls is one step),
// so that each step either takes a byte or opens a frame.
#include "wire/skip.h"

#include "base/assert.h"
#include "wire/cursor.h"

struct frame {
    const struct avsc_type *type;
    uint64_t remaining;       // record: fields; array, map: items of the open block
    const uint8_t *block_end; // where a block that states its size must end; NULL: it does not
};

struct walk {
    const struct avsc *avsc;
    const uint8_t *at; // NULL: the bytes are bad
    const uint8_t *end;
    size_t depth;
    struct frame frames[SKIP_DEPTH_MAX];
};

static void frame_open(struct walk *walk, const struct avsc_type *type)
{
    if (walk->depth == SKIP_DEPTH_MAX) {
        walk->at = NULL;
        return;
    }
    uint64_t remaining = type->kind == AVSC_RECORD ? type->link_count : 0;
    walk->frames[walk->depth++] = (struct frame){type, remaining, NULL};
}

static const struct avsc_type *branch_read(struct walk *walk, const struct avsc_type *type)
{
    uint32_t branch;
    walk->at = cursor_index(walk->at, walk->end, type->link_count, &branch);
    if (walk->at == NULL)
        return NULL;
    return &walk->avsc->types[walk->avsc->links[type->first_link + branch]];
}

// One value: passed over when it is simple, opened when it is not.
static void value_enter(struct walk *walk, uint32_t index)
{
    const struct avsc_type *type = &walk->avsc->types[index];
    if (type->kind == AVSC_UNION)
        type = branch_read(walk, type);
    if (type == NULL || type->empty)
        return;
    const uint8_t *at = walk->at, *end = walk->end;
    int64_t number;
    uint32_t symbol;
    struct view text;
    switch ((enum avsc_kind)type->kind) {
    case AVSC_BOOLEAN:
        walk->at = cursor_boolean(at, end);
        return;
    case AVSC_INT:
        walk->at = cursor_int(at, end, &number);
        return;
    case AVSC_LONG:
        walk->at = cursor_long(at, end, &number);
        return;
    case AVSC_FLOAT:
        walk->at = cursor_skip(at, end, 4);
        return;
    case AVSC_DOUBLE:
        walk->at = cursor_skip(at, end, 8);
        return;
    case AVSC_BYTES:
    case AVSC_STRING:
        walk->at = cursor_text(at, end, &text);
        return;
    case AVSC_FIXED:
        walk->at = cursor_skip(at, end, type->size);
        return;
    case AVSC_ENUM:
        walk->at = cursor_index(at, end, type->size, &symbol);
        return;
    case AVSC_ARRAY:
    case AVSC_MAP:
    case AVSC_RECORD:
        frame_open(walk, type);
        return;
    case AVSC_NULL:
    case AVSC_UNION:
        break;
    }
    ensure(false); // nulls are empty, and a union never holds a union
}

// The next block's header; false at the end of the array or map, or when it is bad. A negative
// count is followed by the block's size in bytes, which has to be true: a reader may jump by it.
static bool block_open(struct walk *walk, struct frame *frame)
{
    int64_t count = 0, size = 0;
    if (frame->block_end != NULL && frame->block_end != walk->at)
        walk->at = NULL;
    frame->block_end = NULL;
    if (walk->at != NULL)
        walk->at = cursor_long(walk->at, walk->end, &count);
    if (walk->at == NULL || count == 0)
        return false;
    frame->remaining = count < 0 ? 0 - (uint64_t)count : (uint64_t)count;
    if (count > 0)
        return true;
    walk->at = cursor_long(walk->at, walk->end, &size);
    if (walk->at == NULL || size < 0 || size > walk->end - walk->at) {
        walk->at = NULL;
        return false;
    }
    frame->block_end = walk->at + size;
    return true;
}

// The item that comes next in an array or map; false when there is none or the bytes are bad.
static bool item_next(struct walk *walk, struct frame *frame, uint32_t item)
{
    bool map = frame->type->kind == AVSC_MAP;
    bool empty = !map && walk->avsc->types[item].empty;
    while (frame->remaining == 0) {
        if (!block_open(walk, frame))
            return false;
        if (empty)
            frame->remaining = 0;
    }
    frame->remaining--;
    struct view key;
    if (map)
        walk->at = cursor_text(walk->at, walk->end, &key);
    return walk->at != NULL;
}

// The value that comes next in a frame; false when the frame is done or the bytes are bad.
static bool frame_next(struct walk *walk, struct frame *frame, uint32_t *type)
{
    const uint32_t *links = walk->avsc->links + frame->type->first_link;
    if (frame->type->kind == AVSC_RECORD) {
        if (frame->remaining == 0)
            return false;
        *type = links[frame->type->link_count - frame->remaining--];
        return true;
    }
    *type = links[0];
    return item_next(walk, frame, links[0]);
}

const uint8_t *skip_datum(const struct avsc *avsc, uint32_t type, const uint8_t *at,
                          const uint8_t *end)
{
    struct walk walk; // not cleared: frames are written before they are read
    walk.avsc = avsc;
    walk.at = at;
    walk.end = end;
    walk.depth = 0;
    value_enter(&walk, type);
    while (walk.at != NULL && walk.depth > 0) {
        uint32_t next;
        if (frame_next(&walk, &walk.frames[walk.depth - 1], &next))
            value_enter(&walk, next);
        else
            walk.depth--;
    }
    return walk.at;
}
