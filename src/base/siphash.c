// SPDX-License-Identifier: Apache-2.0
#include "base/siphash.h"

#include <endian.h>
#include <string.h>

enum { WORD_BYTES = 8, WORD_ROUNDS = 2, LAST_ROUNDS = 4 };

static inline uint64_t rotated(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static inline void mix(uint64_t v[4], int rounds)
{
    for (int i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotated(v[1], 13) ^ v[0];
        v[3] = rotated(v[3], 16) ^ v[2];
        v[0] = rotated(v[0], 32) + v[3];
        v[2] += v[1];
        v[1] = rotated(v[1], 17) ^ v[2];
        v[3] = rotated(v[3], 21) ^ v[0];
        v[2] = rotated(v[2], 32);
    }
}

static inline void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    mix(v, WORD_ROUNDS);
    v[0] ^= word;
}

uint64_t siphash(const uint64_t key[2], struct view text)
{
    uint64_t v[4] = {key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
                     key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573)};
    size_t at = 0;
    for (; text.size - at >= WORD_BYTES; at += WORD_BYTES) {
        uint64_t word;
        memcpy(&word, text.data + at, WORD_BYTES);
        absorb(v, le64toh(word));
    }
    uint64_t last = (uint64_t)text.size << 56;
    for (size_t i = 0; at + i < text.size; i++)
        last |= (uint64_t)text.data[at + i] << (8 * i);
    absorb(v, last);
    v[2] ^= 0xff;
    mix(v, LAST_ROUNDS);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
