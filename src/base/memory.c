// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

void *memory_zeroed(size_t count, size_t item_bytes)
{
    void *block = calloc(count == 0 ? 1 : count, item_bytes == 0 ? 1 : item_bytes);
    ensure(block != NULL);
    return block;
}

void *memory_resized(void *block, size_t count, size_t item_bytes)
{
    ensure(item_bytes != 0 && count <= SIZE_MAX / item_bytes);
    void *resized = realloc(block, count == 0 ? 1 : count * item_bytes);
    ensure(resized != NULL);
    return resized;
}

void *memory_copy(const void *bytes, size_t size)
{
    ensure(size < SIZE_MAX);
    char *copy = memory_zeroed(size + 1, 1);
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

char *memory_text(const char *text)
{
    return memory_copy(text, strlen(text));
}
