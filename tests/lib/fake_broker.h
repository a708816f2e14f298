// SPDX-License-Identifier: Apache-2.0
// A Kafka cluster in memory, and the broker port on it: deterministic, single-threaded, on a
// virtual clock. One fake_cluster is shared by several broker objects, each of which stands for one
// worker. It does what real brokers do as far as the port can see it: transactions with epochs and
// markers, read_committed isolation, the eager group protocol, static membership, compaction,
// retention. It stops the process (ensure) when the port is used against its contract.
//
//   fake_topic.h   topics, records in and out, transactions of strangers
//   fake_fault.h   faults, outages, crashes, counts of calls
//
// What the fake decides where the port leaves it open:
// - reading starts after EVENT_ASSIGNED was accepted, and goes on until it is stopped, whatever the
//   group says (see fake_broker_reading_count);
// - an event that was shown stays the same until it is accepted;
// - a fenced epoch gives STATUS_RESET, a stale member's commit STATUS_ABORT;
// - a topic or partition that is missing gives STATUS_RETRY, from poll STATUS_FATAL after 30 s.
#ifndef LIB_FAKE_BROKER_H
#define LIB_FAKE_BROKER_H

#include "broker/broker.h"

struct fake_cluster;

// May be changed at any time.
struct fake_knobs {
    size_t batch_max;           // records a poll
    size_t changelog_batch_max; // records a changelog_poll
    size_t record_bytes_max;    // larger ones are refused
    bool linger;        // records wait in the producer until flush or commit, not in the log
    bool idle_advances; // a poll with nothing to hand out moves the clock by its time-out
    bool stragglers;    // without transactions: half of what a reset finds queued arrives after all
    // After an unknown outcome begin goes on under the old epoch, as a client without the guard
    // would, instead of answering STATUS_RESET: who forgets to call reset then gets into trouble.
    bool forgiving_producer;
    int64_t session_timeout_ms;
    int64_t poll_interval_max_ms;
    int64_t transaction_timeout_ms;
    int64_t marker_delay_ms;    // from the end of a transaction to its markers
    int64_t table_retention_ms; // delete.retention.ms of tables; -1: nobody may know
};

// Defaults: 500 and 500 records, 1 MiB, no linger, idle_advances, 10 s, 120 s, 10 s, 0, a day.
struct fake_cluster *fake_cluster_open(void);
// Frees the broker objects too, crashed and closed ones included.
void fake_cluster_close(struct fake_cluster *cluster);
struct fake_knobs *fake_cluster_knobs(struct fake_cluster *cluster);

// The virtual clock, 0 at first; and as time since the Unix epoch.
int64_t fake_clock_ms(const struct fake_cluster *cluster);
int64_t fake_clock_wall_ms(const struct fake_cluster *cluster);
// Moves it on; time-outs and delayed requests happen on the way, each at its moment.
void fake_clock_advance(struct fake_cluster *cluster, int64_t ms);

struct fake_broker_settings {
    const char *group_id;
    const char *group_instance_id; // NULL: dynamic membership
    const char *transactional_id;  // NULL: at least once
    const char *input_topic;
    const char *table_topic; // NULL: none
    const char *outputs[OUTPUT_TOPICS];
};

struct broker *fake_broker_open(struct fake_cluster *cluster,
                                const struct fake_broker_settings *settings);
// The worker is gone without a word. Each later call through the port fails with STATUS_FATAL and
// does nothing, so that what is left of the worker can be closed.
void fake_broker_crash(struct broker *base);
// Heartbeats do not arrive, everything else does: a zombie in the making.
void fake_broker_mute(struct broker *base, bool muted);
// Nothing gets through to the cluster or back.
void fake_broker_disconnect(struct broker *base, bool disconnected);

// Input partitions that are being read, owned or not.
size_t fake_broker_reading_count(const struct broker *base);

// The committed offset of the group, -1: none; setting -1 is what the offsets' expiry does.
int64_t fake_group_committed(struct fake_cluster *cluster, const char *group, int32_t partition);
void fake_group_commit(struct fake_cluster *cluster, const char *group, int32_t partition,
                       int64_t offset);
// Begins a rebalance, as a change of metadata does.
void fake_group_rebalance(struct fake_cluster *cluster, const char *group);
// Grows with each completed rebalance.
int64_t fake_group_generation(struct fake_cluster *cluster, const char *group);

#endif
