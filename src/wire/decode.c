// SPDX-License-Identifier: Apache-2.0
// Runs a projection plan over a body. One pass, nothing allocated; each operation either takes
// bytes or is one of a bounded number between two that do, as plans only run forward.
#include "wire/plan.h"

#include <endian.h>

#include "base/assert.h"
#include "wire/cursor.h"
#include "wire/decimal.h"
#include "wire/skip.h"

enum branch { BRANCH_VALUE, BRANCH_NULL, BRANCH_BAD };

// The branch of a nullable operation as other than one byte: legal, but nobody writes it.
static __attribute__((noinline, cold)) enum branch
branch_read_slow(const struct op *op, const uint8_t **at, const uint8_t *end)
{
    uint32_t branch;
    *at = cursor_index(*at, end, 2, &branch);
    if (*at == NULL)
        return BRANCH_BAD;
    return branch * 2 == op->null_byte ? BRANCH_NULL : BRANCH_VALUE;
}

static inline enum branch branch_read(const struct op *op, const uint8_t **at, const uint8_t *end)
{
    if (*at != end && **at == op->value_byte) {
        (*at)++;
        return BRANCH_VALUE;
    }
    if (*at != end && **at == op->null_byte) {
        (*at)++;
        return BRANCH_NULL;
    }
    const uint8_t *slow_at = *at;
    enum branch branch = branch_read_slow(op, &slow_at, end);
    *at = slow_at;
    return branch;
}

// The member of the purchase that the operation fills.
static inline void *member_of(struct purchase *out, const struct op *op)
{
    out->present |= op->bit;
    return (uint8_t *)out + op->offset;
}

static inline void put_long(struct purchase *out, const struct op *op, int64_t value)
{
    memcpy(member_of(out, op), &value, sizeof(value));
}

static inline void put_double(struct purchase *out, const struct op *op, double value)
{
    memcpy(member_of(out, op), &value, sizeof(value));
}

static int64_t floor_divided(int64_t value, int64_t divisor)
{
    return value / divisor - (value % divisor < 0);
}

static inline const uint8_t *text_read(struct purchase *out, const struct op *op, const uint8_t *at,
                                       const uint8_t *end)
{
    struct view text = {NULL, 0};
    at = cursor_text(at, end, &text);
    memcpy(member_of(out, op), &text, sizeof(text));
    return at;
}

static inline const uint8_t *double_read(struct purchase *out, const struct op *op,
                                         const uint8_t *at, const uint8_t *end)
{
    if (end - at < 8)
        return NULL;
    uint64_t bits;
    memcpy(&bits, at, sizeof(bits));
    bits = le64toh(bits);
    memcpy(member_of(out, op), &bits, sizeof(bits));
    return at + sizeof(bits);
}

static const uint8_t *float_read(struct purchase *out, const struct op *op, const uint8_t *at,
                                 const uint8_t *end)
{
    if (end - at < 4)
        return NULL;
    uint32_t bits;
    float value;
    memcpy(&bits, at, sizeof(bits));
    bits = le32toh(bits);
    memcpy(&value, &bits, sizeof(value));
    put_double(out, op, (double)value);
    return at + sizeof(bits);
}

static const uint8_t *decimal_read(struct purchase *out, const struct op *op, const uint8_t *at,
                                   const uint8_t *end)
{
    struct view unscaled = {at, op->size};
    at = op->code == OP_READ_DECIMAL ? cursor_text(at, end, &unscaled)
                                     : cursor_skip(at, end, op->size);
    if (at != NULL)
        put_double(out, op, decimal_to_double(unscaled, op->number));
    return at;
}

// The operations that purchases are not usually made of.
static __attribute__((noinline)) const uint8_t *rare_run(const struct purchase_plan *plan,
                                                         const struct op *op, const uint8_t *at,
                                                         const uint8_t *end, struct purchase *out)
{
    int64_t number = 0;
    switch ((enum op_code)op->code) {
    case OP_READ_LONG_SCALED:
        at = cursor_long(at, end, &number);
        put_long(out, op, floor_divided(number, op->number));
        return at;
    case OP_READ_DOUBLE_FROM_INT:
        at = cursor_int(at, end, &number);
        put_double(out, op, (double)number);
        return at;
    case OP_READ_DOUBLE_FROM_LONG:
        at = cursor_long(at, end, &number);
        put_double(out, op, (double)number);
        return at;
    case OP_READ_FLOAT:
        return float_read(out, op, at, end);
    case OP_READ_DECIMAL:
    case OP_READ_DECIMAL_FIXED:
        return decimal_read(out, op, at, end);
    case OP_SKIP_BOOLEAN:
        return cursor_boolean(at, end);
    default:
        ensure(op->code == OP_SKIP_DATUM);
        return skip_datum(plan->writer, op->target, at, end);
    }
}

