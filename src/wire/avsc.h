// SPDX-License-Identifier: Apache-2.0
// An Avro schema text as flat tables: what the projection plan, the skipper and the alert encoder
// read (Avro specification 1.11, "Schema Declaration" and "Names"). Attributes may come in any
// order; unknown ones (connect.*, doc, a writer's aliases) are ignored, and names are not held to
// [A-Za-z0-9_], because registries serve others too.
//
//   types[root]                       a type is an index; a named type has one however often it is
//   used record  fields[first_field ..)    every field, in the writer's order
//           links[first_link ..)      the types of the fields that take up bytes
//   union   links[first_link ..)      the branches
//   array   links[first_link]         the items        map  links[first_link]  the values
//   enum    avsc_symbol names them
#ifndef WIRE_AVSC_H
#define WIRE_AVSC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

enum avsc_kind {
    AVSC_NULL,
    AVSC_BOOLEAN,
    AVSC_INT,
    AVSC_LONG,
    AVSC_FLOAT,
    AVSC_DOUBLE,
    AVSC_BYTES,
    AVSC_STRING,
    AVSC_PRIMITIVES, // count of the above
    AVSC_FIXED = AVSC_PRIMITIVES,
    AVSC_ENUM,
    AVSC_ARRAY,
    AVSC_MAP,
    AVSC_UNION,
    AVSC_RECORD,
};

// Logical types that change what a value means to us; one that is not valid on its type counts as
// plain, as the specification asks. Local timestamps are timestamps here.
enum avsc_logical {
    AVSC_PLAIN,
    AVSC_DECIMAL,
    AVSC_DATE,
    AVSC_TIME, // of day
    AVSC_TIMESTAMP_MILLIS,
    AVSC_TIMESTAMP_MICROS,
    AVSC_TIMESTAMP_NANOS,
};

enum {
    AVSC_DEPTH_MAX = 256, // definitions inside one another in a schema text
    AVSC_FIXED_BYTES_MAX = 1 << 30,
    AVSC_DESCRIPTION_BYTES = 96,
    AVSC_DECIMAL_SCALE_MAX = 1024, // either sign; beyond it a decimal is plain bytes
};

struct avsc_type {
    uint8_t kind;    // enum avsc_kind
    uint8_t logical; // enum avsc_logical
    bool empty;      // every datum of it takes up no byte (null, fixed of size 0, records of such)
    int32_t scale;   // decimal
    uint32_t size;   // fixed: bytes; enum: symbols
    uint32_t first_field;
    uint32_t field_count;
    uint32_t first_link; // enum: its place in symbols
    uint32_t link_count;
};

enum avsc_default { AVSC_DEFAULT_NONE, AVSC_DEFAULT_NULL, AVSC_DEFAULT_OTHER };

struct avsc_field {
    struct view name;
    uint32_t type;
    enum avsc_default fallback;
    const struct json_t *fallback_json; // NULL: none; borrowed from the document
    struct view *aliases;               // owned by the avsc
    uint32_t alias_count;
};

struct avsc {
    struct avsc_type *types;
    uint32_t *links;
    struct avsc_field *fields;
    const struct json_t **symbols; // the array of an enum's symbols, borrowed from the document
    uint32_t type_count;
    uint32_t link_count;
    uint32_t field_count;
    uint32_t symbols_count;
    uint32_t root;
    struct json_t *document; // owns the names
    struct json_t *names;    // full name of a named type: its index
};

// Parses a schema text of at most SCHEMA_BYTES_MAX bytes. STATUS_RECORD: not an Avro schema; the
// sentence says where. Work and memory are linear in the text. The result is const for its users
// and may be shared by threads; the caller frees it.
enum status avsc_parse(struct view json, struct avsc **out, struct error *err) MUST_USE;
void avsc_free(struct avsc *avsc);

// "null", "record", ...; static storage.
const char *avsc_kind_name(enum avsc_kind kind);

// The field of a record by name; NULL when there is none.
const struct avsc_field *avsc_field_find(const struct avsc *avsc, const struct avsc_type *record,
                                         struct view name);

// The name of an enum's symbol, index < type->size; empty when the schema's is not text.
struct view avsc_symbol(const struct avsc *avsc, const struct avsc_type *type, uint32_t index);

// The branch of a union by its name, as Avro's JSON tags values: "string", "map",
// "com.example.Card", or a named type's last part. False when there is none.
bool avsc_branch_find(const struct avsc *avsc, const struct avsc_type *type, const char *name,
                      uint32_t *branch);

// The type in words for a sentence: `long (timestamp-millis)`, `union of null, string`; cut to fit.
void avsc_describe(const struct avsc *avsc, uint32_t type, char out[AVSC_DESCRIPTION_BYTES]);

#endif
