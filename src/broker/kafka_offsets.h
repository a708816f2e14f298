// SPDX-License-Identifier: Apache-2.0
// Where the consumer group stands in the input, asked and told.
#ifndef BROKER_KAFKA_OFFSETS_H
#define BROKER_KAFKA_OFFSETS_H

#include "broker/kafka_membership.h"

// Whose offset is asked for, by a handle of that group.
struct kafka_offset_query {
    rd_kafka_t *rk;
    const char *group_id;
    const char *topic;
    int32_t partition;
};
struct kafka_offset_answer {
    rd_kafka_resp_err_t code;
    int64_t offset; // -1: none
};
// Waits for the answer, up to a second, and longer never: by any thread.
void kafka_offsets_ask(const struct kafka_offset_query *query, struct kafka_offset_answer *answer);
// What the answer means: *offset, or what went wrong. STATUS_RETRY: a transaction is pending, or
// there was no answer.
enum status kafka_offsets_answer(const struct kafka_offset_query *query,
                                 const struct kafka_offset_answer *answer, int64_t *offset,
                                 struct error *err) MUST_USE;
// Both in one.
enum status kafka_offsets_committed(const struct kafka_offset_query *query, int64_t *offset,
                                    struct error *err) MUST_USE;
// Commits without a transaction.
enum status kafka_offsets_commit(struct kafka_membership *membership,
                                 const struct partition_offset *offsets, size_t count,
                                 struct error *err) MUST_USE;
// `offsets` of a topic as librdkafka's list, owned by the caller.
rd_kafka_topic_partition_list_t *
kafka_offsets_list(const char *topic, const struct partition_offset *offsets, size_t count);

#endif
