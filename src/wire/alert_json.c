// SPDX-License-Identifier: Apache-2.0
// The JSON form of an alert (RFC 8259): text that is not UTF-8 becomes U+FFFD byte by byte, so that
// the output is always valid.
#include <inttypes.h>

#include "base/assert.h"
#include "base/utf8.h"
#include "wire/alert.h"

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

// One character of the text; returns how many bytes of it are done.
static size_t character_append(struct buffer *out, struct view text)
{
    const char *escape = escape_of(text.data[0]);
    size_t length = utf8_character(text);
    bool fits;
    if (escape != NULL)
        fits = buffer_append(out, escape, 2);
    else if (text.data[0] < 0x20)
        fits = buffer_append_format(out, "\\u%04x", text.data[0]);
    else if (length == 0)
        fits = buffer_append(out, "\xef\xbf\xbd", 3);
    else
        fits = buffer_append(out, text.data, length);
    ensure(fits);
    return length == 0 ? 1 : length;
}

static void text_append(struct buffer *out, struct view text)
{
    ensure(buffer_append_byte(out, '"'));
    while (text.size > 0) {
        size_t done = character_append(out, text);
        text = (struct view){text.data + done, text.size - done};
    }
    ensure(buffer_append_byte(out, '"'));
}

void alert_encode_json(const struct alert_fields *alert, struct buffer *out)
{
    ensure(buffer_append_format(out, "{\"type\": "));
    text_append(out, alert->type);
    ensure(buffer_append_format(out, ", \"credit_card\": "));
    text_append(out, alert->credit_card);
    ensure(buffer_append_format(out, ", \"timestamp\": %" PRId64 "}", alert->timestamp_ms));
}
