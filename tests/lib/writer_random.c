// SPDX-License-Identifier: Apache-2.0
#include "lib/writer_random.h"

#include "base/assert.h"

const char *const writer_member_names[WRITER_MEMBERS] = {
    "id", "category", "amount", "credit_card", "distance_from_billing_zip", "timestamp"};

// A type that a member may have. '@' in the text stands for a number that makes a name unique.
// `family` keeps two branches of a union apart; `plain` marks what avro-c resolves.
struct cell {
    const char *json;
    enum reading reading;
    int family;
    int scale;
    bool plain;
};

enum {
    FAMILY_NULL,
    FAMILY_INT,
    FAMILY_LONG,
    FAMILY_FLOAT,
    FAMILY_DOUBLE,
    FAMILY_STRING,
    FAMILY_BYTES,
    FAMILY_BOOLEAN,
    FAMILY_ARRAY,
    FAMILY_MAP,
    FAMILY_NAMED
};

#define CELL_NULL                                                                                  \
    {                                                                                              \
        "\"null\"", READING_NULL, FAMILY_NULL, 0, true                                             \
    }
#define CELL_BOOLEAN                                                                               \
    {                                                                                              \
        "\"boolean\"", READING_NONE, FAMILY_BOOLEAN, 0, false                                      \
    }
#define CELL_ARRAY                                                                                 \
    {                                                                                              \
        "{\"items\":\"int\",\"type\":\"array\"}", READING_NONE, FAMILY_ARRAY, 0, false             \
    }
#define CELL_ENUM                                                                                  \
    {                                                                                              \
        "{\"type\":\"enum\",\"name\":\"E@\",\"symbols\":[\"a\",\"b\"]}", READING_NONE,             \
            FAMILY_NAMED, 0, false                                                                 \
    }
#define CELL_RECORD                                                                                \
    {                                                                                              \
        "{\"type\":\"record\",\"name\":\"R@\",\"fields\":[{\"name\":\"id\",\"type\":\"int\"}]}",   \
            READING_NONE, FAMILY_NAMED, 0, false                                                   \
    }
#define CELL_NONE(name, family)                                                                    \
    {                                                                                              \
        "\"" name "\"", READING_NONE, family, 0, false                                             \
    }

static const struct cell integer_cells[] = {
    {"\"int\"", READING_INT, FAMILY_INT, 0, true},
    {"\"long\"", READING_LONG, FAMILY_LONG, 0, true},
    {"{\"type\":\"int\",\"logicalType\":\"date\"}", READING_INT, FAMILY_INT, 0, true},
    CELL_NONE("double", FAMILY_DOUBLE),
    CELL_NONE("string", FAMILY_STRING),
    CELL_NULL,
    CELL_BOOLEAN,
    CELL_ARRAY,
    CELL_ENUM,
    CELL_RECORD,
};

static const struct cell text_cells[] = {
    {"\"string\"", READING_STRING, FAMILY_STRING, 0, true},
    {"{\"type\":\"string\",\"logicalType\":\"uuid\"}", READING_STRING, FAMILY_STRING, 0, true},
    {"\"bytes\"", READING_BYTES, FAMILY_BYTES, 0, false},
    CELL_NONE("long", FAMILY_LONG),
    CELL_NULL,
    CELL_BOOLEAN,
    CELL_ARRAY,
    CELL_ENUM,
    CELL_RECORD,
};

#define NUMBER_CELLS                                                                               \
    {"\"int\"", READING_INT, FAMILY_INT, 0, true},                                                 \
        {"\"long\"", READING_LONG, FAMILY_LONG, 0, true},                                          \
        {"\"float\"", READING_FLOAT, FAMILY_FLOAT, 0, true},                                       \
        {"\"double\"", READING_DOUBLE, FAMILY_DOUBLE, 0, true},                                    \
        CELL_NONE("string", FAMILY_STRING), CELL_NULL, CELL_BOOLEAN, CELL_ARRAY, CELL_RECORD

static const struct cell amount_cells[] = {
    NUMBER_CELLS,
    {"{\"scale\":2,\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":12}",
     READING_DECIMAL, FAMILY_BYTES, 2, false},
    {"{\"scale\":127,\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":0}",
     READING_DECIMAL, FAMILY_BYTES, 127, false},
    {"{\"type\":\"fixed\",\"name\":\"F@\",\"size\":9,\"logicalType\":\"decimal\",\"scale\":-3,"
     "\"precision\":9}",
     READING_DECIMAL_FIXED, FAMILY_NAMED, -3, false},
    {"{\"type\":\"fixed\",\"name\":\"F@\",\"size\":30,\"logicalType\":\"decimal\",\"scale\":31,"
     "\"precision\":9}",
     READING_DECIMAL_FIXED, FAMILY_NAMED, 31, false},
    CELL_NONE("bytes", FAMILY_BYTES),
};

static const struct cell distance_cells[] = {
    NUMBER_CELLS,
    {"{\"scale\":2,\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":12}", READING_NONE,
     FAMILY_BYTES, 2, false},
};

