// SPDX-License-Identifier: Apache-2.0
// Writes records into one topic, for tools: idempotent, without transactions. A worker's outputs
// go another way: see broker.h.
#ifndef BROKER_KAFKA_WRITER_H
#define BROKER_KAFKA_WRITER_H

#include "broker/broker_kafka.h"

// Bytes are copied before kafka_writer_send returns. key/value .data NULL: null.
struct kafka_written {
    int32_t partition;    // -1: murmur2 of the key, a null key any
    int64_t timestamp_ms; // -1: now
    struct view key;
    struct view value;
};

struct kafka_writer_settings {
    const struct kafka_property *properties; // kafka.*, as a worker gets them
    size_t property_count;
    const char *topic;
};

struct kafka_writer;

// Connects lazily. STATUS_FATAL names what librdkafka refuses.
enum status kafka_writer_open(struct kafka_cluster *cluster,
                              const struct kafka_writer_settings *settings,
                              struct kafka_writer **out, struct error *err) MUST_USE;
// What has not been flushed is dropped. NULL: nothing happens.
void kafka_writer_close(struct kafka_writer *writer);

// Queues a record. STATUS_RETRY: the queue is full, the same call again later (waits a moment
// itself); STATUS_RECORD: it is too large; STATUS_FATAL: the topic cannot be written, or an earlier
// record has been given up.
enum status kafka_writer_send(struct kafka_writer *writer, const struct kafka_written *record,
                              struct error *err) MUST_USE;
// Waits until everything queued is on the brokers. STATUS_RETRY: not all is, time is up;
// STATUS_FATAL: a record has been given up.
enum status kafka_writer_flush(struct kafka_writer *writer, int timeout_ms,
                               struct error *err) MUST_USE;
// Records that the brokers have acknowledged, as of the last send, flush or serve.
uint64_t kafka_writer_acknowledged(const struct kafka_writer *writer);
// Serves acknowledgements that have come; quick.
void kafka_writer_serve(struct kafka_writer *writer);

#endif
