// SPDX-License-Identifier: Apache-2.0
// The projection plan: what plan.c compiles and decode.c runs. An operation a field of the
// writer's record, in its order; a field that nobody needs is skipped.
//
//   record          op op op ... END
//   union           UNION table | branch 0: op JUMP end | branch 1: op JUMP end | ...
//   targets[table]  the number of branches, then the operation where each starts
//
// A union of null and one more type, whose value is one operation, needs no UNION: the operation is
// `nullable` and reads the branch itself. So a purchase of six nullable columns is seven
// operations.
#ifndef WIRE_PLAN_H
#define WIRE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/avsc.h"
#include "wire/purchase.h"

enum op_code {
    OP_END,
    OP_READ_INT,
    OP_READ_LONG,
    OP_READ_LONG_SCALED, // divided by `number`, towards minus infinity
    OP_READ_TEXT,
    OP_READ_DOUBLE,
    OP_READ_FLOAT,
    OP_READ_DOUBLE_FROM_INT,
    OP_READ_DOUBLE_FROM_LONG,
    OP_READ_DECIMAL,       // of length and bytes, scale `number`
    OP_READ_DECIMAL_FIXED, // of `size` bytes, scale `number`
    OP_SKIP_INT,
    OP_SKIP_LONG,
    OP_SKIP_TEXT,
    OP_SKIP_BOOLEAN,
    OP_SKIP_BYTES, // `size` of them
    OP_SKIP_DATUM, // of the type `target`: anything that is not one of the above
    OP_UNION,      // `target` is the place of its table
    OP_JUMP,       // to the operation `target`
    OP_REFUSE,     // a branch that cannot be read as the field
};

struct op {
    uint8_t code;       // enum op_code
    bool nullable;      // a branch number comes first: null_byte or value_byte
    uint8_t null_byte;  // the branch of null as one byte
    uint8_t value_byte; // the other
    uint16_t offset;    // of the member in struct purchase
    uint16_t bit;       // enum purchase_field
    uint32_t target;
    uint32_t size;
    int32_t number;
};

struct purchase_plan {
    struct op *ops;
    uint32_t *targets;
    uint32_t op_count;
    uint32_t target_count;
    struct avsc *writer; // for OP_SKIP_DATUM
};

// As purchase_plan_compile, against a reader's schema of the caller's (tests; the product's is
// schemas/purchase.avsc). The reader's aliases and defaults count, as the specification asks.
enum status plan_compile(struct view writer_json, struct view reader_json, uint32_t needed,
                         struct purchase_plan **out, struct error *err) MUST_USE;

#endif
