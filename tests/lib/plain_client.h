// SPDX-License-Identifier: Apache-2.0
// A librdkafka client of the tests' own, its settings by their names. What librdkafka refuses ends
// the program with a sentence.
#ifndef LIB_PLAIN_CLIENT_H
#define LIB_PLAIN_CLIENT_H

#include <librdkafka/rdkafka.h>
#include <stdint.h>

struct plain_setting {
    const char *name;
    const char *value;
};

// PLAIN_CLIENT(RD_KAFKA_CONSUMER, {"bootstrap.servers", servers}, {"group.id", "watchers"}): the
// caller's to rd_kafka_destroy(). It logs what is critical, unless log_level is among the settings.
#define PLAIN_CLIENT(type, ...) plain_client_open(type, PLAIN_CONF(__VA_ARGS__))

// The settings alone, for callers that add callbacks before they open the client.
#define PLAIN_CONF(...) plain_conf((const struct plain_setting[]){__VA_ARGS__, {NULL, NULL}})

// The settings up to the one without a name.
rd_kafka_conf_t *plain_conf(const struct plain_setting *settings);

// Takes the settings. A consumer is to be polled as a consumer alone, never by rd_kafka_poll().
rd_kafka_t *plain_client_open(rd_kafka_type_t type, rd_kafka_conf_t *conf);

// Has a consumer read all of a topic, from the beginning.
void plain_client_assign(rd_kafka_t *consumer, const char *topic, int32_t partitions);

#endif
