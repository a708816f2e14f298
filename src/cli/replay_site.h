// SPDX-License-Identifier: Apache-2.0
// What every kind of replay stands on: settings as the service has them, schemas, scratch space,
// and somebody who may press Ctrl-C.
#ifndef CLI_REPLAY_SITE_H
#define CLI_REPLAY_SITE_H

#include "broker/broker_kafka.h"
#include "cli/replay_options.h"
#include "cli/signals.h"
#include "cli/temporary.h"
#include "config/config.h"
#include "registry/registry.h"
#include "stream/replay.h"

struct replay_site {
    const struct config *config;
    const struct replay_options *options;
    struct signals signals;
    struct kafka_cluster *cluster; // NULL: the purchases are in a file
    struct registry *registry;     // NULL: the same
    struct kafka_property *properties;
    struct temporary scratch_dir;
    struct store_dir *scratch;
    struct token_key *token_key;
    struct alert_encoder *encoder;
    struct stream_settings settings; // input_partitions and cache_bytes are still to be set
};

// Connects where that is needed. To be closed after a failure too.
enum status replay_site_open(struct replay_site *site, const struct config *config,
                             const struct replay_options *options, struct error *err) MUST_USE;
void replay_site_close(struct replay_site *site);

static inline bool replay_site_is_asked_to_stop(const struct replay_site *site)
{
    return atomic_load(&site->signals.asked);
}

// Schemas by the registry, waited for; pending only once somebody has asked to stop. Thread-safe.
struct schema_source replay_site_schemas(struct replay_site *site);

#endif
