// SPDX-License-Identifier: Apache-2.0
// MurmurHash2 (Austin Appleby, public domain) with the seed that Kafka's Java client uses, so that
// a key lands in the partition where a JVM producer would put it.
#ifndef BASE_MURMUR2_H
#define BASE_MURMUR2_H

#include "base/bytes.h"

uint32_t murmur2(struct view key);

// The Java client's default partition for a non-null key. partition_count > 0.
int32_t murmur2_partition(struct view key, int32_t partition_count);

#endif
