// SPDX-License-Identifier: Apache-2.0
#include "wire/json_text.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

static const char *escape_of(uint8_t byte)
{
    switch (byte) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        return NULL;
    }
}

// One character of the text; *length is how many bytes of it are done.
static bool character_append(struct buffer *out, struct view text, size_t *length)
{
    const char *escape = escape_of(text.data[0]);
    *length = utf8_character(text);
    if (escape != NULL)
        return buffer_append(out, escape, 2);
    if (text.data[0] < 0x20)
        return buffer_append_format(out, "\\u%04x", text.data[0]);
    if (*length > 0)
        return buffer_append(out, text.data, *length);
    *length = 1;
    return buffer_append(out, "\xef\xbf\xbd", 3);
}

bool json_text_append(struct buffer *out, struct view text)
{
    if (!buffer_append_byte(out, '"'))
        return false;
    while (text.size > 0) {
        size_t done;
        if (!character_append(out, text, &done))
            return false;
        text = (struct view){text.data + done, text.size - done};
    }
    return buffer_append_byte(out, '"');
}

static bool byte_append(struct buffer *out, uint8_t byte)
{
    const char *escape = escape_of(byte);
    if (escape != NULL)
        return buffer_append(out, escape, 2);
    if (byte >= 0x20 && byte < 0x7f)
        return buffer_append_byte(out, byte);
    return buffer_append_format(out, "\\u%04x", byte);
}

bool json_bytes_append(struct buffer *out, struct view bytes)
{
    bool fits = buffer_append_byte(out, '"');
    for (size_t i = 0; i < bytes.size && fits; i++)
        fits = byte_append(out, bytes.data[i]);
    return fits && buffer_append_byte(out, '"');
}

bool json_real_append(struct buffer *out, double value, bool single)
{
    char text[40];
    if (!isfinite(value))
        return buffer_append(out, "null", 4);
    for (int digits = single ? 6 : 15;; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (digits >= (single ? 9 : 17) ||
            (single ? (double)strtof(text, NULL) : strtod(text, NULL)) == value)
            break;
    }
    bool whole = strpbrk(text, ".e") == NULL;
    return buffer_append_format(out, "%s%s", text, whole ? ".0" : "");
}

bool json_is_valid(struct view text)
{
    // jansson passes over a NUL byte that stands behind a number.
    if (text.size > 0 && memchr(text.data, '\0', text.size) != NULL)
        return false;
    json_t *value = json_loadb((const char *)text.data, text.size,
                               JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, NULL);
    json_decref(value);
    return value != NULL;
}
