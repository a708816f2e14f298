// SPDX-License-Identifier: Apache-2.0
#include "wire/plan.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "wire/schemas.h"

// What a member of struct purchase can hold.
enum want { WANT_INTEGER, WANT_TEXT, WANT_NUMBER, WANT_INSTANT };

struct member {
    const char *name;
    const char *type; // for sentences
    uint16_t bit;
    uint16_t offset;
    enum want want;
    bool decimal; // a decimal is read as a number
};

static const struct member MEMBERS[] = {
    {"id", "long", PURCHASE_ID, offsetof(struct purchase, id), WANT_INTEGER, false},
    {"category", "string", PURCHASE_CATEGORY, offsetof(struct purchase, category), WANT_TEXT,
     false},
    {"amount", "double", PURCHASE_AMOUNT, offsetof(struct purchase, amount), WANT_NUMBER, true},
    {"credit_card", "string", PURCHASE_CREDIT_CARD, offsetof(struct purchase, credit_card),
     WANT_TEXT, false},
    {"distance_from_billing_zip", "double", PURCHASE_DISTANCE,
     offsetof(struct purchase, distance_from_billing_zip), WANT_NUMBER, false},
    {"timestamp", "timestamp", PURCHASE_TIMESTAMP, offsetof(struct purchase, timestamp_ms),
     WANT_INSTANT, false},
};

enum { MEMBER_COUNT = sizeof(MEMBERS) / sizeof(MEMBERS[0]) };

struct compiler {
    struct purchase_plan *plan;
    const struct avsc *writer;
    const struct avsc *reader;
    uint32_t needed;
    uint32_t op_capacity;
    uint32_t target_capacity;
    struct error *err;
};

static uint32_t op_add(struct compiler *compiler, struct op op)
{
    struct purchase_plan *plan = compiler->plan;
    if (plan->op_count == compiler->op_capacity) {
        compiler->op_capacity = compiler->op_capacity == 0 ? 16 : compiler->op_capacity * 2;
        plan->ops = memory_resized(plan->ops, compiler->op_capacity, sizeof(*plan->ops));
    }
    plan->ops[plan->op_count] = op;
    return plan->op_count++;
}

// A table for `branch_count` branches.
static uint32_t table_add(struct compiler *compiler, uint32_t branch_count)
{
    struct purchase_plan *plan = compiler->plan;
    uint32_t first = plan->target_count;
    plan->target_count += branch_count + 1;
    if (plan->target_count > compiler->target_capacity) {
        compiler->target_capacity = plan->target_count * 2;
        plan->targets =
            memory_resized(plan->targets, compiler->target_capacity, sizeof(*plan->targets));
    }
    plan->targets[first] = branch_count;
    return first;
}

static const struct avsc_type *branch_of(const struct avsc *avsc, const struct avsc_type *type,
                                         uint32_t branch)
{
    return &avsc->types[avsc->links[type->first_link + branch]];
}

// The operation that passes over a datum of the type.
static struct op skip_op(const struct avsc *avsc, uint32_t index)
{
    const struct avsc_type *type = &avsc->types[index];
    switch ((enum avsc_kind)type->kind) {
    case AVSC_BOOLEAN:
        return (struct op){.code = OP_SKIP_BOOLEAN};
    case AVSC_INT:
        return (struct op){.code = OP_SKIP_INT};
    case AVSC_LONG:
        return (struct op){.code = OP_SKIP_LONG};
    case AVSC_FLOAT:
        return (struct op){.code = OP_SKIP_BYTES, .size = 4};
    case AVSC_DOUBLE:
        return (struct op){.code = OP_SKIP_BYTES, .size = 8};
    case AVSC_BYTES:
    case AVSC_STRING:
        return (struct op){.code = OP_SKIP_TEXT};
    case AVSC_FIXED:
        return (struct op){.code = OP_SKIP_BYTES, .size = type->size};
    case AVSC_NULL:
    case AVSC_ENUM:
    case AVSC_ARRAY:
    case AVSC_MAP:
    case AVSC_UNION:
    case AVSC_RECORD:
        break;
    }
    return (struct op){.code = OP_SKIP_DATUM, .target = index};
}

static struct op integer_op(const struct avsc_type *type)
{
    if (type->kind == AVSC_INT)
        return (struct op){.code = OP_READ_INT};
    if (type->kind == AVSC_LONG)
        return (struct op){.code = OP_READ_LONG};
    return (struct op){.code = OP_REFUSE};
}

// A count of days or a time of day is no instant, though Avro could promote its number.
static struct op instant_op(const struct avsc_type *type)
{
    if (type->logical == AVSC_DATE || type->logical == AVSC_TIME)
        return (struct op){.code = OP_REFUSE};
    if (type->logical == AVSC_TIMESTAMP_MICROS)
        return (struct op){.code = OP_READ_LONG_SCALED, .number = 1000};
    if (type->logical == AVSC_TIMESTAMP_NANOS)
        return (struct op){.code = OP_READ_LONG_SCALED, .number = 1000000};
    return integer_op(type);
}

