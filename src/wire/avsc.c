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
