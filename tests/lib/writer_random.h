// SPDX-License-Identifier: Apache-2.0
// Random writer schemas that carry purchases (some of them badly), and random data for any schema:
// what the differential tests of src/wire feed to the plan and to avro-c.
#ifndef LIB_WRITER_RANDOM_H
#define LIB_WRITER_RANDOM_H

#include <avro.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/random.h"

enum { WRITER_MEMBERS = 6, WRITER_BRANCHES_MAX = 5 };

// How a value that the writer's type holds is to be read as the member; from the specification's
// promotions and our own rules for decimals and timestamps, not from the code under test.
enum reading {
    READING_NULL,
    READING_INT,
    READING_LONG,
    READING_LONG_MICROS,
    READING_LONG_NANOS,
    READING_FLOAT,
    READING_DOUBLE,
    READING_STRING,
    READING_BYTES,
    READING_DECIMAL,
    READING_DECIMAL_FIXED,
    READING_NONE, // cannot be read
};

struct writer_member {
    bool there;
    bool is_union;
    uint32_t branch_count; // 1 when it is no union
    enum reading branches[WRITER_BRANCHES_MAX];
    int scales[WRITER_BRANCHES_MAX];
};

extern const char *const writer_member_names[WRITER_MEMBERS]; // in the order of enum purchase_field

struct writer {
    struct buffer json;
    struct writer_member members[WRITER_MEMBERS];
    unsigned name_count;
};

// Makes a schema; `plain` keeps to what avro-c can resolve too: all members are there, without
// decimals, bytes as text and types that cannot be read. A fixed of size 0 is never made: avro-c
// 1.11 cannot read one. The record is named as ours, because avro-c's resolution compares names.
void writer_random(struct writer *writer, struct random *random, bool plain);
void writer_release(struct writer *writer);

// Appends a datum of the schema in Avro's encoding: blocks of every form, integers at times longer
// than they need to be.
void datum_random(avro_schema_t schema, struct random *random, struct buffer *out);

#endif
