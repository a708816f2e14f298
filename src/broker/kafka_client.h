// SPDX-License-Identifier: Apache-2.0
// What every handle of librdkafka has in common: its log, and what it last said about the cluster
// being out of reach.
#ifndef BROKER_KAFKA_CLIENT_H
#define BROKER_KAFKA_CLIENT_H

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdbool.h>

#include "broker/kafka_properties.h"

// Must not move while it is open: librdkafka's threads hold its address.
struct kafka_client {
    rd_kafka_t *rk; // NULL: not open
    void *owner;    // for the callbacks that the owner adds to the configuration
    bool ready;     // open, or on the way to it
    pthread_mutex_t lock;
    bool down;                     // all brokers have been lost since kafka_client_up
    rd_kafka_resp_err_t last_code; // of the last trouble with a broker
    char trouble[512];             // its sentence
};

// Takes ownership of `conf`. STATUS_FATAL: librdkafka refuses the combination of properties.
enum status kafka_client_open(struct kafka_client *client, rd_kafka_type_t type,
                              rd_kafka_conf_t *conf, void *owner, struct error *err) MUST_USE;
// No flush, no commit, no leaving of the group. Closing what is not open does nothing.
void kafka_client_close(struct kafka_client *client);

// True when all brokers are out of reach, with librdkafka's last word on it. Callbacks must have
// been served (any poll does).
bool kafka_client_is_down(struct kafka_client *client, rd_kafka_resp_err_t *code, char *text,
                          size_t size);
// Something came from a broker.
void kafka_client_up(struct kafka_client *client);

#endif
