// SPDX-License-Identifier: Apache-2.0
// Where the consumer group stands in the input, asked and told by a member's handle.
#ifndef BROKER_KAFKA_OFFSETS_H
#define BROKER_KAFKA_OFFSETS_H

#include "broker/kafka_membership.h"

// The group's committed offset, stable; -1: none. STATUS_RETRY: a transaction is pending, or there
// is no answer.
enum status kafka_offsets_committed(struct kafka_membership *membership, int32_t partition,
                                    int64_t *offset, struct error *err) MUST_USE;
// Commits without a transaction.
enum status kafka_offsets_commit(struct kafka_membership *membership,
                                 const struct partition_offset *offsets, size_t count,
                                 struct error *err) MUST_USE;
// `offsets` of a topic as librdkafka's list, owned by the caller.
rd_kafka_topic_partition_list_t *
kafka_offsets_list(const char *topic, const struct partition_offset *offsets, size_t count);

#endif
