// SPDX-License-Identifier: Apache-2.0
#include "lib/quoted.h"

#include <string.h>

#include "base/assert.h"

enum { TEXTS = 4, TEXT_BYTES_MAX = 8192 };

const char *quoted(const char *text)
{
    static char texts[TEXTS][TEXT_BYTES_MAX];
    static unsigned next;
    char *out = texts[next++ % TEXTS];
    size_t size = strlen(text) + 1;
    ensure(size <= TEXT_BYTES_MAX);
    for (size_t i = 0; i < size; i++)
        out[i] = text[i] == '\'' ? '"' : text[i];
    return out;
}
