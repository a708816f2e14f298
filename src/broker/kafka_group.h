// SPDX-License-Identifier: Apache-2.0
// Who is in a consumer group, for commands that must find it empty.
#ifndef BROKER_KAFKA_GROUP_H
#define BROKER_KAFKA_GROUP_H

#include "broker/broker_kafka.h"

// Asks the group's coordinator: *count members, and for people their names and hosts, a list by
// commas, appended to `names` as far as its maximum goes. A group that does not exist has none.
// STATUS_RETRY: no answer.
enum status kafka_group_members(struct kafka_cluster *cluster, const char *group_id, size_t *count,
                                struct buffer *names, struct error *err) MUST_USE;

#endif
