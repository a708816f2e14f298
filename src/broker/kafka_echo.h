// SPDX-License-Identifier: Apache-2.0
// Whether a request that ends a transaction, or gives it offsets, may still be on its way when the
// transaction is over. librdkafka sends such a request again when its connection breaks, and tells
// nobody. The first copy may reach the broker late, though, and nothing in it says which
// transaction it belongs to: up to KIP-890's second protocol, which librdkafka does not speak, it
// ends the next one half-way, or sets its offsets back. The cure is a new producer: brokers refuse
// what comes from an older epoch.
#ifndef BROKER_KAFKA_ECHO_H
#define BROKER_KAFKA_ECHO_H

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdbool.h>

// Written by librdkafka's threads. Must not move while the handle exists.
struct kafka_echo {
    atomic_bool possible;
};

// Watches the requests of the handle that is made of `conf`.
void kafka_echo_watch(struct kafka_echo *echo, rd_kafka_conf_t *conf);

// True once such a request has been left without an answer, and ever after.
bool kafka_echo_possible(const struct kafka_echo *echo);

#endif
