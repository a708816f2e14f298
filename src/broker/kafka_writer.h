// SPDX-License-Identifier: Apache-2.0
// Writes records into one topic, for tools: idempotent, without transactions or a group, placed as
// the Java client would. One thread uses a writer.
#ifndef BROKER_KAFKA_WRITER_H
#define BROKER_KAFKA_WRITER_H

#include "broker/broker_kafka.h"

struct kafka_writer;

struct kafka_writer_settings {
    const struct kafka_property *properties; // kafka.*
    size_t property_count;
    const char *topic;
};

// .data NULL in key or value: null.
struct kafka_writer_record {
    struct view key;
    struct view value;
    int64_t timestamp_ms; // > 0; otherwise: now
    const struct header *headers;
    size_t header_count;
    bool has_partition; // otherwise the key says which
    int32_t partition;
};

// Connects lazily; look first whether the topic is there (kafka_topic_partitions), or the broker
// may make it with settings of its own. STATUS_FATAL: a property is refused.
enum status kafka_writer_open(const struct kafka_writer_settings *settings,
                              struct kafka_writer **out, struct error *err) MUST_USE;
// Throws away what is not on the brokers yet.
void kafka_writer_close(struct kafka_writer *writer);

// Queues a record; its bytes are copied. STATUS_RETRY: the queue is full and stayed so for
// `timeout_ms`; the sentence says why when the brokers are out of reach. STATUS_RECORD: larger than
// the topic takes. STATUS_FATAL: a record queued before was refused.
enum status kafka_writer_write(struct kafka_writer *writer,
                               const struct kafka_writer_record *record, int timeout_ms,
                               struct error *err) MUST_USE;

// Waits until everything is on the brokers. STATUS_RETRY: not yet after `timeout_ms`; STATUS_FATAL:
// a record was refused.
enum status kafka_writer_flush(struct kafka_writer *writer, int timeout_ms,
                               struct error *err) MUST_USE;

// Records queued that are not on the brokers yet.
int64_t kafka_writer_waiting(struct kafka_writer *writer);

#endif