static const struct cell instant_cells[] = {
    {"\"long\"", READING_LONG, FAMILY_LONG, 0, true},
    {"\"int\"", READING_INT, FAMILY_INT, 0, true},
    {"{\"type\":\"long\",\"connect.name\":\"x.Timestamp\",\"logicalType\":\"timestamp-millis\"}",
     READING_LONG, FAMILY_LONG, 0, true},
    {"{\"logicalType\":\"timestamp-micros\",\"type\":\"long\"}", READING_LONG_MICROS, FAMILY_LONG,
     0, false},
    {"{\"logicalType\":\"local-timestamp-micros\",\"type\":\"long\"}", READING_LONG_MICROS,
     FAMILY_LONG, 0, false},
    {"{\"logicalType\":\"timestamp-nanos\",\"type\":\"long\"}", READING_LONG_NANOS, FAMILY_LONG, 0,
     false},
    {"{\"logicalType\":\"date\",\"type\":\"int\"}", READING_NONE, FAMILY_INT, 0, false},
    CELL_NONE("double", FAMILY_DOUBLE),
    CELL_NONE("string", FAMILY_STRING),
    CELL_NULL,
    CELL_BOOLEAN,
    CELL_ENUM,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const struct cell *cells;
    size_t count;
} palettes[WRITER_MEMBERS] = {
    {integer_cells, COUNT(integer_cells)},   {text_cells, COUNT(text_cells)},
    {amount_cells, COUNT(amount_cells)},     {text_cells, COUNT(text_cells)},
    {distance_cells, COUNT(distance_cells)}, {instant_cells, COUNT(instant_cells)},
};

static void text(struct writer *writer, const char *appended)
{
    ensure(buffer_append(&writer->json, appended, strlen(appended)));
}

static void cell_text(struct writer *writer, const struct cell *cell)
{
    for (const char *at = cell->json; *at != '\0'; at++) {
        if (*at == '@')
            ensure(buffer_append_format(&writer->json, "%u", writer->name_count++));
        else
            ensure(buffer_append_byte(&writer->json, (uint8_t)*at));
    }
}

// The first two cells of every palette can be read: they are drawn more often than the rest.
static const struct cell *cell_draw(size_t member, struct random *random, bool plain)
{
    for (;;) {
        size_t count = random_chance(random, 1, 2) ? 2 : palettes[member].count;
        const struct cell *cell = &palettes[member].cells[random_below(random, count)];
        if (!plain || (cell->plain && cell->reading != READING_NULL))
            return cell;
    }
}

static void branch_keep(struct writer_member *kept, const struct cell *cell)
{
    kept->branches[kept->branch_count] = cell->reading;
    kept->scales[kept->branch_count++] = cell->scale;
}

// Branches of different families: null more often than not, in any place.
static void union_text(struct writer *writer, size_t member, struct random *random, bool plain)
{
    static const struct cell null_cell = CELL_NULL;
    struct writer_member *kept = &writer->members[member];
    uint64_t wanted = plain ? 2 : 1 + random_below(random, WRITER_BRANCHES_MAX);
    uint64_t null_at = plain ? random_below(random, 2) : random_below(random, wanted + 1);
    unsigned families = 0;
    kept->is_union = true;
    text(writer, "[");
    for (uint64_t drawn = 0; kept->branch_count < wanted && drawn < 50; drawn++) {
        const struct cell *cell = cell_draw(member, random, plain);
        if (kept->branch_count == null_at)
            cell = &null_cell;
        if ((families & 1u << cell->family) != 0) {
            null_at = WRITER_BRANCHES_MAX;
            continue;
        }
        families |= 1u << cell->family;
        text(writer, kept->branch_count == 0 ? "" : ",");
        cell_text(writer, cell);
        branch_keep(kept, cell);
    }
    text(writer, "]");
}

static void member_text(struct writer *writer, size_t member, struct random *random, bool plain)
{
    struct writer_member *kept = &writer->members[member];
    kept->there = true;
    ensure(buffer_append_format(&writer->json,
                                "{\"name\":\"%s\",\"aliases\":[\"id\",\"x\"],"
                                "\"type\":",
                                writer_member_names[member]));
    bool nullable = !(plain && member == 0) && random_chance(random, 2, 3);
    if (nullable) {
        union_text(writer, member, random, plain);
    } else {
        const struct cell *cell = cell_draw(member, random, plain);
        cell_text(writer, cell);
        branch_keep(kept, cell);
    }
    text(writer, "}");
}

static void type_text(struct writer *writer, struct random *random, unsigned depth,
                      const char *enclosing);

