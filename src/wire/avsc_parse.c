// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/assert.h"
#include "base/limits.h"
#include "base/memory.h"
#include "wire/avsc.h"
#include "wire/avsc_json.h"

// Where parsing is: the tables grow.
struct parser {
    struct avsc *avsc;
    uint32_t type_capacity;
    uint32_t link_capacity;
    uint32_t field_capacity;
    uint32_t symbols_capacity;
    unsigned depth;
    struct error *err;
};

// A definition's place: its names resolve against `space`, the enclosing namespace ("" is none).
struct scope {
    const char *space;
    size_t space_bytes;
};

static enum status type_parse(struct parser *parser, const json_t *json, struct scope scope,
                              uint32_t *out);

static enum status refused(struct parser *parser, const char *why, const char *what)
{
    return error_set(parser->err, STATUS_RECORD, "not an Avro schema: %s%s%.128s", why,
                     what[0] == '\0' ? "" : " ", what);
}

// Never NULL, so that an empty range of a table has an address too.
static void *grown(void *items, uint32_t *capacity, uint32_t needed, size_t item_bytes)
{
    if (items != NULL && needed <= *capacity)
        return items;
    uint32_t larger = *capacity < 8 ? 16 : *capacity * 2;
    *capacity = larger < needed ? needed : larger;
    return memory_resized(items, *capacity, item_bytes);
}

static uint32_t type_add(struct parser *parser, enum avsc_kind kind)
{
    struct avsc *avsc = parser->avsc;
    avsc->types =
        grown(avsc->types, &parser->type_capacity, avsc->type_count + 1, sizeof(*avsc->types));
    avsc->types[avsc->type_count] = (struct avsc_type){.kind = (uint8_t)kind};
    return avsc->type_count++;
}

static uint32_t links_add(struct parser *parser, uint32_t count)
{
    struct avsc *avsc = parser->avsc;
    avsc->links =
        grown(avsc->links, &parser->link_capacity, avsc->link_count + count, sizeof(*avsc->links));
    uint32_t first = avsc->link_count;
    avsc->link_count += count;
    return first;
}

static uint32_t fields_add(struct parser *parser, uint32_t count)
{
    struct avsc *avsc = parser->avsc;
    avsc->fields = grown(avsc->fields, &parser->field_capacity, avsc->field_count + count,
                         sizeof(*avsc->fields));
    uint32_t first = avsc->field_count;
    for (uint32_t i = 0; i < count; i++)
        avsc->fields[first + i] = (struct avsc_field){0};
    avsc->field_count += count;
    return first;
}

static bool kind_of(const char *name, enum avsc_kind *out)
{
    for (unsigned kind = 0; kind < AVSC_PRIMITIVES; kind++) {
        if (strcmp(name, avsc_kind_name((enum avsc_kind)kind)) != 0)
            continue;
        *out = (enum avsc_kind)kind;
        return true;
    }
    return false;
}

// The full name of `name` seen from `scope`; the caller frees it.
static char *full_name(const char *name, struct scope scope)
{
    if (scope.space_bytes == 0 || strchr(name, '.') != NULL)
        return memory_text(name);
    size_t name_bytes = strlen(name);
    char *full = memory_zeroed(scope.space_bytes + 1 + name_bytes + 1, 1);
    memcpy(full, scope.space, scope.space_bytes);
    full[scope.space_bytes] = '.';
    memcpy(full + scope.space_bytes + 1, name, name_bytes + 1);
    return full;
}

// A use of a named type: by its full name, in the enclosing namespace, or in none.
static enum status reference_parse(struct parser *parser, const char *name, struct scope scope,
                                   uint32_t *out)
{
    char *full = full_name(name, scope);
    const json_t *index = json_object_get(parser->avsc->names, full);
    free(full);
    if (index == NULL)
        index = json_object_get(parser->avsc->names, name);
    if (index == NULL)
        return refused(parser, "no type is defined by the name", name);
    *out = (uint32_t)json_integer_value(index);
    return STATUS_OK;
}

