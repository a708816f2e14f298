// SPDX-License-Identifier: Apache-2.0
#include "wire/avsc.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"

const char *avsc_kind_name(enum avsc_kind kind)
{
    static const char *const names[] = {"null",   "boolean", "int",    "long",  "float",
                                        "double", "bytes",   "string", "fixed", "enum",
                                        "array",  "map",     "union",  "record"};
    ensure((size_t)kind < sizeof(names) / sizeof(names[0]));
    return names[kind];
}

void avsc_free(struct avsc *avsc)
{
    if (avsc == NULL)
        return;
    for (uint32_t i = 0; i < avsc->field_count; i++)
        free(avsc->fields[i].aliases);
    free(avsc->fields);
    free(avsc->links);
    free(avsc->symbols);
    free(avsc->types);
    json_decref(avsc->document);
    json_decref(avsc->names);
    free(avsc);
}

const struct avsc_field *avsc_field_find(const struct avsc *avsc, const struct avsc_type *record,
                                         struct view name)
{
    for (uint32_t i = 0; i < record->field_count; i++) {
        const struct avsc_field *field = &avsc->fields[record->first_field + i];
        if (view_equal(field->name, name))
            return field;
    }
    return NULL;
}

struct view avsc_symbol(const struct avsc *avsc, const struct avsc_type *type, uint32_t index)
{
    ensure(type->kind == AVSC_ENUM && index < type->size);
    const json_t *symbol = json_array_get(avsc->symbols[type->first_link], index);
    return (struct view){(const uint8_t *)json_string_value(symbol), json_string_length(symbol)};
}

// The place of a type among the union's branches.
static bool place_find(const struct avsc *avsc, const struct avsc_type *type, uint32_t index,
                       uint32_t *branch)
{
    for (uint32_t i = 0; i < type->link_count; i++) {
        if (avsc->links[type->first_link + i] == index) {
            *branch = i;
            return true;
        }
    }
    return false;
}

static bool is_named(uint8_t kind)
{
    return kind == AVSC_RECORD || kind == AVSC_ENUM || kind == AVSC_FIXED;
}

bool avsc_branch_find(const struct avsc *avsc, const struct avsc_type *type, const char *name,
                      uint32_t *branch)
{
    const json_t *index = json_object_get(avsc->names, name);
    ensure(type->kind == AVSC_UNION);
    if (index != NULL && place_find(avsc, type, (uint32_t)json_integer_value(index), branch))
        return true;
    for (uint32_t i = 0; i < type->link_count; i++) {
        uint8_t kind = avsc->types[avsc->links[type->first_link + i]].kind;
        if (is_named(kind) || strcmp(avsc_kind_name((enum avsc_kind)kind), name) != 0)
            continue;
        *branch = i;
        return true;
    }
    const char *full;
    json_t *at;
    json_object_foreach(avsc->names, full, at)
    {
        const char *dot = strrchr(full, '.');
        if (dot != NULL && strcmp(dot + 1, name) == 0 &&
            place_find(avsc, type, (uint32_t)json_integer_value(at), branch))
            return true;
    }
    return false;
}

static size_t type_describe(const struct avsc_type *type, char *out, size_t room)
{
    static const char *const logical[] = {"",
                                          " (decimal)",
                                          " (date)",
                                          " (time of day)",
                                          " (timestamp-millis)",
                                          " (timestamp-micros)",
                                          " (timestamp-nanos)"};
    int written = snprintf(out, room, "%s%s", avsc_kind_name((enum avsc_kind)type->kind),
                           logical[type->logical]);
    ensure(written > 0);
    return (size_t)written < room ? (size_t)written : room - 1;
}

void avsc_describe(const struct avsc *avsc, uint32_t type, char out[AVSC_DESCRIPTION_BYTES])
{
    const struct avsc_type *described = &avsc->types[type];
    size_t size = type_describe(described, out, AVSC_DESCRIPTION_BYTES);
    for (uint32_t i = 0; described->kind == AVSC_UNION && i < described->link_count; i++) {
        if (AVSC_DESCRIPTION_BYTES - size < 32) {
            snprintf(out + size, AVSC_DESCRIPTION_BYTES - size, ", ...");
            return;
        }
        const char *joint = i == 0 ? " of " : ", ";
        memcpy(out + size, joint, strlen(joint) + 1);
        size += strlen(joint);
        const struct avsc_type *branch = &avsc->types[avsc->links[described->first_link + i]];
        size += type_describe(branch, out + size, AVSC_DESCRIPTION_BYTES - size);
    }
}
