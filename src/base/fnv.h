// SPDX-License-Identifier: Apache-2.0
// FNV-1a of 64 bits: a quick hash to tell things apart and to find damage by chance. Nobody is
// kept from making two things that hash alike.
// Source: Fowler, Noll and Vo, https://datatracker.ietf.org/doc/html/draft-eastlake-fnv
#ifndef BASE_FNV_H
#define BASE_FNV_H

#include <stddef.h>
#include <stdint.h>

#define FNV_START UINT64_C(0xcbf29ce484222325)

// Adds `size` bytes to `hash`, FNV_START at first. In one piece or in many, it is the same.
static inline uint64_t fnv_add(uint64_t hash, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

#endif
