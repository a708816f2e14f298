// SPDX-License-Identifier: Apache-2.0
#include "demo/dev_registry_avro.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/status.h"

enum { NAME_BYTES_MAX = 512 };

struct resolver {
    json_t *names;
    char *why;
};

static json_t *resolve(struct resolver *resolver, const json_t *node, const char *space, int depth);

PRINTF_LIKE(2, 3) static json_t *refuse(struct resolver *resolver, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(resolver->why, DEV_AVRO_WHY_MAX, format, arguments);
    va_end(arguments);
    return NULL;
}

bool dev_avro_primitive(const char *name)
{
    static const char *const names[] = {"null",  "boolean", "int",   "long",
                                        "float", "double",  "bytes", "string"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

// Jansson tells where the offending token ends; registries tell where it starts.
static void explain(const char *text, const json_error_t *error, char *why)
{
    const char *near = strstr(error->text, " near '");
    size_t token = near == NULL ? 0 : strcspn(near + 7, "'");
    size_t at = (size_t)(error->position > 0 ? error->position : 0);
    at = at > token ? at - token : 0;
    size_t line = 1;
    size_t column = 1;
    for (size_t i = 0; i < at && text[i] != '\0'; i++) {
        line += text[i] == '\n';
        column = text[i] == '\n' ? 1 : column + 1;
    }
    snprintf(why, DEV_AVRO_WHY_MAX, "unexpected character: line %zu column %zu (char %zu)", line,
             column, at);
}

json_t *dev_avro_json(const char *text, char *why)
{
    json_error_t error;
    json_t *json = json_loads(text, JSON_DECODE_ANY, &error);
    if (json == NULL)
        explain(text, &error, why);
    return json;
}

char *dev_avro_canonical(const json_t *schema)
{
    char *text = json_dumps(schema, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);
    ensure(text != NULL);
    return text;
}

static bool name_valid(const char *name)
{
    if (*name == '\0' || strlen(name) >= NAME_BYTES_MAX / 2)
        return false;
    bool first = true;
    for (; *name != '\0'; name++) {
        if (*name == '.' && first)
            return false;
        if (*name != '.' && *name != '_' &&
            !(first ? isalpha((unsigned char)*name) : isalnum((unsigned char)*name)))
            return false;
        first = *name == '.';
    }
    return !first;
}

static void full_name(const char *name, const char *space, char *out)
{
    if (strchr(name, '.') != NULL || *space == '\0')
        snprintf(out, NAME_BYTES_MAX, "%s", name);
    else
        snprintf(out, NAME_BYTES_MAX, "%s.%s", space, name);
}

static json_t *resolve_reference(struct resolver *resolver, const char *name, const char *space)
{
    if (dev_avro_primitive(name))
        return json_string(name);
    char full[NAME_BYTES_MAX];
    full_name(name, space, full);
    if (json_object_get(resolver->names, full) != NULL)
        return json_string(full);
    if (json_object_get(resolver->names, name) != NULL)
        return json_string(name);
    return refuse(resolver, "Undefined type: %.128s", name);
}

// What a union may hold once: a type's name, or the kind of a nameless one.
static const char *branch_kind(const json_t *branch)
{
    if (json_is_string(branch))
        return json_string_value(branch);
    return json_string_value(json_object_get(branch, "type"));
}

static json_t *resolve_branch(struct resolver *resolver, const json_t *node, json_t *kinds,
                              const char *space, int depth)
{
    json_t *branch = resolve(resolver, node, space, depth + 1);
    if (branch == NULL)
        return NULL;
    if (json_is_array(branch)) {
        json_decref(branch);
        return refuse(resolver, "Unions cannot contain other unions.");
    }
    if (json_object_get(kinds, branch_kind(branch)) != NULL) {
        refuse(resolver, "%.128s type already in Union", branch_kind(branch));
        json_decref(branch);
        return NULL;
    }
    json_object_set_new(kinds, branch_kind(branch), json_true());
    return branch;
}

static json_t *resolve_union(struct resolver *resolver, const json_t *node, const char *space,
                             int depth)
{
    json_t *branches = json_array();
    json_t *kinds = json_object();
    size_t i;
    json_t *item;
    json_array_foreach(node, i, item)
    {
        json_t *branch = resolve_branch(resolver, item, kinds, space, depth);
        if (branch == NULL) {
            json_decref(branches);
            branches = NULL;
            break;
        }
        json_array_append_new(branches, branch);
    }
    json_decref(kinds);
    return branches;
}

// {"type": kind, key: the type under `key`}: arrays and maps.
static json_t *resolve_container(struct resolver *resolver, const json_t *node, const char *key,
                                 const char *space, int depth)
{
    const char *kind = json_string_value(json_object_get(node, "type"));
    const json_t *inner = json_object_get(node, key);
    if (inner == NULL)
        return refuse(resolver, "%s schema requires a non-empty %s property.", kind, key);
    json_t *type = resolve(resolver, inner, space, depth + 1);
    if (type == NULL)
        return NULL;
    json_t *container = json_object();
    json_object_set_new(container, "type", json_string(kind));
    json_object_set_new(container, key, type);
    return container;
}

static json_t *aliases_of(const json_t *node, const char *space)
{
    json_t *aliases = json_array();
    size_t i;
    json_t *alias;
    json_array_foreach(json_object_get(node, "aliases"), i, alias)
    {
        char full[NAME_BYTES_MAX];
        if (!json_is_string(alias))
            continue;
        full_name(json_string_value(alias), space, full);
        json_array_append_new(aliases, json_string(full));
    }
    return aliases;
}

static json_t *resolve_field(struct resolver *resolver, const json_t *node, const char *space,
                             int depth)
{
    const char *name = json_string_value(json_object_get(node, "name"));
    const json_t *type = json_object_get(node, "type");
    if (name == NULL || !name_valid(name) || strchr(name, '.') != NULL)
        return refuse(resolver, "A record's field has no valid name.");
    if (type == NULL)
        return refuse(resolver, "No \"type\" property in field %.128s", name);
    json_t *resolved = resolve(resolver, type, space, depth + 1);
    if (resolved == NULL)
        return NULL;
    json_t *field = json_object();
    json_object_set_new(field, "name", json_string(name));
    json_object_set_new(field, "type", resolved);
    json_object_set_new(field, "aliases", aliases_of(node, ""));
    if (json_object_get(node, "default") != NULL)
        json_object_set_new(field, "default", json_true());
    return field;
}

static bool resolve_fields(struct resolver *resolver, const json_t *node, json_t *fields,
                           const char *space, int depth)
{
    json_t *seen = json_object();
    bool fine = true;
    size_t i;
    json_t *item;
    json_array_foreach(node, i, item)
    {
        json_t *field = resolve_field(resolver, item, space, depth);
        fine = field != NULL;
        if (!fine)
            break;
        const char *name = json_string_value(json_object_get(field, "name"));
        fine = json_object_get(seen, name) == NULL;
        if (!fine)
            refuse(resolver, "Field name %.128s already in use.", name);
        json_object_set_new(seen, name, json_true());
        json_array_append_new(fields, field);
        if (!fine)
            break;
    }
    json_decref(seen);
    return fine;
}

static bool define_record(struct resolver *resolver, const json_t *node, json_t *definition,
                          const char *space, int depth)
{
    const json_t *nodes = json_object_get(node, "fields");
    if (!json_is_array(nodes)) {
        refuse(resolver, "Record schema requires a non-empty fields property.");
        return false;
    }
    json_t *fields = json_array();
    json_object_set_new(definition, "fields", fields);
    return resolve_fields(resolver, nodes, fields, space, depth);
}

static bool define_enum(struct resolver *resolver, const json_t *node, json_t *definition)
{
    json_t *symbols = json_object_get(node, "symbols");
    size_t i;
    json_t *symbol;
    bool fine = json_is_array(symbols);
    json_array_foreach(symbols, i, symbol) fine = fine && json_is_string(symbol);
    if (!fine) {
        refuse(resolver, "Enum schema requires a symbols property of strings.");
        return false;
    }
    json_object_set(definition, "symbols", symbols);
    json_t *fallback = json_object_get(node, "default");
    if (fallback != NULL)
        json_object_set(definition, "default", fallback);
    return true;
}

static bool define_fixed(struct resolver *resolver, const json_t *node, json_t *definition)
{
    json_t *size = json_object_get(node, "size");
    if (!json_is_integer(size) || json_integer_value(size) < 0) {
        refuse(resolver, "Fixed Schema requires a valid integer for size property.");
        return false;
    }
    json_object_set(definition, "size", size);
    return true;
}

static bool define(struct resolver *resolver, const json_t *node, json_t *definition,
                   const char *space, int depth)
{
    const char *kind = json_string_value(json_object_get(definition, "type"));
    if (strcmp(kind, "enum") == 0)
        return define_enum(resolver, node, definition);
    if (strcmp(kind, "fixed") == 0)
        return define_fixed(resolver, node, definition);
    return define_record(resolver, node, definition, space, depth);
}

// A definition goes into `names` before its fields are read: they may refer to it.
static json_t *resolve_named(struct resolver *resolver, const json_t *node, const char *kind,
                             const char *space, int depth)
{
    const char *name = json_string_value(json_object_get(node, "name"));
    const char *own_space = json_string_value(json_object_get(node, "namespace"));
    char full[NAME_BYTES_MAX];
    if (name == NULL || !name_valid(name))
        return refuse(resolver, "%.128s is not a valid Avro name", name == NULL ? "null" : name);
    if (own_space != NULL && *own_space != '\0' && !name_valid(own_space))
        return refuse(resolver, "%.128s is not a valid Avro namespace", own_space);
    full_name(name, own_space == NULL ? space : own_space, full);
    if (dev_avro_primitive(full) || json_object_get(resolver->names, full) != NULL)
        return refuse(resolver, "The name \"%.128s\" is already in use.", full);
    char inner_space[NAME_BYTES_MAX];
    snprintf(inner_space, sizeof inner_space, "%s", full);
    char *dot = strrchr(inner_space, '.');
    *(dot == NULL ? inner_space : dot) = '\0';

    json_t *definition = json_object();
    json_object_set_new(definition, "type", json_string(kind));
    json_object_set_new(definition, "aliases", aliases_of(node, inner_space));
    json_object_set_new(resolver->names, full, definition);
    if (!define(resolver, node, definition, inner_space, depth))
        return NULL;
    return json_string(full);
}

static json_t *resolve_object(struct resolver *resolver, const json_t *node, const char *space,
                              int depth)
{
    const json_t *type = json_object_get(node, "type");
    if (type == NULL)
        return refuse(resolver, "No \"type\" property");
    const char *kind = json_string_value(type);
    if (kind == NULL)
        return resolve(resolver, type, space, depth + 1);
    if (strcmp(kind, "array") == 0)
        return resolve_container(resolver, node, "items", space, depth);
    if (strcmp(kind, "map") == 0)
        return resolve_container(resolver, node, "values", space, depth);
    if (strcmp(kind, "record") == 0 || strcmp(kind, "error") == 0)
        return resolve_named(resolver, node, "record", space, depth);
    if (strcmp(kind, "enum") == 0 || strcmp(kind, "fixed") == 0)
        return resolve_named(resolver, node, kind, space, depth);
    return resolve_reference(resolver, kind, space);
}

static json_t *resolve(struct resolver *resolver, const json_t *node, const char *space, int depth)
{
    if (depth > DEV_AVRO_DEPTH_MAX)
        return refuse(resolver, "The schema is nested too deeply.");
    if (json_is_string(node))
        return resolve_reference(resolver, json_string_value(node), space);
    if (json_is_array(node))
        return resolve_union(resolver, node, space, depth);
    if (json_is_object(node))
        return resolve_object(resolver, node, space, depth);
    return refuse(resolver, "A schema is a JSON string, array or object.");
}

bool dev_avro_resolve(const json_t *schema, struct dev_avro *out, char *why)
{
    struct resolver resolver = {json_object(), why};
    *out = (struct dev_avro){.names = resolver.names};
    out->root = resolve(&resolver, schema, "", 0);
    if (out->root != NULL)
        return true;
    dev_avro_release(out);
    return false;
}

void dev_avro_release(struct dev_avro *avro)
{
    json_decref(avro->root);
    json_decref(avro->names);
    *avro = (struct dev_avro){NULL, NULL};
}
