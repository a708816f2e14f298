// SPDX-License-Identifier: Apache-2.0
// What a fake cluster and its broker objects are made of; for the fake's own files.
#ifndef LIB_FAKE_PARTS_H
#define LIB_FAKE_PARTS_H

#include "lib/fake_broker.h"
#include "lib/fake_fault.h"
#include "lib/fake_group.h"
#include "lib/fake_member.h"
#include "lib/fake_producer.h"
#include "lib/fake_reader.h"
#include "lib/fake_topic.h"
#include "lib/fake_txn.h"

enum { FAKE_FAULTS_MAX = 32, FAKE_GROUPS_MAX = 16, FAKE_BROKERS_MAX = 4096 };

struct fake_torture {
    bool armed;
    bool fired;
    bool crash;
    uint64_t countdown;
    unsigned variant;
    enum fake_fate fate; // of a crash
};

struct fake_faults {
    struct fake_fault list[FAKE_FAULTS_MAX];
    size_t count;
    uint64_t outage_calls;
    struct fake_torture torture;
    struct fake_director director;
    uint64_t calls[FAKE_OPS];
};

struct fake_cluster {
    struct fake_knobs knobs;
    int64_t now_ms;
    struct fake_topics topics;
    struct fake_txns txns;
    struct fake_group *groups[FAKE_GROUPS_MAX];
    size_t group_count;
    struct fake_broker **brokers;
    size_t broker_count;
    struct fake_faults faults;
};

struct fake_broker {
    struct broker base; // first, so that the port's pointer is ours
    struct fake_cluster *cluster;
    char *input_topic;
    char *table_topic; // NULL: none
    char *outputs[OUTPUT_TOPICS];
    struct fake_member member;
    struct fake_reader input;
    struct fake_reader changelog;
    struct fake_reader table;
    struct fake_producer producer;
    bool closed;
    bool crashed;
    bool disconnected;
    bool missing; // the input topic, since
    int64_t missing_since_ms;
    uint64_t calls[FAKE_OPS];
};

static inline struct fake_broker *fake_of(struct broker *broker)
{
    return (struct fake_broker *)broker;
}

// The group of that name, made when it is new.
struct fake_group *fake_cluster_group(struct fake_cluster *cluster, const char *name,
                                      const char *topic);
// Brings groups and transactions up to the knobs and the clock.
void fake_cluster_settle(struct fake_cluster *cluster);
// The next moment at which something happens by itself; INT64_MAX: none.
int64_t fake_cluster_next_due_ms(const struct fake_cluster *cluster);

// What a call has to do before all else: counts it and finds out how it is to end.
struct fake_verdict {
    bool bad; // the answer is `status`, whatever the call did
    enum status status;
    enum fake_fate fate;
    int64_t delay_ms;
    bool crash;
    bool out_of_reach;
    const char *reason;
};
struct fake_verdict fake_fault_enter(struct fake_broker *broker, enum fake_op op);
// The answer of a call whose own result is `status`.
enum status fake_fault_leave(struct fake_broker *broker, enum fake_op op,
                             const struct fake_verdict *verdict, enum status status,
                             struct error *err) MUST_USE;
static inline bool fake_verdict_skips(const struct fake_verdict *verdict)
{
    return verdict->bad && verdict->fate == FATE_NOTHING;
}
static inline enum fake_fate fake_verdict_fate(const struct fake_verdict *verdict)
{
    return verdict->bad ? verdict->fate : FATE_DONE;
}

#endif
