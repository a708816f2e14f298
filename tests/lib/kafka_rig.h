// SPDX-License-Identifier: Apache-2.0
// What the tests of the broker port on librdkafka need around it, on a mock cluster as on a real
// one: brokers for workers, a plain producer and a plain reader to look at topics from outside.
// Whatever does not come about within a deadline fails the test.
#ifndef LIB_KAFKA_RIG_H
#define LIB_KAFKA_RIG_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#include "broker/broker_kafka.h"

enum { RIG_PROPERTIES_MAX = 12, RIG_WAIT_MS = 30000 };

struct kafka_rig {
    struct kafka_property properties[RIG_PROPERTIES_MAX];
    size_t property_count;
    struct kafka_cluster *cluster;
    const char *servers;
    rd_kafka_t *writer; // plain producer, without a partitioner of ours
    rd_kafka_topic_t *held[2];
    const char *group_id;
    const char *input;
    const char *table; // NULL: none; to be set before kafka_rig_broker
    const char *outputs[OUTPUT_TOPICS];
};

// Topics: purchases, alerts-avro, alerts-json, dead, changelog. They are made elsewhere.
void kafka_rig_open(struct kafka_rig *rig, const char *servers);
// The same with other names, borrowed.
void kafka_rig_open_named(struct kafka_rig *rig, const char *servers, const char *input,
                          const char *const *outputs);
void kafka_rig_close(struct kafka_rig *rig);
// To be called before kafka_rig_open_cluster.
void kafka_rig_property(struct kafka_rig *rig, const char *name, const char *value);
void kafka_rig_open_cluster(struct kafka_rig *rig);

struct broker *kafka_rig_broker(struct kafka_rig *rig, const char *instance_id,
                                const char *transactional_id);

// Writes a record and waits until it is there; returns its offset. `key` and `value` may be NULL.
int64_t kafka_rig_put(struct kafka_rig *rig, const char *topic, int32_t partition, const char *key,
                      const char *value);
// Writes `count` records with the values 0, 1, ... as text.
void kafka_rig_fill(struct kafka_rig *rig, const char *topic, int32_t partition, int count);

// What retention does: the partition's log begins at `offset`.
void kafka_rig_delete_before(struct kafka_rig *rig, const char *topic, int32_t partition,
                             int64_t offset);

// All records of a topic that are readable now, by a plain consumer; freed by the caller.
struct rig_records {
    rd_kafka_message_t **items;
    size_t count;
    rd_kafka_t *reader;
};
struct rig_records kafka_rig_read(struct kafka_rig *rig, const char *topic, const char *isolation);
void rig_records_free(struct rig_records *records);

// Polls until the event comes, without accepting it; records on the way are dropped, other events
// are accepted.
struct batch rig_await_event(struct broker *broker, enum membership_event event);
// ... and accepts it. Returns how many partitions were assigned.
size_t rig_join(struct broker *broker);
// What the group has committed, when it is known; -1: nothing.
int64_t rig_committed(struct broker *broker, int32_t partition);
// Calls reset until the producer is ready.
void rig_reset(struct broker *broker);
// Polls for the next batch with records; events on the way are accepted.
struct batch rig_await_records(struct broker *broker);
void rig_ok(enum status status, const struct error *err);

#endif
