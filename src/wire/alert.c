// SPDX-License-Identifier: Apache-2.0
// The encoder is what every alert has in common, cut at the places of the three values:
//   constant[0 .. cuts[0]) value constant[cuts[0] .. cuts[1]) value ... constant[cuts[2] .. size)
// It begins with the frame; union branches and the nulls of other fields are part of it.
#include "wire/alert.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/limits.h"
#include "base/memory.h"
#include "wire/avsc.h"

enum part { PART_TYPE, PART_CREDIT_CARD, PART_TIMESTAMP, PART_COUNT };

struct alert_encoder {
    struct buffer constant;
    size_t cuts[PART_COUNT];
    enum part parts[PART_COUNT]; // in the schema's order
};

static const struct {
    const char *name;
    enum avsc_kind kind;
    const char *wanted;
} PARTS[PART_COUNT] = {
    [PART_TYPE] = {"type", AVSC_STRING, "string or a union with string"},
    [PART_CREDIT_CARD] = {"credit_card", AVSC_STRING, "string or a union with string"},
    [PART_TIMESTAMP] = {"timestamp", AVSC_LONG, "long in milliseconds or a union with it"},
};

// The part that a field is; PART_COUNT for another field.
static enum part part_of(const struct avsc_field *field)
{
    enum part part = PART_TYPE;
    while (part < PART_COUNT && !view_equal(field->name, view_text(PARTS[part].name)))
        part++;
    return part;
}

static bool fits(const struct avsc_type *type, enum avsc_kind kind)
{
    return type->kind == kind &&
           (type->logical == AVSC_PLAIN || type->logical == AVSC_TIMESTAMP_MILLIS);
}

// Appends the branch of `kind` when the type is a union; false when the type has no such value.
static bool branch_append(const struct avsc *avsc, uint32_t index, enum avsc_kind kind,
                          struct buffer *out)
{
    const struct avsc_type *type = &avsc->types[index];
    if (type->kind != AVSC_UNION)
        return fits(type, kind);
    for (uint32_t i = 0; i < type->link_count; i++) {
        if (!fits(&avsc->types[avsc->links[type->first_link + i]], kind))
            continue;
        ensure(buffer_append_zigzag(out, i));
        return true;
    }
    return false;
}

static enum status field_compile(struct alert_encoder *encoder, const struct avsc *avsc,
                                 const struct avsc_field *field, size_t *part_count,
                                 struct error *err)
{
    enum part part = part_of(field);
    bool other = part == PART_COUNT;
    char described[AVSC_DESCRIPTION_BYTES];
    avsc_describe(avsc, field->type, described);
    if (other && field->fallback != AVSC_DEFAULT_NULL)
        return error_set(
            err, STATUS_FATAL,
            "the alert schema's field %.64s has nothing to be filled with: give it the "
            "default null, or remove it",
            (const char *)field->name.data);
    enum avsc_kind kind = other ? AVSC_NULL : PARTS[part].kind;
    if (!branch_append(avsc, field->type, kind, &encoder->constant))
        return error_set(err, STATUS_FATAL,
                         "the alert schema's field %.64s is %s, and has to be %s",
                         (const char *)field->name.data, described,
                         other ? "a union with null" : PARTS[part].wanted);
    if (other)
        return STATUS_OK;
    encoder->parts[*part_count] = part;
    encoder->cuts[(*part_count)++] = encoder->constant.size;
    return STATUS_OK;
}

static enum status record_compile(struct alert_encoder *encoder, const struct avsc *avsc,
                                  struct error *err)
{
    const struct avsc_type *record = &avsc->types[avsc->root];
    if (record->kind != AVSC_RECORD)
        return error_set(err, STATUS_FATAL, "the alert schema is not a record");
    size_t part_count = 0;
    for (uint32_t i = 0; i < record->field_count; i++) {
        const struct avsc_field *field = &avsc->fields[record->first_field + i];
        enum status status = field_compile(encoder, avsc, field, &part_count, err);
        if (status != STATUS_OK)
            return status;
    }
    for (size_t i = 0; i < PART_COUNT; i++) {
        if (avsc_field_find(avsc, record, view_text(PARTS[i].name)) == NULL)
            return error_set(err, STATUS_FATAL, "the alert schema has no field %s", PARTS[i].name);
    }
    ensure(part_count == PART_COUNT); // field names differ, so each part was met once
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

static bool text_append(struct buffer *out, struct view text)
{
    return buffer_append_zigzag(out, (int64_t)text.size) &&
           buffer_append(out, text.data, text.size);
}

static bool part_append(const struct alert_fields *alert, enum part part, struct buffer *out)
{
    if (part == PART_TIMESTAMP)
        return buffer_append_zigzag(out, alert->timestamp_ms);
    return text_append(out, part == PART_TYPE ? alert->type : alert->credit_card);
}

void alert_encode_avro(const struct alert_encoder *encoder, const struct alert_fields *alert,
                       struct buffer *out)
{
    size_t at = 0;
    for (size_t i = 0; i < PART_COUNT; i++) {
        size_t cut = encoder->cuts[i];
        ensure(buffer_append(out, encoder->constant.data + at, cut - at));
        ensure(part_append(alert, encoder->parts[i], out));
        at = cut;
    }
    ensure(buffer_append(out, encoder->constant.data + at, encoder->constant.size - at));
}
