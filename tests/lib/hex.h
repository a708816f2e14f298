// SPDX-License-Identifier: Apache-2.0
// Bytes that a test's data have as hexadecimal digits.
#ifndef LIB_HEX_H
#define LIB_HEX_H

#include <stddef.h>
#include <stdint.h>

// Writes the bytes, which must have room; how many.
size_t hex_bytes(const char *hex, uint8_t *out);

#endif
