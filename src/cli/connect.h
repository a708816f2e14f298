// SPDX-License-Identifier: Apache-2.0
// What the commands that look at a cluster share: connections, the alert schema, lines of findings.
#ifndef CLI_CONNECT_H
#define CLI_CONNECT_H

#include "broker/broker_kafka.h"
#include "broker/kafka_follower.h"
#include "broker/kafka_writer.h"
#include "config/config.h"
#include "registry/registry.h"

enum { CONNECT_DEADLINE_MS = 10000 };

// Opens the cluster's handle with kafka.* of the configuration; connects lazily.
enum status connect_cluster(const struct config *config, struct kafka_cluster **out,
                            struct error *err) MUST_USE;
// Opens a writer into a topic.
enum status connect_writer(const struct config *config, const char *topic,
                           struct kafka_writer **out, struct error *err) MUST_USE;
// Opens a follower; the settings' properties are the configuration's.
enum status connect_follower(const struct config *config, struct kafka_cluster *cluster,
                             const struct kafka_follower_settings *settings,
                             struct kafka_follower **out, struct error *err) MUST_USE;
// Opens the registry's client, without a cache on disk.
enum status connect_registry(const struct config *config, struct registry **out,
                             struct error *err) MUST_USE;
// The same; an id counts as unknown when it was not there for so long.
enum status connect_registry_within(const struct config *config, int64_t unknown_after_ms,
                                    struct registry **out, struct error *err) MUST_USE;

// Lines on stdout: "ok       topic purchases: 4 partitions".
struct findings {
    size_t problem_count;
};

void findings_add(struct findings *findings, const char *kind, const char *subject,
                  const char *format, ...) PRINTF_LIKE(4, 5);
void findings_problem(struct findings *findings, const char *subject, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif
