// SPDX-License-Identifier: Apache-2.0
#include "base/murmur2.h"

#include "base/assert.h"

uint32_t murmur2(struct view key)
{
    const uint32_t m = 0x5bd1e995u;
    uint32_t hash = 0x9747b28cu ^ (uint32_t)key.size;
    size_t whole = key.size & ~(size_t)3;
    for (size_t i = 0; i < whole; i += 4) {
        uint32_t word;
        memcpy(&word, key.data + i, sizeof(word)); // little-endian
        word *= m;
        word ^= word >> 24;
        word *= m;
        hash = (hash * m) ^ word;
    }
    size_t rest = key.size - whole;
    if (rest > 2)
        hash ^= (uint32_t)key.data[whole + 2] << 16;
    if (rest > 1)
        hash ^= (uint32_t)key.data[whole + 1] << 8;
    if (rest > 0)
        hash = (hash ^ key.data[whole]) * m;
    hash ^= hash >> 13;
    hash *= m;
    return hash ^ (hash >> 15);
}

int32_t murmur2_partition(struct view key, int32_t partition_count)
{
    ensure(partition_count > 0);
    return (int32_t)(murmur2(key) & 0x7fffffffu) % partition_count;
}
