// SPDX-License-Identifier: Apache-2.0
// What the demo plays on: a broker (embedded, or somebody's), topics of its own, a schema registry
// with the purchase schema in it, a directory for state, and the service's configuration.
#ifndef CLI_DEMO_STAGE_H
#define CLI_DEMO_STAGE_H

#include "broker/broker_kafka.h"
#include "broker/kafka_embedded.h"
#include "cli/temporary.h"
#include "config/config.h"
#include "demo/dev_registry.h"

enum { DEMO_PARTITIONS = 4 };

struct demo_plan {
    int64_t seconds; // 0: until asked to stop
    int64_t rate;    // purchases a second
    int64_t seed;
    const char *brokers; // NULL: an embedded one
    const char *http;    // NULL: the default address, or a free port if that is taken
};

struct demo_stage {
    struct temporary dir;
    struct kafka_embedded *embedded; // NULL: somebody's brokers
    struct dev_registry *registry;
    struct config config;
    bool configured;
    struct kafka_property *properties; // config.kafka as the broker folder has it
    struct kafka_cluster *cluster;
    bool topics_made;   // on somebody's brokers: to be deleted
    uint32_t schema_id; // of purchases
};

// What has been opened is to be closed after a failure too.
enum status demo_stage_open(struct demo_stage *stage, const struct demo_plan *plan,
                            struct error *err) MUST_USE;
// Clients of the broker should be closed before. Deletes the topics that it made.
void demo_stage_close(struct demo_stage *stage);

#endif