static struct op number_op(const struct avsc_type *type, bool decimal)
{
    if (decimal && type->logical == AVSC_DECIMAL && type->kind == AVSC_BYTES)
        return (struct op){.code = OP_READ_DECIMAL, .number = type->scale};
    if (decimal && type->logical == AVSC_DECIMAL)
        return (struct op){
            .code = OP_READ_DECIMAL_FIXED, .size = type->size, .number = type->scale};
    if (type->kind == AVSC_INT)
        return (struct op){.code = OP_READ_DOUBLE_FROM_INT};
    if (type->kind == AVSC_LONG)
        return (struct op){.code = OP_READ_DOUBLE_FROM_LONG};
    if (type->kind == AVSC_FLOAT)
        return (struct op){.code = OP_READ_FLOAT};
    if (type->kind == AVSC_DOUBLE)
        return (struct op){.code = OP_READ_DOUBLE};
    return (struct op){.code = OP_REFUSE};
}

static struct op text_op(const struct avsc_type *type)
{
    if (type->kind == AVSC_STRING || type->kind == AVSC_BYTES)
        return (struct op){.code = OP_READ_TEXT};
    return (struct op){.code = OP_REFUSE};
}

// The operation that reads a type, no union, as the member; OP_REFUSE when Avro cannot promote it.
static struct op read_op(const struct member *member, const struct avsc_type *type)
{
    struct op op = {.code = OP_REFUSE};
    switch (member->want) {
    case WANT_INTEGER:
        op = integer_op(type);
        break;
    case WANT_INSTANT:
        op = instant_op(type);
        break;
    case WANT_NUMBER:
        op = number_op(type, member->decimal);
        break;
    case WANT_TEXT:
        op = text_op(type);
        break;
    }
    op.offset = member->offset;
    op.bit = member->bit;
    return op;
}

static struct op single_op(const struct compiler *compiler, const struct member *member,
                           uint32_t type)
{
    return member == NULL ? skip_op(compiler->writer, type)
                          : read_op(member, &compiler->writer->types[type]);
}

// Whether a datum of the type can be read as the member at all. Null can: no value is there.
static bool readable(const struct compiler *compiler, const struct member *member, uint32_t index)
{
    const struct avsc_type *type = &compiler->writer->types[index];
    if (type->kind != AVSC_UNION)
        return type->kind == AVSC_NULL || read_op(member, type).code != OP_REFUSE;
    for (uint32_t i = 0; i < type->link_count; i++) {
        const struct avsc_type *branch = branch_of(compiler->writer, type, i);
        if (branch->kind == AVSC_NULL || read_op(member, branch).code != OP_REFUSE)
            return true;
    }
    return false;
}

// Null and one other type: the place of null (0 or 1), or -1.
static int nullable_pair(const struct avsc *writer, const struct avsc_type *type)
{
    if (type->link_count != 2)
        return -1;
    bool first = branch_of(writer, type, 0)->kind == AVSC_NULL;
    bool second = branch_of(writer, type, 1)->kind == AVSC_NULL;
    if (first == second)
        return -1;
    return first ? 0 : 1;
}

// The null of a pair is a branch number that the operation itself reads.
static void pair_emit(struct compiler *compiler, const struct member *member,
                      const struct avsc_type *type, int null_at)
{
    uint32_t other = compiler->writer->links[type->first_link + (null_at == 0)];
    struct op op = single_op(compiler, member, other);
    op.nullable = true;
    op.null_byte = null_at == 0 ? 0 : 2; // zigzag
    op.value_byte = null_at == 0 ? 2 : 0;
    op_add(compiler, op);
}

static void union_emit(struct compiler *compiler, const struct member *member,
                       const struct avsc_type *type)
{
    uint32_t table = table_add(compiler, type->link_count);
    op_add(compiler, (struct op){.code = OP_UNION, .target = table});
    uint32_t end = compiler->plan->op_count + 2 * type->link_count;
    for (uint32_t i = 0; i < type->link_count; i++) {
        const struct avsc_type *branch = branch_of(compiler->writer, type, i);
        compiler->plan->targets[table + 1 + i] = compiler->plan->op_count;
        struct op jump = {.code = OP_JUMP, .target = end};
        op_add(compiler, branch->kind == AVSC_NULL ? jump : read_op(member, branch));
        op_add(compiler, jump);
    }
    ensure(compiler->plan->op_count == end);
}

static enum status field_refused(const struct compiler *compiler, const struct member *member,
                                 const struct avsc_field *field)
{
    char described[AVSC_DESCRIPTION_BYTES];
    avsc_describe(compiler->writer, field->type, described);
    return error_set(compiler->err, STATUS_RECORD,
                     "the schema cannot be read as a purchase: its field %.64s is %s, which cannot "
                     "be read as %s (%s)",
                     (const char *)field->name.data, described, member->name, member->type);
}

