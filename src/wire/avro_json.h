// SPDX-License-Identifier: Apache-2.0
// A datum of any Avro schema as JSON, to be looked at: {"id": 7, "card": "4111", "tags": ["a"]}.
//   record, map         object               array          array
//   int, long, logical dates and times       integer
//   float, double       the shortest number that reads back the same; NaN and infinities null
//   decimal             a number with all of its digits: 12.30 (bytes when it is over 512 bytes)
//   bytes, fixed        text: each byte the character of its number
//   enum                the symbol's name    union          the value itself, without its branch
#ifndef WIRE_AVRO_JSON_H
#define WIRE_AVRO_JSON_H

#include "wire/avsc.h"

// Records, arrays and maps inside one another.
enum { AVRO_JSON_DEPTH_MAX = 512 };

// Appends the body, which must be exactly one datum. False, with a static sentence in *reason: it
// is not, or nests deeper than AVRO_JSON_DEPTH_MAX, or the buffer's maximum would be passed (some
// may be there then). Never reads outside the body; work is bounded by the body and the buffer.
bool avro_json_append(const struct avsc *avsc, struct view body, struct buffer *out,
                      const char **reason) MUST_USE;

// The same for people: logical dates and times are texts, "2026-01-31", "08:00:00.000",
// "2026-01-31T08:00:00.000Z", if their year has four digits.
bool avro_json_append_readable(const struct avsc *avsc, struct view body, struct buffer *out,
                               const char **reason) MUST_USE;

#endif