static enum status name_parse(struct parser *parser, const char *name, struct scope scope,
                              uint32_t *out)
{
    enum avsc_kind kind;
    if (!kind_of(name, &kind))
        return reference_parse(parser, name, scope, out);
    *out = type_add(parser, kind);
    parser->avsc->types[*out].empty = kind == AVSC_NULL;
    return STATUS_OK;
}

// Adds a named type and narrows the scope to its namespace.
static enum status named_add(struct parser *parser, const json_t *json, enum avsc_kind kind,
                             struct scope *scope, uint32_t *out)
{
    const char *name = avsc_text(json, "name");
    if (name == NULL || name[0] == '\0')
        return refused(parser, "without a name:", avsc_kind_name(kind));
    const char *space = avsc_text(json, "namespace");
    if (space != NULL)
        *scope = (struct scope){space, strlen(space)};
    const char *dot = strrchr(name, '.');
    if (dot != NULL)
        *scope = (struct scope){name, (size_t)(dot - name)};
    char *full = full_name(name, *scope);
    bool taken = json_object_get(parser->avsc->names, full) != NULL;
    *out = type_add(parser, kind);
    if (!taken)
        ensure(json_object_set_new_nocheck(parser->avsc->names, full, json_integer(*out)) == 0);
    free(full);
    return taken ? refused(parser, "defined twice:", name) : STATUS_OK;
}

static int indexes_compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

// No two branches are of one kind, but for fixeds, enums and records of different names.
static enum status branches_check(struct parser *parser, const struct avsc_type *type)
{
    const struct avsc *avsc = parser->avsc;
    uint32_t *sorted =
        memory_copy(avsc->links + type->first_link, type->link_count * sizeof(*avsc->links));
    qsort(sorted, type->link_count, sizeof(*sorted), indexes_compare);
    bool twice = false;
    unsigned seen = 0;
    for (uint32_t i = 0; i < type->link_count; i++) {
        unsigned kind = avsc->types[sorted[i]].kind;
        bool named = kind == AVSC_FIXED || kind == AVSC_ENUM || kind == AVSC_RECORD;
        twice |= named ? i > 0 && sorted[i] == sorted[i - 1] : (seen & 1u << kind) != 0;
        seen |= 1u << kind;
    }
    free(sorted);
    return twice ? refused(parser, "a union has a type twice", "") : STATUS_OK;
}

static enum status union_parse(struct parser *parser, const json_t *json, struct scope scope,
                               uint32_t *out)
{
    uint32_t count = (uint32_t)json_array_size(json);
    uint32_t type = *out = type_add(parser, AVSC_UNION);
    uint32_t first = links_add(parser, count);
    parser->avsc->types[type].first_link = first;
    parser->avsc->types[type].link_count = count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t branch = 0;
        enum status status = type_parse(parser, json_array_get(json, i), scope, &branch);
        if (status != STATUS_OK)
            return status;
        if (parser->avsc->types[branch].kind == AVSC_UNION)
            return refused(parser, "a union directly inside a union", "");
        parser->avsc->links[first + i] = branch;
    }
    return branches_check(parser, &parser->avsc->types[type]);
}

static enum status container_parse(struct parser *parser, const json_t *json, struct scope scope,
                                   enum avsc_kind kind, uint32_t *out)
{
    const json_t *inner = json_object_get(json, kind == AVSC_ARRAY ? "items" : "values");
    if (inner == NULL)
        return refused(parser, "without the type of what it holds:", avsc_kind_name(kind));
    uint32_t type = *out = type_add(parser, kind);
    uint32_t first = links_add(parser, 1);
    parser->avsc->types[type].first_link = first;
    parser->avsc->types[type].link_count = 1;
    uint32_t held = 0;
    enum status status = type_parse(parser, inner, scope, &held);
    if (status == STATUS_OK)
        parser->avsc->links[first] = held;
    return status;
}

