// SPDX-License-Identifier: Apache-2.0
// One producer: queueing records and what became of them. kafka_transaction.h puts transactions
// around it; a dead producer is thrown away and a new one made.
#ifndef BROKER_KAFKA_PRODUCING_H
#define BROKER_KAFKA_PRODUCING_H

#include "broker/broker.h"
#include "broker/kafka_client.h"
#include "broker/kafka_echo.h"
#include "broker/kafka_errors.h"
#include "broker/kafka_held.h"

struct kafka_cluster;

// The largest record that each output topic takes, as a batch of its own. Asked of the cluster.
struct kafka_limits {
    size_t record_bytes[OUTPUT_TOPICS];
    bool known[OUTPUT_TOPICS]; // false: the cluster did not say, the default is assumed
};

struct kafka_producing {
    struct kafka_client client;
    struct kafka_echo echo;
    bool transactional;
    const char *names[OUTPUT_TOPICS]; // borrowed; NULL: not written
    rd_kafka_topic_t *topics[OUTPUT_TOPICS];
    struct kafka_limits limits;
    rd_kafka_message_t *batch; // scratch of produce_changelog
    struct kafka_held held;
    bool holding;        // records are held until kafka_producing_send_held
    size_t queued_count; // since delivery reports were last served
    int64_t *delivered;  // by changelog partition: one past the highest acknowledged; -1: none
    int32_t delivered_count;
    bool failed; // a record was refused or given up since kafka_producing_forgive
    struct kafka_fault failure;
    enum output_topic failure_topic;
    int32_t failure_partition;
};

// The default of a topic that says nothing.
void kafka_limits_init(struct kafka_limits *limits);
// Asks for each topic's max.message.bytes; what is not answered keeps the default and is not known.
// False: time is up, and what was left has not been asked.
bool kafka_limits_ask(struct kafka_limits *limits, struct kafka_cluster *cluster,
                      const struct kafka_settings *settings, int timeout_ms);

// Does not talk to the cluster. `transactional_id` NULL: no transactions.
enum status kafka_producing_open(struct kafka_producing *producing,
                                 const struct kafka_settings *settings,
                                 const char *transactional_id, const struct kafka_limits *limits,
                                 struct error *err) MUST_USE;
// What is still queued is dropped. Closing what is not open does nothing.
void kafka_producing_close(struct kafka_producing *producing);

// See struct broker_ops.
enum status kafka_producing_put(struct kafka_producing *producing, const struct record *record,
                                struct error *err) MUST_USE;
enum status kafka_producing_put_changelog(struct kafka_producing *producing, int32_t partition,
                                          const struct view *keys, const struct view *values,
                                          size_t count, struct error *err) MUST_USE;

// From here on records are held back, as long as they are few: see kafka_held.h.
void kafka_producing_hold(struct kafka_producing *producing);
// Hands what is held to librdkafka and holds no more. The failures are those of putting.
enum status kafka_producing_send_held(struct kafka_producing *producing,
                                      struct error *err) MUST_USE;
// Drops what is held, and holds no more.
void kafka_producing_drop_held(struct kafka_producing *producing);

// Serves delivery reports that have come.
void kafka_producing_serve(struct kafka_producing *producing);
// Waits until everything queued has been acknowledged or given up. False: time is up.
bool kafka_producing_flush(struct kafka_producing *producing, int timeout_ms);
// One past the highest acknowledged changelog offset of the partition; -1: none.
int64_t kafka_producing_delivered(const struct kafka_producing *producing, int32_t partition);

// Puts the first failed delivery, if there was one, behind the sentence that `err` has.
void kafka_producing_explain(const struct kafka_producing *producing, struct error *err);
void kafka_producing_forgive(struct kafka_producing *producing);

#endif
