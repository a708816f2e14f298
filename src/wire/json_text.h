// SPDX-License-Identifier: Apache-2.0
// Values written as JSON (RFC 8259), always valid. The appenders return false when the buffer's
// maximum would be passed (some may be there then).
#ifndef WIRE_JSON_TEXT_H
#define WIRE_JSON_TEXT_H

#include <stdbool.h>

#include "base/bytes.h"

// Text in quotes. What is not UTF-8 becomes U+FFFD, byte by byte.
bool json_text_append(struct buffer *out, struct view text);
// Bytes in quotes, each as the character of its number (U+0000 .. U+00FF), as Avro's JSON does.
bool json_bytes_append(struct buffer *out, struct view bytes);
// The shortest number that reads back as the same double, or (`single`) as the same float; NaN and
// infinities as null.
bool json_real_append(struct buffer *out, double value, bool single);

// True when the text is one JSON value, whatever its kind; its numbers have to fit a double.
bool json_is_valid(struct view text);

#endif