static enum status enum_parse(struct parser *parser, const json_t *json, struct scope scope,
                              uint32_t *out)
{
    const json_t *symbols = json_object_get(json, "symbols");
    if (!json_is_array(symbols))
        return refused(parser, "an enum without symbols", "");
    enum status status = named_add(parser, json, AVSC_ENUM, &scope, out);
    if (status != STATUS_OK)
        return status;
    struct avsc *avsc = parser->avsc;
    avsc->symbols = grown(avsc->symbols, &parser->symbols_capacity, avsc->symbols_count + 1,
                          sizeof(*avsc->symbols));
    avsc->symbols[avsc->symbols_count] = symbols;
    avsc->types[*out].size = (uint32_t)json_array_size(symbols);
    avsc->types[*out].first_link = avsc->symbols_count++;
    return STATUS_OK;
}

static enum status fixed_parse(struct parser *parser, const json_t *json, struct scope scope,
                               uint32_t *out)
{
    int64_t size;
    if (!avsc_number(json, "size", 0, AVSC_FIXED_BYTES_MAX, &size))
        return refused(parser, "a fixed without a usable size", "");
    enum status status = named_add(parser, json, AVSC_FIXED, &scope, out);
    if (status != STATUS_OK)
        return status;
    struct avsc_type *type = &parser->avsc->types[*out];
    type->size = (uint32_t)size;
    type->empty = size == 0;
    avsc_logical(json, type);
    return STATUS_OK;
}

static enum status aliases_parse(struct parser *parser, const json_t *aliases,
                                 struct avsc_field *field)
{
    size_t count = json_array_size(aliases);
    field->aliases = memory_zeroed(count, sizeof(*field->aliases));
    field->alias_count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        const json_t *alias = json_array_get(aliases, i);
        if (!json_is_string(alias))
            return refused(parser, "an alias that is not text", "");
        field->aliases[i] =
            (struct view){(const uint8_t *)json_string_value(alias), json_string_length(alias)};
    }
    return STATUS_OK;
}

static enum status field_parse(struct parser *parser, const json_t *json, struct scope scope,
                               uint32_t at)
{
    const char *name = avsc_text(json, "name");
    const json_t *type_json = json_object_get(json, "type");
    if (name == NULL || name[0] == '\0' || type_json == NULL)
        return refused(parser, "a field without name or type", name == NULL ? "" : name);
    uint32_t type = 0;
    enum status status = type_parse(parser, type_json, scope, &type);
    if (status != STATUS_OK)
        return status;
    struct avsc_field *field = &parser->avsc->fields[at];
    field->name = view_text(name);
    field->type = type;
    const json_t *fallback = json_object_get(json, "default");
    field->fallback_json = fallback;
    if (fallback != NULL)
        field->fallback = json_is_null(fallback) ? AVSC_DEFAULT_NULL : AVSC_DEFAULT_OTHER;
    const json_t *aliases = json_object_get(json, "aliases");
    return json_is_array(aliases) ? aliases_parse(parser, aliases, field) : STATUS_OK;
}

static enum status field_names_check(struct parser *parser, const struct avsc_type *record)
{
    json_t *seen = json_object();
    const struct avsc_field *fields = parser->avsc->fields + record->first_field;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < record->field_count && status == STATUS_OK; i++) {
        const char *name = (const char *)fields[i].name.data;
        if (json_object_get(seen, name) != NULL)
            status = refused(parser, "a record has two fields by the name", name);
        json_object_set_new_nocheck(seen, name, json_true());
    }
    json_decref(seen);
    return status;
}

// Links the fields that take up bytes. A field of a type still being parsed (recursion) does.
static void record_link(struct parser *parser, uint32_t at)
{
    struct avsc *avsc = parser->avsc;
    struct avsc_type *record = &avsc->types[at];
    uint32_t count = 0;
    for (uint32_t i = 0; i < record->field_count; i++)
        count += !avsc->types[avsc->fields[record->first_field + i].type].empty;
    record->first_link = links_add(parser, count);
    for (uint32_t i = 0; i < record->field_count; i++) {
        uint32_t type = avsc->fields[record->first_field + i].type;
        if (!avsc->types[type].empty)
            avsc->links[record->first_link + record->link_count++] = type;
    }
    ensure(record->link_count == count);
    record->empty = count == 0;
}

