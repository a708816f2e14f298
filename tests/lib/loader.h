// SPDX-License-Identifier: Apache-2.0
// Writes messages into a topic fast and in order. The loader must be the topic's only writer: the
// offset of a message is then its number within its partition.
#ifndef LIB_LOADER_H
#define LIB_LOADER_H

#include <stdint.h>

#include "base/bytes.h"

struct loader;

struct loader *loader_open(const char *bootstrap, const char *topic, int32_t partitions);
// The same with batches compressed (a librdkafka codec: lz4, ...).
struct loader *loader_open_with(const char *bootstrap, const char *topic, int32_t partitions,
                                const char *compression);
// Flushes first.
void loader_close(struct loader *loader);

struct loader_message {
    int32_t partition; // -1: murmur2 of the key; a null key goes to partition 0
    struct view key;   // .data NULL: null
    struct view value;
    int64_t timestamp_ms;    // -1: without a timestamp
    const char *header_name; // NULL: no header
    struct view header_value;
};

// Queues a message (its bytes are copied): the partition and offset that it has.
void loader_send(struct loader *loader, const struct loader_message *message, int32_t *partition,
                 int64_t *offset);

// How many messages of a partition have been queued: the offset of the next one.
int64_t loader_sent(const struct loader *loader, int32_t partition);

// Waits until all of it is on the broker; stops the test when something was refused.
void loader_flush(struct loader *loader);

#endif
