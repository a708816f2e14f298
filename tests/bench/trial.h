// SPDX-License-Identifier: Apache-2.0
// A run of the service, or of the peer, on a topic of purchases: as a consumer group of its own
// with alert topics and a state directory of its own.
#ifndef BENCH_TRIAL_H
#define BENCH_TRIAL_H

#include "bench/load.h"
#include "bench/site.h"
#include "lib/cardwatch.h"
#include "lib/meter.h"

struct trial_settings {
    const char *purchases; // the topic, borrowed
    int32_t partitions;
    enum load_rule rule;
    const char *guarantee; // "exactly_once" or "at_least_once"
    int threads;
    bool http;                  // the service's metrics on a free port
    bool peer;                  // Kafka Streams instead of the service
    int peer_commit_ms;         // 0: the peer's default
    const char *peer_linger_ms; // NULL: the peer's default
};

struct trial {
    struct site *site; // borrowed
    struct trial_settings settings;
    char *dir;
    char *state_dir;
    char *application_id;
    char *alerts_avro;
    char *alerts_json;
    struct cardwatch service; // the peer's process and log too
    size_t log_from;          // where the process's log begins
    struct group_watch *watch;
    struct meter *meter; // of the process that runs
};

// Topics are made, nothing is started.
void trial_open(struct trial *trial, struct site *site, const struct trial_settings *settings);
void trial_close(struct trial *trial);

// Starts the process.
void trial_spawn(struct trial *trial);
// Starts it and returns when the first partition is at work; measuring has started then.
void trial_start(struct trial *trial);
// Waits until all partitions are at work.
void trial_await_running(struct trial *trial);
// Waits until the group has committed `total` purchases, all partitions together.
void trial_await(struct trial *trial, int64_t total);
// Waits for a line of the process's log.
void trial_await_log(struct trial *trial, const char *text, size_t count);
// In good order.
void trial_stop(struct trial *trial);
void trial_kill(struct trial *trial);

// Compares the alerts with what is expected, and notes the verdict in the row.
void trial_judge(struct trial *trial, const struct workload *expected, struct row *row);

#endif
