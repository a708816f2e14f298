// SPDX-License-Identifier: Apache-2.0
#include "stream/health.h"

#include <inttypes.h>
#include <stdio.h>

bool health_is_alive(const struct exposition *exposition, int64_t now_ms, struct buffer *reason)
{
    for (size_t w = 0; w < exposition->worker_count; w++) {
        int64_t turned_ms =
            atomic_load_explicit(&exposition->workers[w].turned_ms, memory_order_relaxed);
        if (now_ms - turned_ms <= HEALTH_STUCK_MS)
            continue;
        (void)buffer_append_format(reason, "worker %zu has not ended a turn for %" PRId64 " s\n", w,
                                   (now_ms - turned_ms) / 1000);
        return false;
    }
    return true;
}

bool health_is_consuming(const struct exposition *exposition)
{
    bool all = true;
    for (size_t w = 0; w < exposition->worker_count; w++) {
        struct worker_metrics *metrics = &exposition->workers[w];
        pthread_mutex_lock(&metrics->lock);
        all = all && metrics->ready;
        pthread_mutex_unlock(&metrics->lock);
    }
    return all;
}

// ---- the sentence ----

struct standing {
    int owned;
    int running;
    int stalled;
    uint32_t stalled_schema; // of one of them
    int64_t restored;        // changelog offsets, of those that are restored
    int64_t to_restore;
    int64_t lag; // as far as it is known
};

static void standing_add(struct standing *standing, const struct partition_gauges *gauges)
{
    standing->owned++;
    standing->running += gauges->running;
    if (gauges->running && gauges->lag > 0)
        standing->lag += gauges->lag;
    if (gauges->stalled) {
        standing->stalled++;
        standing->stalled_schema = gauges->stalled_schema;
    }
    if (gauges->running || gauges->stalled || gauges->restore_end <= gauges->restore_from)
        return;
    standing->restored += gauges->restore_at - gauges->restore_from;
    standing->to_restore += gauges->restore_end - gauges->restore_from;
}

static struct standing standing_of(const struct exposition_snapshot *snapshot)
{
    struct standing standing = {0};
    for (int32_t p = 0; p < snapshot->partition_count; p++)
        if (snapshot->partitions[p].owned)
            standing_add(&standing, &snapshot->partitions[p]);
    return standing;
}

static int percent_of(const struct standing *standing)
{
    if (standing->to_restore <= 0)
        return 0;
    return (int)((double)standing->restored / (double)standing->to_restore * 100);
}

static void sentence_without_partitions(bool consuming, char *out)
{
    snprintf(out, HEALTH_SENTENCE_MAX, "%s",
             consuming ? "the group has given this process no partition" : "joining the group");
}

static void sentence_of_waiting(const struct standing *standing, char *out)
{
    int restoring = standing->owned - standing->running - standing->stalled;
    if (restoring > 0)
        snprintf(out, HEALTH_SENTENCE_MAX,
                 "restoring %d of %d partitions: %d %% of their changelogs", restoring,
                 standing->owned, percent_of(standing));
    else
        snprintf(out, HEALTH_SENTENCE_MAX,
                 "%d of %d partitions wait for the registry: schema %" PRIu32, standing->stalled,
                 standing->owned, standing->stalled_schema);
}

void health_sentence(const struct exposition *exposition, char *out)
{
    struct exposition_snapshot snapshot;
    exposition_take(exposition, &snapshot);
    struct standing standing = standing_of(&snapshot);
    if (standing.owned == 0)
        sentence_without_partitions(health_is_consuming(exposition), out);
    else if (standing.running < standing.owned)
        sentence_of_waiting(&standing, out);
    else
        snprintf(out, HEALTH_SENTENCE_MAX,
                 "%d partitions, lag %" PRId64 "; %" PRIu64 " purchases, %" PRIu64
                 " alerts since the start",
                 standing.owned, standing.lag, snapshot.sum.purchases_consumed,
                 counters_alerts(&snapshot.sum));
    exposition_release(&snapshot);
}
