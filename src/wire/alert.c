// SPDX-License-Identifier: Apache-2.0
#include "wire/alert.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/limits.h"
#include "base/memory.h"
#include "wire/alert_parts.h"
#include "wire/avsc.h"

static const struct {
    const char *name;
    enum avsc_kind kind;
    uint32_t detail; // it is null without it
    const char *wanted;
} PARTS[ALERT_PARTS] = {
    [PART_TYPE] = {"type", AVSC_STRING, 0, "string or a union with string"},
    [PART_CREDIT_CARD] = {"credit_card", AVSC_STRING, 0, "string or a union with string"},
    [PART_TIMESTAMP] = {"timestamp", AVSC_LONG, 0, "long in milliseconds or a union with it"},
    [PART_RULE] = {"rule", AVSC_STRING, 0, "string or a union with string"},
    [PART_COUNT] = {"count", AVSC_LONG, 0, "long or a union with long"},
    [PART_DETECTED_AT] = {"detected_at", AVSC_LONG, 0, "long in milliseconds or a union with it"},
    [PART_AMOUNT] = {"amount", AVSC_DOUBLE, ALERT_AMOUNT, "a union of null and double"},
    [PART_DISTANCE] = {"distance", AVSC_DOUBLE, ALERT_DISTANCE, "a union of null and double"},
    [PART_PURCHASE_IDS] = {"purchase_ids", AVSC_ARRAY, ALERT_PURCHASE_IDS,
                           "a union of null and an array of long"},
};

const char *alert_part_name(enum alert_part part)
{
    ensure(part < ALERT_PARTS);
    return PARTS[part].name;
}

uint32_t alert_part_detail(enum alert_part part)
{
    ensure(part < ALERT_PARTS);
    return PARTS[part].detail;
}

// The part that a field is; ALERT_PARTS for another field.
static enum alert_part part_of(const struct avsc_field *field)
{
    enum alert_part part = PART_TYPE;
    while (part < ALERT_PARTS && !view_equal(field->name, view_text(PARTS[part].name)))
        part++;
    return part;
}

static bool fits(const struct avsc *avsc, uint32_t index, enum avsc_kind kind)
{
    const struct avsc_type *type = &avsc->types[index];
    if (type->kind != kind)
        return false;
    if (kind == AVSC_ARRAY)
        return fits(avsc, avsc->links[type->first_link], AVSC_LONG);
    return type->logical == AVSC_PLAIN || type->logical == AVSC_TIMESTAMP_MILLIS;
}

// The place of `kind` among a union's branches, -1 when there is none.
static int64_t branch_find(const struct avsc *avsc, const struct avsc_type *type,
                           enum avsc_kind kind)
{
    for (uint32_t i = 0; i < type->link_count; i++) {
        if (fits(avsc, avsc->links[type->first_link + i], kind))
            return i;
    }
    return -1;
}

// Appends the branch of `kind` when the type is a union; false when the type has no such value.
static bool branch_append(const struct avsc *avsc, uint32_t index, enum avsc_kind kind,
                          struct buffer *out)
{
    const struct avsc_type *type = &avsc->types[index];
    if (type->kind != AVSC_UNION)
        return fits(avsc, index, kind);
    int64_t branch = branch_find(avsc, type, kind);
    if (branch >= 0)
        ensure(buffer_append_zigzag(out, branch));
    return branch >= 0;
}

// The branches of a value that may be null; false when the type is no such union.
static bool branches_find(const struct avsc *avsc, uint32_t index, struct alert_piece *piece)
{
    const struct avsc_type *type = &avsc->types[index];
    if (type->kind != AVSC_UNION)
        return false;
    int64_t null_branch = branch_find(avsc, type, AVSC_NULL);
    int64_t value_branch = branch_find(avsc, type, PARTS[piece->part].kind);
    piece->null_branch = (uint32_t)null_branch;
    piece->value_branch = (uint32_t)value_branch;
    return null_branch >= 0 && value_branch >= 0;
}

static enum status field_refused(const struct avsc *avsc, const struct avsc_field *field,
                                 const char *wanted, struct error *err)
{
    char described[AVSC_DESCRIPTION_BYTES];
    avsc_describe(avsc, field->type, described);
    return error_set(err, STATUS_FATAL, "the alert schema's field %.64s is %s, and has to be %s",
                     (const char *)field->name.data, described, wanted);
}

// A field that there is nothing for: null in every alert.
static enum status other_compile(struct alert_encoder *encoder, const struct avsc *avsc,
                                 const struct avsc_field *field, struct error *err)
{
    if (field->fallback != AVSC_DEFAULT_NULL)
        return error_set(
            err, STATUS_FATAL,
            "the alert schema's field %.64s has nothing to be filled with: give it the "
            "default null, or remove it",
            (const char *)field->name.data);
    if (!branch_append(avsc, field->type, AVSC_NULL, &encoder->constant))
        return field_refused(avsc, field, "a union with null", err);
    return STATUS_OK;
}

