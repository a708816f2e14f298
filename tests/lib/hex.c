// SPDX-License-Identifier: Apache-2.0
#include "lib/hex.h"

#include <stdlib.h>
#include <string.h>

size_t hex_bytes(const char *hex, uint8_t *out)
{
    size_t size = strlen(hex) / 2;
    for (size_t i = 0; i < size; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};
        out[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return size;
}
