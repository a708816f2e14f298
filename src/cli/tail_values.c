// SPDX-License-Identifier: Apache-2.0
#include "cli/tail_values.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "wire/avro_json.h"
#include "wire/json_text.h"
#include "wire/purchase.h"

enum { SCHEMAS_MAX = 1024 };

// A schema that was asked for. What cannot be used has no avsc.
struct known_schema {
    uint32_t id;
    bool used;
    bool complained; // of a datum
    struct avsc *avsc;
};

struct tail_values {
    struct registry *registry;
    bool readable_times;
    struct known_schema schemas[SCHEMAS_MAX]; // id n at n % SCHEMAS_MAX
};

struct tail_values *tail_values_open(struct registry *registry, bool readable_times)
{
    struct tail_values *values = memory_zeroed(1, sizeof(*values));
    values->registry = registry;
    values->readable_times = readable_times;
    return values;
}

void tail_values_close(struct tail_values *values)
{
    if (values == NULL)
        return;
    for (size_t i = 0; i < SCHEMAS_MAX; i++)
        avsc_free(values->schemas[i].avsc);
    free(values);
}

static void complain(uint32_t id, const char *reason)
{
    log_warn("tail", "cannot decode, shown as text", LOG_INT("schema_id", id),
             LOG_TEXT("reason", reason));
}

static void parse(struct known_schema *known, struct view text)
{
    struct error err;
    if (avsc_parse(text, &known->avsc, &err) != STATUS_OK)
        complain(known->id, err.text);
}

static enum status pending(struct tail_values *values, uint32_t id, struct error *err)
{
    struct error why;
    if (registry_unreachable(values->registry, &why))
        return error_set(err, STATUS_RETRY, "schema %" PRIu32 " cannot be fetched: %s", id,
                         why.text);
    return error_set(err, STATUS_RETRY, "schema %" PRIu32 " is being fetched", id);
}

// The schema of an id; avsc NULL when there is none that can be used.
static enum status find(struct tail_values *values, uint32_t id, struct known_schema **out,
                        struct error *err)
{
    struct known_schema *known = &values->schemas[id % SCHEMAS_MAX];
    struct view text;
    *out = known;
    if (known->used && known->id == id)
        return STATUS_OK;
    enum registry_answer answer = registry_schema(values->registry, id, &text);
    if (answer == REGISTRY_PENDING)
        return pending(values, id, err);
    avsc_free(known->avsc);
    *known = (struct known_schema){.id = id, .used = true};
    if (answer == REGISTRY_READY)
        parse(known, text);
    else
        complain(id, "the registry does not have it");
    return STATUS_OK;
}

// True when the bytes were a framed datum, which has been appended.
static bool datum_append(struct known_schema *known, struct view body, bool readable_times,
                         struct buffer *out)
{
    const char *reason;
    size_t before = out->size;
    if (known->avsc == NULL)
        return false;
    if (readable_times ? avro_json_append_readable(known->avsc, body, out, &reason)
                       : avro_json_append(known->avsc, body, out, &reason))
        return true;
    out->size = before;
    if (!known->complained)
        complain(known->id, reason);
    known->complained = true;
    return false;
}

static bool is_shown_as_it_is(struct view bytes, enum tail_part part)
{
    size_t at = 0;
    while (at < bytes.size && (bytes.data[at] == ' ' || bytes.data[at] == '\n' ||
                               bytes.data[at] == '\r' || bytes.data[at] == '\t'))
        at++;
    if (at == bytes.size)
        return false;
    bool compound = bytes.data[at] == '{' || bytes.data[at] == '[';
    return (compound || part == TAIL_VALUE) && json_is_valid(bytes);
}

// Line ends stand between JSON's parts alone, where a blank does as well.
static bool on_a_line_append(struct view json, struct buffer *out)
{
    size_t from = out->size;
    if (!buffer_append(out, json.data, json.size))
        return false;
    for (size_t i = from; i < out->size; i++) {
        if (out->data[i] == '\n' || out->data[i] == '\r')
            out->data[i] = ' ';
    }
    return true;
}

static bool undecoded_append(struct view bytes, enum tail_part part, struct buffer *out)
{
    if (is_shown_as_it_is(bytes, part))
        return on_a_line_append(bytes, out);
    return utf8_is_valid(bytes) ? json_text_append(out, bytes) : json_bytes_append(out, bytes);
}

enum status tail_values_append(struct tail_values *values, struct view bytes, enum tail_part part,
                               struct buffer *out, struct error *err)
{
    uint32_t id;
    struct view body;
    struct known_schema *known;
    size_t before = out->size;
    bool framed = bytes.data != NULL && frame_split(bytes, &id, &body);
    if (framed) {
        enum status status = find(values, id, &known, err);
        if (status != STATUS_OK)
            return status;
        if (datum_append(known, body, values->readable_times, out))
            return STATUS_OK;
    }
    if (bytes.data == NULL ? buffer_append(out, "null", 4) : undecoded_append(bytes, part, out))
        return STATUS_OK;
    out->size = before;
    return error_set(err, STATUS_FATAL, "a record of %zu bytes is too large to be shown",
                     bytes.size);
}
