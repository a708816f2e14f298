// SPDX-License-Identifier: Apache-2.0
#include <math.h>

#include "base/assert.h"
#include "lib/writer_random.h"

enum { DEPTH_MAX = 12 };

struct datum_writer {
    struct random *random;
    struct buffer *out;
    unsigned depth;
};

static void datum_write(struct datum_writer *writer, avro_schema_t schema);

// At times with bytes that add nothing, as far as an integer of `bytes_max` bytes may have them.
static void integer_write(struct datum_writer *writer, int64_t value, size_t bytes_max)
{
    size_t before = writer->out->size;
    ensure(buffer_append_zigzag(writer->out, value));
    if (!random_chance(writer->random, 1, 40) || writer->out->size - before >= bytes_max)
        return;
    writer->out->data[writer->out->size - 1] |= 0x80;
    ensure(buffer_append_byte(writer->out, 0x00));
}

static int64_t integer_draw(struct random *random, int64_t low, int64_t high)
{
    switch (random_below(random, 6)) {
    case 0:
        return low;
    case 1:
        return high;
    case 2:
        return random_range(random, low, high);
    default:
        return random_range(random, -200, 200);
    }
}

static void text_write(struct datum_writer *writer)
{
    size_t size = random_below(writer->random, random_chance(writer->random, 1, 20) ? 300 : 24);
    integer_write(writer, (int64_t)size, 10);
    for (size_t i = 0; i < size; i++)
        ensure(buffer_append_byte(writer->out, (uint8_t)random_below(writer->random, 256)));
}

static void raw_write(struct datum_writer *writer, size_t size)
{
    uint8_t fill = random_chance(writer->random, 1, 4) ? 0xff : 0x00;
    size_t filled =
        random_chance(writer->random, 1, 2) ? random_below(writer->random, size + 1) : 0;
    for (size_t i = 0; i < size; i++)
        ensure(buffer_append_byte(writer->out,
                                  i < filled ? fill : (uint8_t)random_below(writer->random, 256)));
}

static void real_write(struct datum_writer *writer, bool wide)
{
    static const double rare[] = {NAN, INFINITY, -INFINITY, -0.0, 5e-324, 72.2};
    double value = random_chance(writer->random, 1, 3)
                       ? rare[random_below(writer->random, sizeof(rare) / sizeof(rare[0]))]
                       : (double)random_range(writer->random, -1000000, 1000000) / 100;
    float narrow = (float)value;
    ensure(wide ? buffer_append(writer->out, &value, sizeof(value))
                : buffer_append(writer->out, &narrow, sizeof(narrow)));
}

// One block of an array or map, stating its size in bytes or not.
static void block_write(struct datum_writer *writer, avro_schema_t item, bool map, size_t count)
{
    struct buffer body;
    buffer_init(&body, 1u << 24);
    struct datum_writer inner = {writer->random, &body, writer->depth};
    for (size_t i = 0; i < count; i++) {
        if (map)
            text_write(&inner);
        datum_write(&inner, item);
    }
    if (random_chance(writer->random, 1, 2)) {
        integer_write(writer, (int64_t)count, 10);
    } else {
        integer_write(writer, -(int64_t)count, 10);
        integer_write(writer, (int64_t)body.size, 10);
    }
    ensure(buffer_append(writer->out, body.data, body.size));
    buffer_release(&body);
}

static void blocks_write(struct datum_writer *writer, avro_schema_t item, bool map)
{
    // Fewer than one item on average below the top, or data of recursive types would explode.
    size_t blocks =
        writer->depth < 4 ? random_below(writer->random, 3) : random_chance(writer->random, 1, 6);
    if (writer->depth >= DEPTH_MAX)
        blocks = 0;
    for (size_t i = 0; i < blocks; i++)
        block_write(writer, item, map, 1 + random_below(writer->random, 3));
    integer_write(writer, 0, 10);
}

static void union_write(struct datum_writer *writer, avro_schema_t schema)
{
    size_t count = avro_schema_union_size(schema);
    size_t branch = writer->depth >= DEPTH_MAX ? 0 : random_below(writer->random, count);
    integer_write(writer, (int64_t)branch, 5);
    datum_write(writer, avro_schema_union_branch(schema, (int)branch));
}

static void record_write(struct datum_writer *writer, avro_schema_t schema)
{
    for (size_t i = 0; i < avro_schema_record_size(schema); i++)
        datum_write(writer, avro_schema_record_field_get_by_index(schema, (int)i));
}

static void compound_write(struct datum_writer *writer, avro_schema_t schema)
{
    writer->depth++;
    switch (avro_typeof(schema)) {
    case AVRO_ARRAY:
        blocks_write(writer, avro_schema_array_items(schema), false);
        break;
    case AVRO_MAP:
        blocks_write(writer, avro_schema_map_values(schema), true);
        break;
    case AVRO_UNION:
        union_write(writer, schema);
        break;
    case AVRO_RECORD:
        record_write(writer, schema);
        break;
    default:
        ensure(avro_typeof(schema) == AVRO_LINK);
        datum_write(writer, avro_schema_link_target(schema));
    }
    writer->depth--;
}

static void datum_write(struct datum_writer *writer, avro_schema_t schema)
{
    struct random *random = writer->random;
    switch (avro_typeof(schema)) {
    case AVRO_NULL:
        return;
    case AVRO_BOOLEAN:
        ensure(buffer_append_byte(writer->out, (uint8_t)random_below(random, 2)));
        return;
    case AVRO_INT32:
        integer_write(writer, integer_draw(random, INT32_MIN, INT32_MAX), 5);
        return;
    case AVRO_INT64:
        integer_write(writer, integer_draw(random, INT64_MIN, INT64_MAX), 10);
        return;
    case AVRO_ENUM:
        integer_write(
            writer,
            (int64_t)random_below(random, (uint64_t)avro_schema_enum_number_of_symbols(schema)), 5);
        return;
    case AVRO_FLOAT:
    case AVRO_DOUBLE:
        real_write(writer, avro_typeof(schema) == AVRO_DOUBLE);
        return;
    case AVRO_FIXED:
        raw_write(writer, (size_t)avro_schema_fixed_size(schema));
        return;
    case AVRO_STRING:
    case AVRO_BYTES:
        text_write(writer);
        return;
    default:
        compound_write(writer, schema);
        return;
    }
}

void datum_random(avro_schema_t schema, struct random *random, struct buffer *out)
{
    datum_write(&(struct datum_writer){random, out, 0}, schema);
}