static __attribute__((cold)) const char *malformed(const struct op *op)
{
    switch ((enum op_code)op->code) {
    case OP_READ_TEXT:
    case OP_SKIP_TEXT:
    case OP_READ_DECIMAL:
        return "the body ends inside a text or a union's branch, or a length is not valid";
    case OP_READ_INT:
    case OP_READ_LONG:
    case OP_READ_LONG_SCALED:
    case OP_SKIP_INT:
    case OP_SKIP_LONG:
        return "the body ends inside an integer or a union's branch, or one is not valid";
    case OP_UNION:
        return "the body ends inside a union, or a branch is out of range";
    case OP_SKIP_DATUM:
        return "the body ends inside a field, or a length, count, branch or nesting is not valid";
    default:
        return "the body ends inside a field, or a value or a union's branch is not valid";
    }
}

static __attribute__((cold)) const char *refusal(const struct op *op)
{
    switch (op->bit) {
    case PURCHASE_ID:
        return "id: the union branch taken cannot be read as long";
    case PURCHASE_CATEGORY:
        return "category: the union branch taken cannot be read as string";
    case PURCHASE_AMOUNT:
        return "amount: the union branch taken cannot be read as double";
    case PURCHASE_CREDIT_CARD:
        return "credit_card: the union branch taken cannot be read as string";
    case PURCHASE_DISTANCE:
        return "distance_from_billing_zip: the union branch taken cannot be read as double";
    case PURCHASE_TIMESTAMP:
        return "timestamp: the union branch taken cannot be read as a timestamp";
    default:
        return "the union branch taken cannot be read as a purchase";
    }
}

// One operation that moves over a value; NULL when the bytes are bad.
static inline __attribute__((always_inline)) const uint8_t *
value_run(const struct purchase_plan *plan, const struct op *op, const uint8_t *at,
          const uint8_t *end, struct purchase *out)
{
    int64_t number = 0;
    struct view skipped;
    switch ((enum op_code)op->code) {
    case OP_READ_TEXT:
        return text_read(out, op, at, end);
    case OP_READ_LONG:
        at = cursor_long(at, end, &number);
        put_long(out, op, number);
        return at;
    case OP_READ_INT:
        at = cursor_int(at, end, &number);
        put_long(out, op, number);
        return at;
    case OP_READ_DOUBLE:
        return double_read(out, op, at, end);
    case OP_SKIP_BYTES:
        return cursor_skip(at, end, op->size);
    case OP_SKIP_TEXT:
        return cursor_text(at, end, &skipped);
    case OP_SKIP_INT:
        return cursor_int(at, end, &number);
    case OP_SKIP_LONG:
        return cursor_long(at, end, &number);
    default:
        return rare_run(plan, op, at, end, out);
    }
}

// The operation to go on with after OP_UNION; OP_UNION itself, and *at NULL, when the branch is
// bad.
static __attribute__((noinline)) const struct op *union_enter(const struct purchase_plan *plan,
                                                              const struct op *op,
                                                              const uint8_t **at,
                                                              const uint8_t *end)
{
    const uint32_t *table = plan->targets + op->target;
    uint32_t branch;
    *at = cursor_index(*at, end, table[0], &branch);
    return *at == NULL ? op : plan->ops + table[1 + branch];
}

// Where the run stops: OP_END behind the record, OP_REFUSE, or the operation that met bad bytes
// (*stopped_at is NULL then).
static inline const struct op *plan_run(const struct purchase_plan *plan, struct view body,
                                        struct purchase *out, const uint8_t **stopped_at)
{
    const uint8_t *at = body.data, *end = body.data + body.size;
    const struct op *op = plan->ops;
    while (at != NULL) {
        if (op->nullable) {
            enum branch branch = branch_read(op, &at, end);
            op += branch == BRANCH_NULL;
            if (branch != BRANCH_VALUE)
                continue;
        }
        if (op->code == OP_JUMP) {
            op = plan->ops + op->target;
            continue;
        }
        if (op->code == OP_END || op->code == OP_REFUSE)
            break;
        if (op->code == OP_UNION) {
            const uint8_t *branch_at = at;
            op = union_enter(plan, op, &branch_at, end);
            at = branch_at;
            continue;
        }
        at = value_run(plan, op, at, end, out);
        op += at != NULL;
    }
    *stopped_at = at;
    return op;
}

enum dead_letter_class purchase_decode(const struct purchase_plan *plan, struct view body,
                                       struct purchase *out, const char **reason)
{
    static const uint8_t nothing[1];
    if (body.data == NULL)
        body.data = nothing;
    *out = (struct purchase){0};
    const uint8_t *at;
    const struct op *op = plan_run(plan, body, out, &at);
    if (at != NULL && op->code == OP_END && at == body.data + body.size)
        return DEAD_LETTER_NONE;
    if (at != NULL && op->code == OP_REFUSE) {
        *reason = refusal(op);
        return DEAD_LETTER_SCHEMA_MISMATCH;
    }
    *reason = at == NULL ? malformed(op) : "there are bytes behind the end of the record";
    return DEAD_LETTER_BAD_AVRO;
}
