// SPDX-License-Identifier: Apache-2.0
// The topics of an application: their names and what each must be like.
#ifndef STREAM_TOPICS_H
#define STREAM_TOPICS_H

#include "broker/broker_kafka.h"
#include "config/config.h"

enum topics_index {
    TOPICS_PURCHASES,
    TOPICS_TRAVEL_FLAGS,
    TOPICS_ALERTS_AVRO,
    TOPICS_ALERTS_JSON,
    TOPICS_DEAD_LETTERS,
    TOPICS_CHANGELOG,
    TOPICS_MASKED_PURCHASES, // optional, as the next
    TOPICS_PURCHASE_COUNTS,
    TOPICS_COUNT,
};

// Whether a topic must have the partitions of the input, to be read or written beside it.
static inline bool topics_follow_input(enum topics_index index)
{
    return index == TOPICS_TRAVEL_FLAGS || index >= TOPICS_CHANGELOG;
}

// Names are borrowed from the configuration, except the changelog's, which topics_release frees.
// The name of an optional topic that is not configured is empty.
struct topics {
    struct kafka_topic_plan plans[TOPICS_COUNT];
    bool table_needed; // a rule asks for the travel flags
};

// `partitions`: of the input topic; tables and changelog share its partitioning, the outputs too.
void topics_plan(const struct config *config, int32_t partitions, struct topics *out);
void topics_release(struct topics *topics);

#endif
