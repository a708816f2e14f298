// SPDX-License-Identifier: Apache-2.0
// A worker's membership of the consumer group: which partitions are its own, under which generation
// it may commit, and where the group stands. The group's handle reads nothing itself: it assigns
// itself an empty list, and the worker reads by other handles (kafka_reading.h).
//
// An event is noted inside librdkafka's callback and answered outside of it, by accept: until then
// the group waits for us (heartbeats go on).
#ifndef BROKER_KAFKA_MEMBERSHIP_H
#define BROKER_KAFKA_MEMBERSHIP_H

#include "broker/broker.h"
#include "broker/kafka_asking.h"
#include "broker/kafka_client.h"

struct kafka_cluster;

// Who we are in the group: member, generation. Shared by the worker's own calls; one that hangs
// keeps its reference.
struct kafka_identity {
    int references;
    rd_kafka_consumer_group_metadata_t *metadata;
};
struct kafka_identity *kafka_identity_keep(struct kafka_identity *identity);
void kafka_identity_drop(struct kafka_identity *identity); // NULL is allowed

struct kafka_membership {
    struct kafka_client client;
    struct kafka_asking asking;            // by that client
    const struct kafka_settings *settings; // borrowed
    const char *topic;                     // its input topic
    const char *group_id;
    bool joined; // has subscribed
    bool closing;
    enum membership_event event; // waits for accept; EVENT_NONE: there is none
    bool lost_unsaid; // the group has replaced an assignment without revoking it first: EVENT_LOST
                      // is handed out before `event`
    bool owning;      // an assignment has been handed out and not been taken back
    int32_t *partitions; // of the last assignment
    size_t partition_count;
    // Taken when the assignment came, so that a commit can never be made under a generation that
    // came later: NULL when we own nothing.
    struct kafka_identity *identity;
    rd_kafka_consumer_group_metadata_t *nobody; // what it looks like to be no member
    int64_t missing_since_ms; // the input topic was reported unknown; 0: it is not
    int64_t asked_ms;
};

enum status kafka_membership_open(struct kafka_membership *membership,
                                  const struct kafka_settings *settings,
                                  struct error *err) MUST_USE;
// Leaves the group (static members stay known) within a few seconds, destroys everything.
void kafka_membership_close(struct kafka_membership *membership);

// Serves the group without waiting. An event is then to be seen by kafka_membership_event.
enum status kafka_membership_poll(struct kafka_membership *membership,
                                  struct kafka_cluster *cluster, struct error *err) MUST_USE;
// The event to hand out; EVENT_NONE when there is none.
enum membership_event kafka_membership_event(const struct kafka_membership *membership);
enum status kafka_membership_accept(struct kafka_membership *membership,
                                    struct error *err) MUST_USE;

// True while what we commit counts, as far as we have heard. The group may know better: commits
// carry `identity`.
bool kafka_membership_stands(const struct kafka_membership *membership);

#endif
