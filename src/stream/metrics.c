// SPDX-License-Identifier: Apache-2.0
#include "stream/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

static const double first_bound_seconds = 0.0005;

double histogram_bound(unsigned bucket)
{
    ensure(bucket < HISTOGRAM_BUCKETS);
    if (bucket == HISTOGRAM_BUCKETS - 1)
        return INFINITY;
    return ldexp(first_bound_seconds, (int)bucket);
}

void histogram_observe(struct histogram *histogram, double seconds)
{
    if (!(seconds > 0)) // a clock that was set back counts as nothing
        seconds = 0;
    unsigned bucket = 0;
    while (seconds > histogram_bound(bucket))
        bucket++;
    histogram->counts[bucket]++;
    histogram->count++;
    histogram->sum_seconds += seconds;
}

void histogram_add(struct histogram *sum, const struct histogram *one)
{
    for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++)
        sum->counts[b] += one->counts[b];
    sum->count += one->count;
    sum->sum_seconds += one->sum_seconds;
}

void counters_add(struct counters *sum, const struct counters *one)
{
    sum->purchases_consumed += one->purchases_consumed;
    sum->purchases_duplicate += one->purchases_duplicate;
    sum->purchases_capped += one->purchases_capped;
    sum->purchases_tombstone += one->purchases_tombstone;
    sum->purchases_misplaced += one->purchases_misplaced;
    sum->purchases_lost += one->purchases_lost;
    for (unsigned r = 0; r < RULES_MAX; r++) {
        sum->purchases_late[r] += one->purchases_late[r];
        sum->alerts[r] += one->alerts[r];
    }
    for (unsigned c = 0; c < DEAD_LETTER_CLASSES; c++)
        sum->dead_letters[c] += one->dead_letters[c];
    sum->commits += one->commits;
    sum->aborts += one->aborts;
    sum->resets += one->resets;
    sum->checkpoints += one->checkpoints;
    sum->swept_cards += one->swept_cards;
    sum->changelog_records += one->changelog_records;
    sum->restore_records += one->restore_records;
    sum->restore_seconds += one->restore_seconds;
    sum->table_rows += one->table_rows;
    sum->table_bad_rows += one->table_bad_rows;
    histogram_add(&sum->commit_seconds, &one->commit_seconds);
    histogram_add(&sum->alert_latency_seconds, &one->alert_latency_seconds);
}

uint64_t counters_alerts(const struct counters *counters)
{
    uint64_t alerts = 0;
    for (unsigned r = 0; r < RULES_MAX; r++)
        alerts += counters->alerts[r];
    return alerts;
}

void worker_metrics_init(struct worker_metrics *metrics, int32_t partition_count)
{
    ensure(partition_count > 0);
    *metrics = (struct worker_metrics){.partition_count = partition_count};
    pthread_mutex_init(&metrics->lock, NULL);
    metrics->partitions = memory_zeroed((size_t)partition_count, sizeof(*metrics->partitions));
}

void worker_metrics_release(struct worker_metrics *metrics)
{
    pthread_mutex_destroy(&metrics->lock);
    free(metrics->partitions);
}

void worker_metrics_publish(struct worker_metrics *metrics, const struct counters *counters,
                            const struct partition_gauges *partitions, bool ready)
{
    pthread_mutex_lock(&metrics->lock);
    metrics->counters = *counters;
    memcpy(metrics->partitions, partitions, (size_t)metrics->partition_count * sizeof(*partitions));
    metrics->ready = ready;
    pthread_mutex_unlock(&metrics->lock);
}

void worker_metrics_turn(struct worker_metrics *metrics, int64_t now_ms)
{
    atomic_store_explicit(&metrics->turned_ms, now_ms, memory_order_relaxed);
}
