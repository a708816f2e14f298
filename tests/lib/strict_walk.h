// SPDX-License-Identifier: Apache-2.0
// A plain recursive reader of Avro data that says whether bytes are exactly one datum of a schema,
// by the letter: what avro-c lets pass (bytes behind the datum, booleans of 7, enums out of range)
// is told apart from what it refuses too.
#ifndef LIB_STRICT_WALK_H
#define LIB_STRICT_WALK_H

#include <avro.h>
#include <stdbool.h>

#include "base/bytes.h"

enum strict {
    STRICT_VALID,
    STRICT_CUT,     // the bytes end inside a value: avro-c refuses it too
    STRICT_INVALID, // a value that is not allowed, or bytes behind the end: avro-c may take it
};

struct strict_result {
    enum strict strict;
    bool hostile; // a length or count past the bytes: avro-c would allocate or loop for it
};

struct strict_result strict_walk(avro_schema_t schema, struct view body);

#endif
