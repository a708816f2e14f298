// SPDX-License-Identifier: Apache-2.0
#include "wire/avro_json.h"

#include <inttypes.h>

#include "base/assert.h"
#include "base/iso_time.h"
#include "wire/cursor.h"
#include "wire/decimal.h"
#include "wire/json_text.h"

static const int64_t SECOND_NS = 1000000000;

enum { DAY_SECONDS = 86400 };

// Where reading and writing are. When `reason` is set nothing more is done.
struct transcoder {
    const struct avsc *avsc;
    const uint8_t *at;
    const uint8_t *end;
    struct buffer *out;
    const char *reason;
    unsigned depth;
    bool readable; // times are texts
};

static void value_write(struct transcoder *walk, uint32_t index);

static void fail(struct transcoder *walk, const char *reason)
{
    if (walk->reason == NULL)
        walk->reason = reason;
}

static void written(struct transcoder *walk, bool fits)
{
    if (!fits)
        fail(walk, "it is too large to be shown");
}

// Moves on to where a value was read up to; false when it could not be read.
static bool moved(struct transcoder *walk, const uint8_t *at)
{
    if (at == NULL) {
        fail(walk, "the bytes are not a datum of the schema");
        return false;
    }
    walk->at = at;
    return true;
}

static void literal(struct transcoder *walk, const char *text)
{
    written(walk, buffer_append(walk->out, text, strlen(text)));
}

static void boolean_write(struct transcoder *walk)
{
    const uint8_t *from = walk->at;
    if (moved(walk, cursor_boolean(walk->at, walk->end)))
        literal(walk, *from == 1 ? "true" : "false");
}

// Times count in these steps a second.
static int64_t steps_of(const struct avsc_type *type)
{
    switch ((enum avsc_logical)type->logical) {
    case AVSC_TIME:
        return type->kind == AVSC_INT ? 1000 : 1000000;
    case AVSC_TIMESTAMP_MILLIS:
        return 1000;
    case AVSC_TIMESTAMP_MICROS:
        return 1000000;
    case AVSC_TIMESTAMP_NANOS:
        return SECOND_NS;
    default:
        return 0;
    }
}

// False when it is no time, or one that cannot be written; nothing is appended then.
static bool time_append(const struct avsc_type *type, int64_t value, struct buffer *out)
{
    int64_t steps = steps_of(type);
    int decimals = steps == 1000 ? 3 : steps == 1000000 ? 6 : 9;
    if (type->logical == AVSC_DATE)
        return iso_date_append(out, value);
    if (steps == 0)
        return false;
    int64_t seconds = value / steps;
    int64_t rest = value % steps;
    if (rest < 0) {
        seconds--;
        rest += steps;
    }
    const struct iso_moment moment = {seconds, (int32_t)(rest * (SECOND_NS / steps))};
    if (type->logical != AVSC_TIME)
        return iso_moment_append(out, moment, decimals);
    return seconds >= 0 && seconds < DAY_SECONDS &&
           iso_day_time_append(out, seconds * SECOND_NS + moment.nanoseconds, decimals);
}

static bool readable_append(const struct avsc_type *type, int64_t value, struct buffer *out)
{
    size_t before = out->size;
    if (buffer_append_byte(out, '"') && time_append(type, value, out) &&
        buffer_append_byte(out, '"'))
        return true;
    out->size = before;
    return false;
}

static void integer_write(struct transcoder *walk, const struct avsc_type *type)
{
    int64_t value;
    const uint8_t *at = type->kind == AVSC_INT ? cursor_int(walk->at, walk->end, &value)
                                               : cursor_long(walk->at, walk->end, &value);
    if (!moved(walk, at))
        return;
    if (!walk->readable || type->logical == AVSC_PLAIN || !readable_append(type, value, walk->out))
        written(walk, buffer_append_format(walk->out, "%" PRId64, value));
}

// IEEE 754 bits, little-endian.
static uint64_t bits_of(const uint8_t *bytes, size_t size)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < size; i++)
        bits |= (uint64_t)bytes[i] << (8 * i);
    return bits;
}

static void float_write(struct transcoder *walk)
{
    const uint8_t *from = walk->at;
    float value;
    if (!moved(walk, cursor_skip(walk->at, walk->end, sizeof(value))))
        return;
    uint32_t bits = (uint32_t)bits_of(from, sizeof(value));
    memcpy(&value, &bits, sizeof(value));
    written(walk, json_real_append(walk->out, (double)value, true));
}

static void double_write(struct transcoder *walk)
{
    const uint8_t *from = walk->at;
    double value;
    if (!moved(walk, cursor_skip(walk->at, walk->end, sizeof(value))))
        return;
    uint64_t bits = bits_of(from, sizeof(value));
    memcpy(&value, &bits, sizeof(value));
    written(walk, json_real_append(walk->out, value, false));
}

static void bytes_write(struct transcoder *walk, const struct avsc_type *type, struct view bytes)
{
    if (type->logical == AVSC_DECIMAL && bytes.size <= DECIMAL_TEXT_BYTES_MAX)
        written(walk, decimal_append(bytes, type->scale, walk->out));
    else
        written(walk, json_bytes_append(walk->out, bytes));
}

static void text_write(struct transcoder *walk, const struct avsc_type *type)
{
    struct view text;
    if (!moved(walk, cursor_text(walk->at, walk->end, &text)))
        return;
    if (type->kind == AVSC_STRING)
        written(walk, json_text_append(walk->out, text));
    else
        bytes_write(walk, type, text);
}

