// SPDX-License-Identifier: Apache-2.0
// SipHash-2-4 (Aumasson and Bernstein, 2012): 64 bits that stand for a text where the text itself
// has no room. Unlike murmur2, texts with equal hashes are hard to find without the key.
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stdint.h>

#include "base/bytes.h"

// `key` is the key's two halves, each read little-endian.
uint64_t siphash(const uint64_t key[2], struct view text);

#endif
