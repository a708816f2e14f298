// SPDX-License-Identifier: Apache-2.0
#include "wire/avsc_json.h"

#include <string.h>

const char *avsc_text(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    const char *text = json_string_value(value);
    if (text == NULL || strlen(text) != json_string_length(value))
        return NULL;
    return text;
}

bool avsc_number(const json_t *object, const char *name, double least, double most, int64_t *out)
{
    const json_t *value = json_object_get(object, name);
    double number = json_real_value(value);
    if (!json_is_real(value) || !(number >= least && number <= most))
        return false;
    *out = (int64_t)number;
    return (double)*out == number;
}

void avsc_logical(const json_t *json, struct avsc_type *type)
{
    static const struct {
        const char *name;
        uint8_t kind;
        uint8_t logical;
    } rows[] = {
        {"decimal", AVSC_BYTES, AVSC_DECIMAL},
        {"decimal", AVSC_FIXED, AVSC_DECIMAL},
        {"date", AVSC_INT, AVSC_DATE},
        {"time-millis", AVSC_INT, AVSC_TIME},
        {"time-micros", AVSC_LONG, AVSC_TIME},
        {"timestamp-millis", AVSC_LONG, AVSC_TIMESTAMP_MILLIS},
        {"timestamp-micros", AVSC_LONG, AVSC_TIMESTAMP_MICROS},
        {"timestamp-nanos", AVSC_LONG, AVSC_TIMESTAMP_NANOS},
        {"local-timestamp-millis", AVSC_LONG, AVSC_TIMESTAMP_MILLIS},
        {"local-timestamp-micros", AVSC_LONG, AVSC_TIMESTAMP_MICROS},
        {"local-timestamp-nanos", AVSC_LONG, AVSC_TIMESTAMP_NANOS},
    };
    const char *name = avsc_text(json, "logicalType");
    if (name == NULL) // keeps what an inner object has set: {"type": {"type": "bytes", ...}}
        return;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].kind == type->kind && strcmp(rows[i].name, name) == 0)
            type->logical = rows[i].logical;
    }
    int64_t scale = 0;
    if (type->logical == AVSC_DECIMAL && json_object_get(json, "scale") != NULL &&
        !avsc_number(json, "scale", -AVSC_DECIMAL_SCALE_MAX, AVSC_DECIMAL_SCALE_MAX, &scale))
        type->logical = AVSC_PLAIN;
    type->scale = (int32_t)scale;
}
