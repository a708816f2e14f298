// SPDX-License-Identifier: Apache-2.0
// Reads a whole topic, all its partitions, for people and tools: no group, no commits. What is
// committed alone is seen (read_committed), unless asked otherwise. Not for a worker: see broker.h.
#ifndef BROKER_KAFKA_FOLLOWER_H
#define BROKER_KAFKA_FOLLOWER_H

#include "broker/broker_kafka.h"

// Borrowed: valid until the next poll. key/value .data NULL: null.
struct kafka_followed {
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    bool has_timestamp;
    struct view key;
    struct view value;
    const struct header *headers;
    size_t header_count;
};

enum kafka_follow_from {
    KAFKA_FOLLOW_BEGINNING,
    KAFKA_FOLLOW_END,
    KAFKA_FOLLOW_TIME, // the first record of from_ms or later
};

struct kafka_follower_settings {
    const struct kafka_property *properties; // kafka.*, as a worker gets them
    size_t property_count;
    const char *topic;    // borrowed until it is closed
    const char *group_id; // names us to brokers that restrict groups
    enum kafka_follow_from from;
    int64_t from_ms;  // KAFKA_FOLLOW_TIME alone
    bool uncommitted; // see open and aborted transactions too
};

struct kafka_follower;

// Asks the cluster, which must outlive the follower, where each partition begins and ends.
// STATUS_RETRY: out of reach; STATUS_FATAL: there is no such topic, or it may not be read.
enum status kafka_follower_open(struct kafka_cluster *cluster,
                                const struct kafka_follower_settings *settings,
                                struct kafka_follower **out, struct error *err) MUST_USE;
void kafka_follower_close(struct kafka_follower *follower); // NULL: nothing happens

// Waits up to `timeout_ms` for a record and brings those that are there: in offset order within a
// partition. Where the log's start has overtaken us, reading goes on from there. STATUS_RETRY: the
// cluster is out of reach, poll again; STATUS_FATAL: reading is not allowed.
enum status kafka_follower_poll(struct kafka_follower *follower, int timeout_ms,
                                const struct kafka_followed **records, size_t *count,
                                struct error *err) MUST_USE;

// Notes where the partitions end now; kafka_follower_at_end is true once all before that has been
// polled. STATUS_RETRY: out of reach.
enum status kafka_follower_note_end(struct kafka_follower *follower, struct error *err) MUST_USE;
bool kafka_follower_at_end(struct kafka_follower *follower);

#endif