static void fixed_write(struct transcoder *walk, const struct avsc_type *type)
{
    const uint8_t *from = walk->at;
    if (moved(walk, cursor_skip(walk->at, walk->end, type->size)))
        bytes_write(walk, type, (struct view){from, type->size});
}

static void enum_write(struct transcoder *walk, const struct avsc_type *type)
{
    uint32_t symbol;
    if (moved(walk, cursor_index(walk->at, walk->end, type->size, &symbol)))
        written(walk, json_text_append(walk->out, avsc_symbol(walk->avsc, type, symbol)));
}

static void union_write(struct transcoder *walk, const struct avsc_type *type)
{
    uint32_t branch;
    if (moved(walk, cursor_index(walk->at, walk->end, type->link_count, &branch)))
        value_write(walk, walk->avsc->links[type->first_link + branch]);
}

static void record_write(struct transcoder *walk, const struct avsc_type *type)
{
    literal(walk, "{");
    for (uint32_t i = 0; i < type->field_count && walk->reason == NULL; i++) {
        const struct avsc_field *field = &walk->avsc->fields[type->first_field + i];
        if (i > 0)
            literal(walk, ", ");
        written(walk, json_text_append(walk->out, field->name));
        literal(walk, ": ");
        value_write(walk, field->type);
    }
    literal(walk, "}");
}

static void item_write(struct transcoder *walk, const struct avsc_type *type, bool first)
{
    struct view key;
    if (!first)
        literal(walk, ", ");
    if (type->kind == AVSC_MAP) {
        if (!moved(walk, cursor_text(walk->at, walk->end, &key)))
            return;
        written(walk, json_text_append(walk->out, key));
        literal(walk, ": ");
    }
    value_write(walk, walk->avsc->links[type->first_link]);
}

// The next block's number of items, 0 at the end. A negative count is followed by the block's size
// in bytes, where it has to end; NULL when it does not say so.
static uint64_t block_read(struct transcoder *walk, const uint8_t **block_end)
{
    int64_t count = 0, size = 0;
    *block_end = NULL;
    if (!moved(walk, cursor_long(walk->at, walk->end, &count)) || count >= 0)
        return walk->reason == NULL ? (uint64_t)count : 0;
    if (!moved(walk, cursor_long(walk->at, walk->end, &size)))
        return 0;
    if (size < 0 || size > walk->end - walk->at) {
        moved(walk, NULL);
        return 0;
    }
    *block_end = walk->at + size;
    return 0 - (uint64_t)count;
}

static void blocks_write(struct transcoder *walk, const struct avsc_type *type)
{
    bool first = true;
    const uint8_t *block_end;
    literal(walk, type->kind == AVSC_MAP ? "{" : "[");
    for (;;) {
        uint64_t count = block_read(walk, &block_end);
        if (count == 0)
            break;
        for (; count > 0 && walk->reason == NULL; count--, first = false)
            item_write(walk, type, first);
        if (block_end != NULL && walk->at != block_end)
            moved(walk, NULL);
    }
    literal(walk, type->kind == AVSC_MAP ? "}" : "]");
}

static void compound_write(struct transcoder *walk, const struct avsc_type *type)
{
    if (walk->depth == AVRO_JSON_DEPTH_MAX) {
        fail(walk, "it nests too deeply");
        return;
    }
    walk->depth++;
    if (type->kind == AVSC_RECORD)
        record_write(walk, type);
    else
        blocks_write(walk, type);
    walk->depth--;
}

static void value_write(struct transcoder *walk, uint32_t index)
{
    const struct avsc_type *type = &walk->avsc->types[index];
    if (walk->reason != NULL)
        return;
    switch ((enum avsc_kind)type->kind) {
    case AVSC_NULL:
        literal(walk, "null");
        return;
    case AVSC_BOOLEAN:
        boolean_write(walk);
        return;
    case AVSC_INT:
    case AVSC_LONG:
        integer_write(walk, type);
        return;
    case AVSC_FLOAT:
        float_write(walk);
        return;
    case AVSC_DOUBLE:
        double_write(walk);
        return;
    case AVSC_BYTES:
    case AVSC_STRING:
        text_write(walk, type);
        return;
    case AVSC_FIXED:
        fixed_write(walk, type);
        return;
    case AVSC_ENUM:
        enum_write(walk, type);
        return;
    case AVSC_UNION:
        union_write(walk, type);
        return;
    case AVSC_ARRAY:
    case AVSC_MAP:
    case AVSC_RECORD:
        compound_write(walk, type);
    }
}

static bool append(const struct avsc *avsc, struct view body, bool readable, struct buffer *out,
                   const char **reason)
{
    static const uint8_t nothing;
    struct transcoder walk = {.avsc = avsc, .out = out, .readable = readable};
    walk.at = body.data != NULL ? body.data : &nothing;
    walk.end = walk.at + body.size;
    value_write(&walk, avsc->root);
    if (walk.at != walk.end)
        fail(&walk, "there are bytes behind the datum");
    *reason = walk.reason;
    return walk.reason == NULL;
}

bool avro_json_append(const struct avsc *avsc, struct view body, struct buffer *out,
                      const char **reason)
{
    return append(avsc, body, false, out, reason);
}

bool avro_json_append_readable(const struct avsc *avsc, struct view body, struct buffer *out,
                               const char **reason)
{
    return append(avsc, body, true, out, reason);
}
