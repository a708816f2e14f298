// SPDX-License-Identifier: Apache-2.0
// Reads chosen partitions of a topic from chosen offsets, what is committed alone, for a command
// that does not belong to a group. Used by one thread. A worker reads through broker.h.
#ifndef BROKER_KAFKA_READER_H
#define BROKER_KAFKA_READER_H

#include "broker/broker_kafka.h"

struct kafka_reader_settings {
    const struct kafka_property *properties; // kafka.*, as a worker gets them
    size_t property_count;
    const char *topic;    // borrowed until it is closed
    const char *group_id; // names us to brokers that restrict groups; the group is not joined
};

struct kafka_reader;

// The cluster must outlive it.
enum status kafka_reader_open(struct kafka_cluster *cluster,
                              const struct kafka_reader_settings *settings,
                              struct kafka_reader **out, struct error *err) MUST_USE;
void kafka_reader_close(struct kafka_reader *reader); // NULL: nothing happens

// Asked of the cluster now; STATUS_RETRY: no answer.
// The partition's log: its start, and where what is committed ends (the last stable offset).
enum status kafka_reader_bounds(struct kafka_reader *reader, int32_t partition, int64_t *low,
                                int64_t *end, struct error *err) MUST_USE;
// The first record with this timestamp or a later one; -1: there is none.
enum status kafka_reader_offset_at(struct kafka_reader *reader, int32_t partition,
                                   int64_t timestamp_ms, int64_t *offset,
                                   struct error *err) MUST_USE;
// What the group has committed, with pending transactions resolved; -1: nothing. STATUS_RETRY also
// while a transaction is pending.
enum status kafka_reader_committed(struct kafka_reader *reader, int32_t partition, int64_t *offset,
                                   struct error *err) MUST_USE;

// Starts or moves a partition.
enum status kafka_reader_start(struct kafka_reader *reader, int32_t partition, int64_t offset,
                               struct error *err) MUST_USE;
enum status kafka_reader_stop(struct kafka_reader *reader, int32_t partition,
                              struct error *err) MUST_USE;

// Waits up to `timeout_ms` for a message and brings those that are there, in offset order within a
// partition; valid until the next poll. STATUS_RETRY: the cluster is out of reach, poll again.
// STATUS_RESET: a partition cannot be read on where it stands (its log's start has moved past it).
enum status kafka_reader_poll(struct kafka_reader *reader, int timeout_ms,
                              const struct message **messages, size_t *count,
                              struct error *err) MUST_USE;
// Every message of the partition below it, from the start's offset on, has been handed out.
int64_t kafka_reader_position(struct kafka_reader *reader, int32_t partition);

#endif