static void extra_union_text(struct writer *writer, struct random *random, unsigned depth,
                             const char *enclosing)
{
    static const char *const branches[] = {"\"null\"", "\"int\"", "\"bytes\"", "\"boolean\"",
                                           "\"float\""};
    size_t first = random_below(random, COUNT(branches));
    text(writer, "[");
    text(writer, branches[first]);
    for (size_t i = first + 1; i < COUNT(branches); i++) {
        if (random_chance(random, 1, 2))
            continue;
        text(writer, ",");
        text(writer, branches[i]);
    }
    if (random_chance(random, 1, 2)) {
        text(writer, ",{\"values\":");
        type_text(writer, random, depth + 1, enclosing);
        text(writer, ",\"type\":\"map\"}");
    }
    text(writer, "]");
}

// A record of zero to three fields; through a union, an array or a map it may hold itself.
static void extra_record_text(struct writer *writer, struct random *random, unsigned depth)
{
    char name[24];
    snprintf(name, sizeof(name), "X%u", writer->name_count++);
    ensure(buffer_append_format(&writer->json, "{\"fields\":[{\"name\":\"z\",\"type\":\"null\"}"));
    size_t count = random_below(random, 4);
    for (size_t i = 0; i < count; i++) {
        ensure(buffer_append_format(&writer->json, ",{\"name\":\"f%zu\",\"type\":", i));
        type_text(writer, random, depth + 1, name);
        text(writer, "}");
    }
    if (random_chance(random, 1, 3))
        ensure(buffer_append_format(
            &writer->json, ",{\"name\":\"next\",\"type\":[\"null\",\"%s\"],\"default\":null}",
            name));
    ensure(buffer_append_format(&writer->json, "],\"name\":\"%s\",\"type\":\"record\"}", name));
}

static void compound_text(struct writer *writer, struct random *random, unsigned depth,
                          const char *enclosing)
{
    switch (random_below(random, 5)) {
    case 0:
        text(writer, "{\"type\":\"array\",\"items\":");
        type_text(writer, random, depth + 1, enclosing);
        text(writer, "}");
        return;
    case 1:
        text(writer, "{\"type\":\"map\",\"values\":");
        type_text(writer, random, depth + 1, enclosing);
        text(writer, "}");
        return;
    case 2:
        extra_union_text(writer, random, depth, enclosing);
        return;
    case 3:
        if (enclosing != NULL) {
            ensure(buffer_append_format(&writer->json, "{\"type\":\"array\",\"items\":\"%s\"}",
                                        enclosing));
            return;
        }
        break;
    default:
        break;
    }
    extra_record_text(writer, random, depth);
}

// `enclosing`: the record that is being written, which the type may refer to; NULL for none.
static void type_text(struct writer *writer, struct random *random, unsigned depth,
                      const char *enclosing)
{
    static const struct cell cells[] = {
        {"\"null\"", 0, 0, 0, false},
        {"\"boolean\"", 0, 0, 0, false},
        {"\"int\"", 0, 0, 0, false},
        {"\"long\"", 0, 0, 0, false},
        {"\"float\"", 0, 0, 0, false},
        {"\"double\"", 0, 0, 0, false},
        {"\"bytes\"", 0, 0, 0, false},
        {"\"string\"", 0, 0, 0, false},
        {"{\"type\":\"string\",\"connect.name\":\"a.b\"}", 0, 0, 0, false},
        {"{\"type\":\"fixed\",\"name\":\"F@\",\"size\":1}", 0, 0, 0, false},
        {"{\"size\":5,\"type\":\"fixed\",\"name\":\"F@\"}", 0, 0, 0, false},
        {"{\"symbols\":[\"a\",\"b\",\"c\"],\"type\":\"enum\",\"name\":\"E@\"}", 0, 0, 0, false},
    };
    if (depth < 4 && random_chance(random, 2, 5))
        compound_text(writer, random, depth, enclosing);
    else
        cell_text(writer, &cells[random_below(random, COUNT(cells))]);
}

static void extra_text(struct writer *writer, struct random *random)
{
    ensure(buffer_append_format(&writer->json,
                                "{\"name\":\"extra%u\",\"type\":", writer->name_count++));
    type_text(writer, random, 0, NULL);
    text(writer, "}");
}

void writer_random(struct writer *writer, struct random *random, bool plain)
{
    *writer = (struct writer){.name_count = 0};
    buffer_init(&writer->json, 1u << 20);
    size_t order[WRITER_MEMBERS];
    for (size_t i = 0; i < WRITER_MEMBERS; i++) {
        size_t j = random_below(random, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    text(writer, "{\"type\":\"record\",\"name\":\"Purchase\",\"connect.name\":\"x\","
                 "\"namespace\":\"com.example.model\",\"fields\":[");
    const char *comma = "";
    for (size_t i = 0; i < WRITER_MEMBERS; i++) {
        if (random_chance(random, 1, 3)) {
            text(writer, comma);
            extra_text(writer, random);
            comma = ",";
        }
        if (!plain && random_chance(random, 1, 12))
            continue;
        text(writer, comma);
        member_text(writer, order[i], random, plain);
        comma = ",";
    }
    text(writer, "]}");
}

void writer_release(struct writer *writer)
{
    buffer_release(&writer->json);
}