static enum status record_parse(struct parser *parser, const json_t *json, struct scope scope,
                                uint32_t *out)
{
    const json_t *fields = json_object_get(json, "fields");
    if (!json_is_array(fields))
        return refused(parser, "a record without fields", "");
    enum status status = named_add(parser, json, AVSC_RECORD, &scope, out);
    if (status != STATUS_OK)
        return status;
    uint32_t count = (uint32_t)json_array_size(fields);
    uint32_t first = fields_add(parser, count);
    parser->avsc->types[*out].first_field = first;
    parser->avsc->types[*out].field_count = count;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        status = field_parse(parser, json_array_get(fields, i), scope, first + i);
    if (status == STATUS_OK)
        status = field_names_check(parser, &parser->avsc->types[*out]);
    if (status == STATUS_OK)
        record_link(parser, *out);
    return status;
}

static enum status object_parse(struct parser *parser, const json_t *json, struct scope scope,
                                uint32_t *out)
{
    const json_t *inner = json_object_get(json, "type");
    const char *name = avsc_text(json, "type");
    if (inner == NULL || (json_is_string(inner) && name == NULL))
        return refused(parser, "an object without a type", "");
    if (name != NULL && (strcmp(name, "record") == 0 || strcmp(name, "error") == 0))
        return record_parse(parser, json, scope, out);
    if (name != NULL && strcmp(name, "enum") == 0)
        return enum_parse(parser, json, scope, out);
    if (name != NULL && strcmp(name, "fixed") == 0)
        return fixed_parse(parser, json, scope, out);
    if (name != NULL && strcmp(name, "array") == 0)
        return container_parse(parser, json, scope, AVSC_ARRAY, out);
    if (name != NULL && strcmp(name, "map") == 0)
        return container_parse(parser, json, scope, AVSC_MAP, out);
    enum status status = type_parse(parser, inner, scope, out);
    if (status == STATUS_OK && parser->avsc->types[*out].kind < AVSC_PRIMITIVES)
        avsc_logical(json, &parser->avsc->types[*out]);
    return status;
}

static enum status type_parse(struct parser *parser, const json_t *json, struct scope scope,
                              uint32_t *out)
{
    if (parser->depth == AVSC_DEPTH_MAX)
        return refused(parser, "its types nest too deeply", "");
    parser->depth++;
    enum status status;
    if (json_is_string(json) && strlen(json_string_value(json)) == json_string_length(json))
        status = name_parse(parser, json_string_value(json), scope, out);
    else if (json_is_array(json))
        status = union_parse(parser, json, scope, out);
    else if (json_is_object(json))
        status = object_parse(parser, json, scope, out);
    else
        status = refused(parser, "a type that is neither name, object nor union", "");
    parser->depth--;
    return status;
}

enum status avsc_parse(struct view json, struct avsc **out, struct error *err)
{
    *out = NULL;
    if (json.size > SCHEMA_BYTES_MAX)
        return error_set(err, STATUS_RECORD, "the schema is larger than %d bytes",
                         SCHEMA_BYTES_MAX);
    json_error_t mistake;
    json_t *document =
        json_loadb(json.data == NULL ? "" : (const char *)json.data, json.size,
                   JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &mistake);
    if (document == NULL)
        return error_set(err, STATUS_RECORD, "not an Avro schema: line %d column %d: %s",
                         mistake.line, mistake.column, mistake.text);
    struct parser parser = {.avsc = memory_zeroed(1, sizeof(struct avsc)), .err = err};
    parser.avsc->document = document;
    parser.avsc->names = json_object();
    enum status status = type_parse(&parser, document, (struct scope){"", 0}, &parser.avsc->root);
    if (status != STATUS_OK) {
        avsc_free(parser.avsc);
        return status;
    }
    *out = parser.avsc;
    return STATUS_OK;
}
