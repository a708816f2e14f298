// SPDX-License-Identifier: Apache-2.0
// The cluster as a whole: one handle for metadata, watermarks and administration, which all threads
// share. It reads uncommitted, so that watermarks are the true ones.
#ifndef BROKER_KAFKA_CLUSTER_H
#define BROKER_KAFKA_CLUSTER_H

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

#include "broker/kafka_client.h"

struct kafka_cluster {
    struct kafka_client client;
    atomic_int late_count; // questions that librdkafka has not come back from in time
};

// The log's start and its high watermark, asked of the cluster now. STATUS_RETRY: no answer within
// seconds, or too many questions still wait for theirs.
enum status kafka_cluster_watermarks(struct kafka_cluster *cluster, const char *topic,
                                     int32_t partition, int64_t *low, int64_t *high,
                                     struct error *err) MUST_USE;

// The offset of the partition's first record with this timestamp or a later one; -1: there is none.
enum status kafka_cluster_offset_at(struct kafka_cluster *cluster, const char *topic,
                                    int32_t partition, int64_t timestamp_ms, int64_t *offset,
                                    struct error *err) MUST_USE;

struct kafka_setting_query {
    const char *topic;
    const char *name;
    int timeout_ms;
};

// kafka_topic_setting_get with a time-out of the caller's.
enum status kafka_topic_setting_within(struct kafka_cluster *cluster,
                                       const struct kafka_setting_query *query, char *value,
                                       size_t size, struct error *err) MUST_USE;

#endif
