// SPDX-License-Identifier: Apache-2.0
// Snappy's raw format, decompressed (google/snappy, "format_description.txt"): the length as a
// varint, then elements. The low two bits of an element's first byte say what it is:
//   00  literal: 1 to 60 bytes by the upper six bits, or 60 .. 63: a length of 1 .. 4 bytes follows
//   01  copy of 4 .. 11 bytes, offset of 11 bits      10, 11  of 1 .. 64 bytes, of 16 or 32 bits
#ifndef WIRE_SNAPPY_H
#define WIRE_SNAPPY_H

#include "base/bytes.h"

// Appends what the bytes stand for. False: they are damaged, or the buffer's maximum would be
// passed (some may be there then). Never reads outside the bytes; work is bounded by the output.
bool snappy_append(struct view bytes, struct buffer *out) __attribute__((warn_unused_result));

#endif
