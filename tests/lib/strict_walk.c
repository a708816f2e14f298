// SPDX-License-Identifier: Apache-2.0
#include "lib/strict_walk.h"

enum { DEPTH_MAX = 1024 };

struct walk {
    struct view left;
    struct strict_result result;
    unsigned depth; // open records, arrays and maps
};

static bool datum(struct walk *walk, avro_schema_t schema);

static bool fail(struct walk *walk, enum strict strict)
{
    walk->result.strict = strict;
    return false;
}

static bool take(struct walk *walk, uint64_t size)
{
    if (size > walk->left.size) {
        walk->result.hostile = true;
        return fail(walk, STRICT_CUT);
    }
    walk->left = (struct view){walk->left.data + size, walk->left.size - (size_t)size};
    return true;
}

static bool integer(struct walk *walk, unsigned bytes_max, int64_t *out)
{
    __uint128_t value = 0;
    for (unsigned i = 0;; i++) {
        if (i == bytes_max)
            return fail(walk, STRICT_INVALID);
        if (walk->left.size == 0)
            return fail(walk, STRICT_CUT);
        uint8_t byte = walk->left.data[0];
        (void)take(walk, 1);
        value |= (__uint128_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0)
            break;
    }
    if (value > UINT64_MAX || (bytes_max == 5 && value > UINT32_MAX))
        return fail(walk, STRICT_INVALID);
    uint64_t half = (uint64_t)value / 2;
    *out = value % 2 == 0 ? (int64_t)half : -(int64_t)half - 1;
    return true;
}

static bool within(struct walk *walk, size_t count, int64_t *out)
{
    if (!integer(walk, 5, out))
        return false;
    return (*out >= 0 && *out < (int64_t)count) || fail(walk, STRICT_INVALID);
}

static bool text(struct walk *walk)
{
    int64_t size;
    if (!integer(walk, 10, &size))
        return false;
    return size < 0 ? fail(walk, STRICT_INVALID) : take(walk, (uint64_t)size);
}

static bool items(struct walk *walk, avro_schema_t item, bool map, uint64_t count)
{
    size_t before = walk->left.size;
    walk->result.hostile |= count > before;
    for (uint64_t i = 0; i < count; i++) {
        if (map && !text(walk))
            return false;
        if (!datum(walk, item))
            return false;
        if (walk->left.size == before)
            return true; // items of no bytes: the others are alike
    }
    return true;
}

static bool blocks(struct walk *walk, avro_schema_t item, bool map)
{
    for (;;) {
        int64_t count, size = -1;
        if (!integer(walk, 10, &count))
            return false;
        if (count == 0)
            return true;
        if (count < 0 && !integer(walk, 10, &size))
            return false;
        size_t before = walk->left.size;
        if (!items(walk, item, map, count < 0 ? 0 - (uint64_t)count : (uint64_t)count))
            return false;
        if (count < 0 && size != (int64_t)(before - walk->left.size))
            return fail(walk, STRICT_INVALID);
    }
}

static bool nested(struct walk *walk, avro_schema_t schema)
{
    if (walk->depth++ == DEPTH_MAX)
        return fail(walk, STRICT_INVALID);
    bool fine = true;
    if (avro_typeof(schema) == AVRO_ARRAY)
        fine = blocks(walk, avro_schema_array_items(schema), false);
    else if (avro_typeof(schema) == AVRO_MAP)
        fine = blocks(walk, avro_schema_map_values(schema), true);
    else
        for (size_t i = 0; fine && i < avro_schema_record_size(schema); i++)
            fine = datum(walk, avro_schema_record_field_get_by_index(schema, (int)i));
    walk->depth--;
    return fine;
}

static bool datum(struct walk *walk, avro_schema_t schema)
{
    int64_t number;
    switch (avro_typeof(schema)) {
    case AVRO_NULL:
        return true;
    case AVRO_BOOLEAN:
        if (walk->left.size > 0 && walk->left.data[0] > 1)
            return fail(walk, STRICT_INVALID);
        return take(walk, 1);
    case AVRO_INT32:
        return integer(walk, 5, &number);
    case AVRO_INT64:
        return integer(walk, 10, &number);
    case AVRO_FLOAT:
        return take(walk, 4);
    case AVRO_DOUBLE:
        return take(walk, 8);
    case AVRO_FIXED:
        return take(walk, (uint64_t)avro_schema_fixed_size(schema));
    case AVRO_STRING:
    case AVRO_BYTES:
        return text(walk);
    case AVRO_ENUM:
        return within(walk, (size_t)avro_schema_enum_number_of_symbols(schema), &number);
    case AVRO_UNION:
        return within(walk, avro_schema_union_size(schema), &number) &&
               datum(walk, avro_schema_union_branch(schema, (int)number));
    case AVRO_LINK:
        return datum(walk, avro_schema_link_target(schema));
    default:
        return nested(walk, schema);
    }
}

struct strict_result strict_walk(avro_schema_t schema, struct view body)
{
    struct walk walk = {.left = body};
    if (datum(&walk, schema) && walk.left.size > 0)
        walk.result.strict = STRICT_INVALID;
    return walk.result;
}
