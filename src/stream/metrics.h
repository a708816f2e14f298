// SPDX-License-Identifier: Apache-2.0
// What a worker counts. The worker writes its own plain struct and publishes a copy once a step;
// whoever shows metrics reads the published copies.
#ifndef STREAM_METRICS_H
#define STREAM_METRICS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "wire/purchase.h"

enum { HISTOGRAM_BUCKETS = 20 };

// Upper bounds double from 0.5 ms: 0.0005, 0.001, ... 131 s, then infinity.
struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t count;
    double sum_seconds;
};

void histogram_observe(struct histogram *histogram, double seconds);
// Adds the observations of `one`.
void histogram_add(struct histogram *sum, const struct histogram *one);
// The bucket's upper bound in seconds; the last one is infinite.
double histogram_bound(unsigned bucket);

struct counters {
    uint64_t purchases_consumed;
    uint64_t purchases_late[RULES_MAX];
    uint64_t purchases_duplicate;
    uint64_t purchases_capped;
    uint64_t purchases_tombstone;
    uint64_t purchases_misplaced;
    uint64_t purchases_lost; // deleted from the log before they were read
    uint64_t alerts[RULES_MAX];
    uint64_t dead_letters[DEAD_LETTER_CLASSES];
    uint64_t commits;
    uint64_t aborts;
    uint64_t resets;
    uint64_t checkpoints;
    uint64_t swept_cards;
    uint64_t changelog_records;
    uint64_t restore_records;
    double restore_seconds;
    uint64_t table_rows; // read, the bad ones included
    uint64_t table_bad_rows;
    struct histogram commit_seconds;
    struct histogram alert_latency_seconds;
};

void counters_add(struct counters *sum, const struct counters *one);

// Of all rules.
uint64_t counters_alerts(const struct counters *counters);

// What is known of one input partition by the worker that owns it.
struct partition_gauges {
    bool owned;
    bool running; // false: restoring or waiting
    bool stalled; // waiting for `stalled_schema`
    uint32_t stalled_schema;
    int64_t position;
    int64_t lag; // -1: not known
    int64_t stream_time_ms;
    bool stream_time_known;
    uint64_t state_cards;
    uint64_t state_bytes;
    // While it is restored: changelog offsets, and for how long.
    int64_t restore_from;
    int64_t restore_at;
    int64_t restore_end; // 0: not known yet
    int64_t restore_records;
    int64_t restore_ms;
    int64_t table_offset; // every row below it has been read; -1: not known
    uint64_t table_cards; // whose flag is on, as of the table's last checkpoint
};

struct recent;
struct inquiry;

struct worker_metrics {
    pthread_mutex_t lock;
    struct counters counters;
    struct partition_gauges *partitions; // partition_count of them
    int32_t partition_count;
    bool ready;                 // every assigned partition is running, its lag known
    _Atomic(int64_t) turned_ms; // the worker's clock when it last ended a turn
    // For people who look; NULL: nobody does. Set before the worker is opened.
    struct recent *recent;
    struct inquiry *inquiry;
};

void worker_metrics_init(struct worker_metrics *metrics, int32_t partition_count);
void worker_metrics_release(struct worker_metrics *metrics);
void worker_metrics_publish(struct worker_metrics *metrics, const struct counters *counters,
                            const struct partition_gauges *partitions, bool ready);
// The worker has ended a turn: it gets on.
void worker_metrics_turn(struct worker_metrics *metrics, int64_t now_ms);

#endif
