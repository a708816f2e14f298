// SPDX-License-Identifier: Apache-2.0
// The first records of a transaction, held back until it is committed. After a commit the broker
// goes on writing its markers for some milliseconds. A transaction whose records come in that time
// is refused, and librdkafka asks again only after 20 ms; input offsets that come first are asked
// for again after retry.backoff.ms. So a small transaction, which is one that alerts wait for,
// sends its offsets first. A large one cannot, and need not.
#ifndef BROKER_KAFKA_HELD_H
#define BROKER_KAFKA_HELD_H

#include <librdkafka/rdkafka.h>

#include "base/bytes.h"
#include "broker/broker.h"

struct held_record {
    enum output_topic topic;
    int32_t partition;
    int64_t timestamp_ms;
    size_t at; // of the key in the bytes, the value behind it
    size_t key_size;
    size_t value_size;
    bool has_key;
    bool has_value;
    rd_kafka_headers_t *headers; // NULL: none
};

struct kafka_held {
    struct buffer bytes;
    struct held_record *records; // HELD_RECORDS_MAX
    size_t count;
};

enum { HELD_RECORDS_MAX = 2048, HELD_BYTES_MAX = 256 * 1024 };

void kafka_held_init(struct kafka_held *held);
// Drops what is held.
void kafka_held_clear(struct kafka_held *held);
void kafka_held_release(struct kafka_held *held);

// Copies the record, but for its headers, which are `headers` (NULL: none) and pass to us. False:
// there is no room, and nothing was taken.
bool kafka_held_add(struct kafka_held *held, const struct record *record,
                    rd_kafka_headers_t *headers);
// The index-th record, borrowed until the next change; its headers are kafka_held_headers.
struct record kafka_held_record(const struct kafka_held *held, size_t index);
// The index-th record's headers, which pass to the caller.
rd_kafka_headers_t *kafka_held_headers(struct kafka_held *held, size_t index);

#endif