static enum status field_compile(struct alert_encoder *encoder, const struct avsc *avsc,
                                 const struct avsc_field *field, struct error *err)
{
    struct alert_piece piece = {.part = part_of(field)};
    if (piece.part == ALERT_PARTS)
        return other_compile(encoder, avsc, field, err);
    uint32_t detail = PARTS[piece.part].detail;
    bool good = detail != 0
                    ? branches_find(avsc, field->type, &piece)
                    : branch_append(avsc, field->type, PARTS[piece.part].kind, &encoder->constant);
    if (!good)
        return field_refused(avsc, field, PARTS[piece.part].wanted, err);
    ensure(encoder->piece_count < ALERT_PARTS); // field names differ, so each part is met once
    piece.cut = encoder->constant.size;
    encoder->pieces[encoder->piece_count++] = piece;
    encoder->details |= detail;
    return STATUS_OK;
}

static enum status record_compile(struct alert_encoder *encoder, const struct avsc *avsc,
                                  struct error *err)
{
    const struct avsc_type *record = &avsc->types[avsc->root];
    if (record->kind != AVSC_RECORD)
        return error_set(err, STATUS_FATAL, "the alert schema is not a record");
    for (uint32_t i = 0; i < record->field_count; i++) {
        const struct avsc_field *field = &avsc->fields[record->first_field + i];
        enum status status = field_compile(encoder, avsc, field, err);
        if (status != STATUS_OK)
            return status;
    }
    for (size_t i = 0; i < PART_REQUIRED; i++) {
        if (avsc_field_find(avsc, record, view_text(PARTS[i].name)) == NULL)
            return error_set(err, STATUS_FATAL, "the alert schema has no field %s", PARTS[i].name);
    }
    return STATUS_OK;
}

enum status alert_encoder_compile(struct view schema_json, uint32_t schema_id,
                                  struct alert_encoder **out, struct error *err)
{
    *out = NULL;
    struct avsc *avsc;
    if (avsc_parse(schema_json, &avsc, err) != STATUS_OK)
        return error_prefix(err, STATUS_FATAL, "the alert schema cannot be used");
    struct alert_encoder *encoder = memory_zeroed(1, sizeof(*encoder));
    // A field's branch takes at most 5 bytes, and its declaration more.
    buffer_init(&encoder->constant, SCHEMA_BYTES_MAX + 5);
    ensure(buffer_append_byte(&encoder->constant, 0x00));
    ensure(buffer_append_be32(&encoder->constant, schema_id));
    enum status status = record_compile(encoder, avsc, err);
    avsc_free(avsc);
    if (status != STATUS_OK) {
        alert_encoder_free(encoder);
        return status;
    }
    *out = encoder;
    return STATUS_OK;
}

void alert_encoder_free(struct alert_encoder *encoder)
{
    if (encoder == NULL)
        return;
    buffer_release(&encoder->constant);
    free(encoder);
}

uint32_t alert_encoder_details(const struct alert_encoder *encoder)
{
    return encoder->details;
}

// One block of all ids and the empty block that ends an array.
static bool ids_append(struct buffer *out, const struct alert_fields *alert)
{
    ensure(alert->purchase_id_count <= ALERT_PURCHASE_IDS_MAX);
    bool done = true;
    if (alert->purchase_id_count > 0)
        done = buffer_append_zigzag(out, (int64_t)alert->purchase_id_count);
    for (size_t i = 0; i < alert->purchase_id_count && done; i++)
        done = buffer_append_zigzag(out, alert->purchase_ids[i]);
    return done && buffer_append_byte(out, 0);
}

static bool detail_append(const struct alert_fields *alert, const struct alert_piece *piece,
                          struct buffer *out)
{
    bool known = (alert->known & alert_part_detail(piece->part)) != 0;
    if (!buffer_append_zigzag(out, known ? piece->value_branch : piece->null_branch) || !known)
        return !known;
    if (piece->part == PART_PURCHASE_IDS)
        return ids_append(out, alert);
    return buffer_append_double(out, piece->part == PART_AMOUNT ? alert->amount : alert->distance);
}

static bool piece_append(const struct alert_fields *alert, const struct alert_piece *piece,
                         struct buffer *out)
{
    switch (piece->part) {
    case PART_TYPE:
    case PART_RULE:
        return buffer_append_sized(out, alert->type);
    case PART_CREDIT_CARD:
        return buffer_append_sized(out, alert->credit_card);
    case PART_TIMESTAMP:
        return buffer_append_zigzag(out, alert->timestamp_ms);
    case PART_COUNT:
        return buffer_append_zigzag(out, (int64_t)alert->count);
    case PART_DETECTED_AT:
        return buffer_append_zigzag(out, alert->detected_at_ms);
    default:
        return detail_append(alert, piece, out);
    }
}

void alert_encode_avro(const struct alert_encoder *encoder, const struct alert_fields *alert,
                       struct buffer *out)
{
    size_t at = 0;
    for (size_t i = 0; i < encoder->piece_count; i++) {
        const struct alert_piece *piece = &encoder->pieces[i];
        ensure(buffer_append(out, encoder->constant.data + at, piece->cut - at));
        ensure(piece_append(alert, piece, out));
        at = piece->cut;
    }
    ensure(buffer_append(out, encoder->constant.data + at, encoder->constant.size - at));
}
