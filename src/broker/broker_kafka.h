// SPDX-License-Identifier: Apache-2.0
// The broker port on librdkafka. One `struct kafka_cluster` a process (the admin and
// read-uncommitted handle, shared by threads), one broker object a worker.
#ifndef BROKER_BROKER_KAFKA_H
#define BROKER_BROKER_KAFKA_H

#include "broker/broker.h"

struct kafka_property {
    const char *name;
    const char *value;
};

struct kafka_settings {
    const struct kafka_property *properties; // kafka.*: any librdkafka property, passed through
    size_t property_count;
    const char *group_id;          // application_id
    const char *group_instance_id; // NULL: no static membership
    const char *transactional_id;  // NULL: at least once
    const char *input_topic;
    const char *table_topic;            // NULL: no table is read
    const char *outputs[OUTPUT_TOPICS]; // topic names; NULL: not written
};

struct kafka_cluster;

// Connects lazily. STATUS_FATAL names the property that librdkafka refuses.
enum status kafka_cluster_open(const struct kafka_property *properties, size_t property_count,
                               struct kafka_cluster **out, struct error *err) MUST_USE;
void kafka_cluster_close(struct kafka_cluster *cluster);

// STATUS_RETRY names the brokers that cannot be reached and why; STATUS_FATAL: refused (TLS, SASL).
enum status kafka_cluster_ping(struct kafka_cluster *cluster, int timeout_ms,
                               struct error *err) MUST_USE;

struct kafka_topic_setting {
    const char *name;
    const char *value;
};

// What a topic must be like; partition_count -1: the broker's default.
struct kafka_topic_plan {
    const char *name;
    int32_t partition_count;
    const struct kafka_topic_setting *settings;
    size_t setting_count;
};

// *partition_count is -1 when the topic does not exist.
enum status kafka_topic_partitions(struct kafka_cluster *cluster, const char *topic,
                                   int32_t *partition_count, struct error *err) MUST_USE;
// Creates the topic when it is missing (*created), with the broker's default replication, and waits
// until the cluster's metadata shows it. An existing topic is left as it is.
enum status kafka_topic_create(struct kafka_cluster *cluster, const struct kafka_topic_plan *plan,
                               bool *created, struct error *err) MUST_USE;
// Deletes a topic; one that does not exist is no error.
enum status kafka_topic_delete(struct kafka_cluster *cluster, const char *topic,
                               struct error *err) MUST_USE;
// The value of a topic's configuration entry, e.g. cleanup.policy.
enum status kafka_topic_setting_get(struct kafka_cluster *cluster, const char *topic,
                                    const char *name, char *value, size_t size,
                                    struct error *err) MUST_USE;

// What a worker's queues in librdkafka hold at most: purchases that wait to be taken, and records
// that wait to be sent. Counted are keys and values; a record of 100 bytes takes about 300.
struct kafka_bounds {
    int64_t consume_queue_bytes; // kafka.queued.max.messages.kbytes
    int64_t produce_queue_bytes; // kafka.queue.buffering.max.kbytes
};
enum status kafka_bounds_read(const struct kafka_property *items, size_t count,
                              struct kafka_bounds *out, struct error *err) MUST_USE;

// A worker's broker. The cluster must outlive it. Joins the group at the first poll.
enum status broker_kafka_open(struct kafka_cluster *cluster, const struct kafka_settings *settings,
                              struct broker **out, struct error *err) MUST_USE;

#endif
