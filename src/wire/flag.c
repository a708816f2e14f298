// SPDX-License-Identifier: Apache-2.0
#include "wire/flag.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "wire/avsc.h"
#include "wire/cursor.h"
#include "wire/purchase.h"
#include "wire/skip.h"

// Rows are few, so the writer's types are walked as they are.
struct flag_plan {
    struct avsc *writer;
};

static const struct avsc_type *link_of(const struct avsc *writer, const struct avsc_type *type,
                                       uint32_t index)
{
    return &writer->types[writer->links[type->first_link + index]];
}

// ---- a schema ----

static bool is_flag_type(const struct avsc_type *type)
{
    return type->kind == AVSC_BOOLEAN || type->kind == AVSC_NULL;
}

static bool is_readable(const struct avsc *writer, const struct avsc_type *type)
{
    if (type->kind != AVSC_UNION)
        return is_flag_type(type);
    for (uint32_t i = 0; i < type->link_count; i++)
        if (is_flag_type(link_of(writer, type, i)))
            return true;
    return false;
}

static enum status check_record(const struct avsc *writer, const struct avsc_type *record,
                                struct error *err)
{
    char described[AVSC_DESCRIPTION_BYTES];
    const struct avsc_field *field = avsc_field_find(writer, record, view_text("enabled"));
    if (field == NULL || is_readable(writer, &writer->types[field->type]))
        return STATUS_OK;
    avsc_describe(writer, field->type, described);
    return error_set(err, STATUS_RECORD,
                     "the schema cannot be read as a travel flag: its field enabled is %s, which "
                     "cannot be read as boolean",
                     described);
}

// A union at the top: the datum's branch decides, and at least one has to be readable.
static enum status check_root(const struct avsc *writer, struct error *err)
{
    const struct avsc_type *root = &writer->types[writer->root];
    char described[AVSC_DESCRIPTION_BYTES];
    if (root->kind == AVSC_RECORD)
        return check_record(writer, root, err);
    avsc_describe(writer, writer->root, described);
    error_set(err, STATUS_RECORD,
              "the schema cannot be read as a travel flag: it is %s, not a record", described);
    for (uint32_t i = 0; root->kind == AVSC_UNION && i < root->link_count; i++) {
        const struct avsc_type *branch = link_of(writer, root, i);
        if (branch->kind == AVSC_RECORD && check_record(writer, branch, err) == STATUS_OK)
            return STATUS_OK;
    }
    return STATUS_RECORD;
}

enum status flag_plan_compile(struct view schema_json, struct flag_plan **out, struct error *err)
{
    struct avsc *writer;
    *out = NULL;
    enum status status = avsc_parse(schema_json, &writer, err);
    if (status != STATUS_OK)
        return status;
    status = check_root(writer, err);
    if (status != STATUS_OK) {
        avsc_free(writer);
        return status;
    }
    *out = memory_zeroed(1, sizeof(**out));
    (*out)->writer = writer;
    return STATUS_OK;
}

void flag_plan_free(struct flag_plan *plan)
{
    if (plan == NULL)
        return;
    avsc_free(plan->writer);
    free(plan);
}

// ---- a row ----

struct row {
    const struct avsc *writer;
    const uint8_t *at; // NULL: the bytes are bad
    const uint8_t *end;
    bool enabled;
    bool refused; // a branch that cannot be read
};

static const struct avsc_type *enter_union(struct row *row, const struct avsc_type *type)
{
    uint32_t branch = 0;
    if (type->kind != AVSC_UNION)
        return type;
    row->at = cursor_index(row->at, row->end, type->link_count, &branch);
    return row->at == NULL ? type : link_of(row->writer, type, branch);
}

static void read_enabled(struct row *row, const struct avsc_type *type)
{
    type = enter_union(row, type);
    if (row->at == NULL || type->kind == AVSC_NULL)
        return;
    row->refused = type->kind != AVSC_BOOLEAN;
    if (row->refused)
        return;
    const uint8_t *at = row->at;
    row->at = cursor_boolean(at, row->end);
    row->enabled = row->at != NULL && *at == 1;
}

static void read_record(struct row *row, const struct avsc_type *record)
{
    const struct avsc *writer = row->writer;
    const struct avsc_field *enabled = avsc_field_find(writer, record, view_text("enabled"));
    for (uint32_t i = 0; i < record->field_count && row->at != NULL && !row->refused; i++) {
        const struct avsc_field *field = &writer->fields[record->first_field + i];
        if (field == enabled)
            read_enabled(row, &writer->types[field->type]);
        else
            row->at = skip_datum(writer, field->type, row->at, row->end);
    }
}

bool flag_decode(const struct flag_plan *plan, struct view body, bool *enabled, const char **reason)
{
    static const uint8_t nothing[1];
    const struct avsc *writer = plan->writer;
    const uint8_t *at = body.data != NULL ? body.data : nothing;
    struct row row = {.writer = writer, .at = at, .end = at + body.size};
    const struct avsc_type *type = enter_union(&row, &writer->types[writer->root]);
    row.refused = row.at != NULL && type->kind != AVSC_RECORD;
    if (row.at != NULL && !row.refused)
        read_record(&row, type);
    *enabled = row.enabled;
    if (row.refused)
        *reason = "the union branch taken cannot be read as a travel flag";
    else if (row.at == NULL)
        *reason = "the body ends inside a field, or is not valid Avro";
    else if (row.at != row.end)
        *reason = "there are bytes behind the end of the record";
    else
        return true;
    return false;
}

// ---- a key ----

static bool is_whole_text(struct view bytes, struct view *text)
{
    const uint8_t *end = bytes.data + bytes.size;
    return cursor_text(bytes.data, end, text) == end;
}

static struct view unwrapped(struct view key)
{
    uint32_t schema_id;
    struct view body, text;
    if (frame_split(key, &schema_id, &body) && body.size > 0) {
        struct view branch = {body.data + 1, body.size - 1};
        if (is_whole_text(body, &text) || (body.data[0] == 2 && is_whole_text(branch, &text)))
            return text;
        return key;
    }
    bool quoted = key.size >= 2 && key.data[0] == '"' && key.data[key.size - 1] == '"';
    if (quoted && memchr(key.data, '\\', key.size) == NULL)
        return (struct view){key.data + 1, key.size - 2};
    return key;
}

bool flag_card(struct view key, struct view *card, const char **reason)
{
    *card = key.data != NULL ? unwrapped(key) : key;
    if (key.data == NULL)
        *reason = "the row has no key";
    else if (card->size == 0)
        *reason = "the key is empty";
    else if (card->size > CARD_BYTES_MAX)
        *reason = "the key is longer than 256 bytes";
    else if (!utf8_is_valid(*card))
        *reason = "the key is not UTF-8";
    else
        return true;
    return false;
}
