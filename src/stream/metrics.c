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