// `member` is NULL for a field that nobody needs.
static enum status field_emit(struct compiler *compiler, const struct member *member,
                              const struct avsc_field *field)
{
    const struct avsc_type *type = &compiler->writer->types[field->type];
    if (member != NULL && !readable(compiler, member, field->type))
        return field_refused(compiler, member, field);
    if (type->kind == AVSC_NULL || (member == NULL && type->empty))
        return STATUS_OK;
    int null_at = type->kind == AVSC_UNION ? nullable_pair(compiler->writer, type) : -1;
    if (null_at >= 0)
        pair_emit(compiler, member, type, null_at);
    else if (type->kind == AVSC_UNION && member != NULL)
        union_emit(compiler, member, type);
    else
        op_add(compiler, single_op(compiler, member, field->type));
    return STATUS_OK;
}

// The writer's field that a member is read from: by the member's name, else by an alias that the
// reader's schema gives it. NULL when there is none and the reader's default is null.
static enum status source_find(const struct compiler *compiler, const struct member *member,
                               const struct avsc_type *record, const struct avsc_field **out)
{
    const struct avsc *reader = compiler->reader;
    struct view name = view_text(member->name);
    *out = avsc_field_find(compiler->writer, record, name);
    const struct avsc_field *ours = avsc_field_find(reader, &reader->types[reader->root], name);
    ensure(ours != NULL);
    for (uint32_t i = 0; *out == NULL && i < ours->alias_count; i++)
        *out = avsc_field_find(compiler->writer, record, ours->aliases[i]);
    if (*out != NULL || ours->fallback == AVSC_DEFAULT_NULL)
        return STATUS_OK;
    return error_set(compiler->err, STATUS_RECORD,
                     "the schema cannot be read as a purchase: it has no field %s", member->name);
}

static enum status record_emit(struct compiler *compiler, const struct avsc_type *record)
{
    const struct avsc_field *sources[MEMBER_COUNT] = {NULL};
    enum status status = STATUS_OK;
    for (size_t m = 0; m < MEMBER_COUNT && status == STATUS_OK; m++) {
        if (compiler->needed & MEMBERS[m].bit)
            status = source_find(compiler, &MEMBERS[m], record, &sources[m]);
    }
    for (uint32_t i = 0; i < record->field_count && status == STATUS_OK; i++) {
        const struct avsc_field *field = &compiler->writer->fields[record->first_field + i];
        const struct member *member = NULL;
        for (size_t m = 0; m < MEMBER_COUNT; m++)
            member = sources[m] == field ? &MEMBERS[m] : member;
        status = field_emit(compiler, member, field);
    }
    op_add(compiler, (struct op){.code = OP_END});
    return status;
}

// A union at the top: the datum's branch decides, and at least one has to be readable.
static enum status records_emit(struct compiler *compiler, const struct avsc_type *type)
{
    uint32_t table = table_add(compiler, type->link_count);
    op_add(compiler, (struct op){.code = OP_UNION, .target = table});
    bool any = false;
    for (uint32_t i = 0; i < type->link_count; i++) {
        const struct avsc_type *branch = branch_of(compiler->writer, type, i);
        uint32_t start = compiler->plan->op_count;
        compiler->plan->targets[table + 1 + i] = start;
        if (branch->kind == AVSC_RECORD && record_emit(compiler, branch) == STATUS_OK) {
            any = true;
            continue;
        }
        compiler->plan->op_count = start;
        op_add(compiler, (struct op){.code = OP_REFUSE});
    }
    return any ? STATUS_OK : STATUS_RECORD;
}

static enum status root_emit(struct compiler *compiler)
{
    const struct avsc *writer = compiler->writer;
    const struct avsc_type *root = &writer->types[writer->root];
    char described[AVSC_DESCRIPTION_BYTES];
    avsc_describe(writer, writer->root, described);
    error_set(compiler->err, STATUS_RECORD,
              "the schema cannot be read as a purchase: it is %s, not a record", described);
    if (root->kind == AVSC_RECORD)
        return record_emit(compiler, root);
    return root->kind == AVSC_UNION ? records_emit(compiler, root) : STATUS_RECORD;
}

enum status plan_compile(struct view writer_json, struct view reader_json, uint32_t needed,
                         struct purchase_plan **out, struct error *err)
{
    *out = NULL;
    struct avsc *writer, *reader;
    enum status status = avsc_parse(writer_json, &writer, err);
    if (status != STATUS_OK)
        return status;
    struct error mistake;
    ensure(avsc_parse(reader_json, &reader, &mistake) == STATUS_OK);
    struct purchase_plan *plan = memory_zeroed(1, sizeof(*plan));
    plan->writer = writer;
    struct compiler compiler = {.plan = plan,
                                .writer = writer,
                                .reader = reader,
                                .needed = needed | PURCHASE_CREDIT_CARD | PURCHASE_TIMESTAMP,
                                .err = err};
    status = root_emit(&compiler);
    avsc_free(reader);
    if (status != STATUS_OK) {
        purchase_plan_free(plan);
        return status;
    }
    *out = plan;
    return STATUS_OK;
}

enum status purchase_plan_compile(struct view schema_json, uint32_t needed,
                                  struct purchase_plan **out, struct error *err)
{
    return plan_compile(schema_json, schema_purchase(), needed, out, err);
}

void purchase_plan_free(struct purchase_plan *plan)
{
    if (plan == NULL)
        return;
    avsc_free(plan->writer);
    free(plan->targets);
    free(plan->ops);
    free(plan);
}
