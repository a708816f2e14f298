// SPDX-License-Identifier: Apache-2.0
// librdkafka's configuration of each kind of handle: our defaults, then the user's kafka.*, then
// what the guarantees rest on.
#ifndef BROKER_KAFKA_PROPERTIES_H
#define BROKER_KAFKA_PROPERTIES_H

#include <librdkafka/rdkafka.h>

#include "broker/broker_kafka.h"

enum kafka_kind {
    KAFKA_KIND_CLUSTER,   // admin, metadata, watermarks: read uncommitted, no group
    KAFKA_KIND_GROUP,     // member of the consumer group: reads nothing
    KAFKA_KIND_INPUT,     // reads the input, assigned by hand
    KAFKA_KIND_CHANGELOG, // reads changelogs, assigned by hand
    KAFKA_KIND_PRODUCER,
};

struct kafka_properties {
    const struct kafka_property *items;
    size_t count;
};

// STATUS_FATAL names the property: not known, a bad value, or one that is not the user's to set.
enum status kafka_properties_check(const struct kafka_properties *properties,
                                   struct error *err) MUST_USE;

// The configuration of a handle, owned by the caller. STATUS_FATAL as above.
enum status kafka_properties_conf(const struct kafka_properties *properties, enum kafka_kind kind,
                                  rd_kafka_conf_t **out, struct error *err) MUST_USE;

// Sets a property of our own; a refusal stops the process.
void kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value);

// The user's value of a property, or `fallback` when it is not set or no number.
long kafka_properties_number(const struct kafka_properties *properties, const char *name,
                             long fallback);

#endif
