// SPDX-License-Identifier: Apache-2.0
#include "stream/exposition.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

enum { REASON_BYTES_MAX = 256 };

void exposition_take(const struct exposition *exposition, struct exposition_snapshot *snapshot)
{
    size_t count = (size_t)exposition->settings->input_partitions;
    *snapshot = (struct exposition_snapshot){
        .partitions = memory_zeroed(count, sizeof(*snapshot->partitions)),
        .owners = memory_zeroed(count, sizeof(*snapshot->owners)),
        .partition_count = (int32_t)count,
    };
    for (size_t p = 0; p < count; p++)
        snapshot->owners[p] = -1;
    for (size_t w = 0; w < exposition->worker_count; w++) {
        struct worker_metrics *metrics = &exposition->workers[w];
        pthread_mutex_lock(&metrics->lock);
        counters_add(&snapshot->sum, &metrics->counters);
        for (size_t p = 0; p < count; p++) {
            if (!metrics->partitions[p].owned)
                continue;
            snapshot->partitions[p] = metrics->partitions[p];
            snapshot->owners[p] = (int32_t)w;
        }
        pthread_mutex_unlock(&metrics->lock);
    }
}

void exposition_release(struct exposition_snapshot *snapshot)
{
    free(snapshot->partitions);
    free(snapshot->owners);
}

static bool head(struct buffer *out, const char *name, const char *type, const char *help)
{
    return buffer_append_format(out, "# HELP cardwatch_%s %s\n# TYPE cardwatch_%s %s\n", name, help,
                                name, type);
}

static bool plain(struct buffer *out, const char *name, const char *help, uint64_t value)
{
    return head(out, name, "counter", help) &&
           buffer_append_format(out, "cardwatch_%s %" PRIu64 "\n", name, value);
}

// A label value with backslash, quote and newline escaped.
static bool label(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if ((*text == '\\' || *text == '"') && !buffer_append_byte(out, '\\'))
            return false;
        if (!(*text == '\n' ? buffer_append(out, "\\n", 2)
                            : buffer_append_byte(out, (uint8_t)*text)))
            return false;
    }
    return true;
}

static bool by_rule(const struct exposition *exposition, struct buffer *out, const char *name,
                    const char *help, const uint64_t *values)
{
    bool ok = head(out, name, "counter", help);
    for (size_t r = 0; ok && r < exposition->settings->engine.settings.rule_count; r++)
        ok = buffer_append_format(out, "cardwatch_%s{rule=\"", name) &&
             label(out, exposition->settings->rule_names[r]) &&
             buffer_append_format(out, "\"} %" PRIu64 "\n", values[r]);
    return ok;
}

static bool by_class(struct buffer *out, const struct counters *sum)
{
    bool ok = head(out, "dead_letters_total", "counter", "Messages sent to the dead-letter topic.");
    for (unsigned c = DEAD_LETTER_NONE + 1; ok && c < DEAD_LETTER_CLASSES; c++)
        ok = buffer_append_format(out, "cardwatch_dead_letters_total{class=\"%s\"} %" PRIu64 "\n",
                                  dead_letter_class_name((enum dead_letter_class)c),
                                  sum->dead_letters[c]);
    return ok;
}

static bool histogram(struct buffer *out, const char *name, const char *help,
                      const struct histogram *values)
{
    uint64_t below = 0;
    bool ok = head(out, name, "histogram", help);
    for (unsigned b = 0; ok && b < HISTOGRAM_BUCKETS; b++) {
        below += values->counts[b];
        double bound = histogram_bound(b);
        char text[32] = "+Inf";
        if (isfinite(bound))
            snprintf(text, sizeof(text), "%g", bound);
        ok = buffer_append_format(out, "cardwatch_%s_bucket{le=\"%s\"} %" PRIu64 "\n", name, text,
                                  below);
    }
    return ok && buffer_append_format(out, "cardwatch_%s_sum %g\ncardwatch_%s_count %" PRIu64 "\n",
                                      name, values->sum_seconds, name, values->count);
}

// One gauge a partition; `value` answers false when the partition has none to show.
static bool by_partition(const struct exposition_snapshot *snapshot, struct buffer *out,
                         const char *name, const char *help,
                         bool (*value)(const struct partition_gauges *gauges, double *out))
{
    bool ok = head(out, name, "gauge", help);
    for (int32_t p = 0; ok && p < snapshot->partition_count; p++) {
        const struct partition_gauges *gauges = &snapshot->partitions[p];
        double shown;
        if (gauges->owned && value(gauges, &shown))
            ok = buffer_append_format(out, "cardwatch_%s{partition=\"%" PRId32 "\"} %.15g\n", name,
                                      p, shown);
    }
    return ok;
}

static bool lag_of(const struct partition_gauges *gauges, double *out)
{
    *out = (double)gauges->lag;
    return gauges->lag >= 0;
}

static bool stream_time_of(const struct partition_gauges *gauges, double *out)
{
    *out = (double)gauges->stream_time_ms / 1000;
    return gauges->stream_time_known;
}

static bool cards_of(const struct partition_gauges *gauges, double *out)
{
    *out = (double)gauges->state_cards;
    return true;
}

static bool bytes_of(const struct partition_gauges *gauges, double *out)
{
    *out = (double)gauges->state_bytes;
    return true;
}

static bool table_offset_of(const struct partition_gauges *gauges, double *out)
{
    *out = (double)gauges->table_offset;
    return gauges->table_offset >= 0;
}

static bool table_cards_of(const struct partition_gauges *gauges, double *out)
{
    *out = (double)gauges->table_cards;
    return gauges->table_offset >= 0;
}

static bool running_of(const struct partition_gauges *gauges, double *out)
{
    *out = gauges->running;
    return true;
}

static bool registry_requests_by_outcome(const struct exposition *exposition, struct buffer *out)
{
    static const char *const names[REGISTRY_OUTCOMES] = {
        [REGISTRY_OK] = "ok",
        [REGISTRY_NOT_FOUND] = "not_found",
        [REGISTRY_REFUSED] = "refused",
        [REGISTRY_FAILED] = "failed",
    };
    if (exposition->registry == NULL)
        return true;
    bool ok = head(out, "registry_requests_total", "counter", "Requests to the schema registry.");
    for (unsigned o = 0; ok && o < REGISTRY_OUTCOMES; o++)
        ok = buffer_append_format(
            out, "cardwatch_registry_requests_total{outcome=\"%s\"} %" PRIu64 "\n", names[o],
            registry_requests(exposition->registry, (enum registry_outcome)o));
    return ok;
}

static bool purchases(const struct exposition *exposition, const struct counters *sum,
                      struct buffer *out)
{
    return plain(out, "purchases_consumed_total", "Messages taken from the input topic.",
                 sum->purchases_consumed) &&
           by_rule(exposition, out, "purchases_late_total",
                   "Purchases older than a rule's window and grace: they change nothing for it.",
                   sum->purchases_late) &&
           plain(out, "purchases_duplicate_total", "Purchases whose id was there already.",
                 sum->purchases_duplicate) &&
           plain(out, "purchases_capped_total", "Purchases older than all of a full card's.",
                 sum->purchases_capped) &&
           plain(out, "purchases_tombstone_total", "Messages without a value, skipped.",
                 sum->purchases_tombstone) &&
           plain(out, "purchases_misplaced_total", "Purchases whose key is not their card.",
                 sum->purchases_misplaced) &&
           plain(out, "purchases_lost_total",
                 "Messages deleted from the log before they were read.", sum->purchases_lost);
}

static bool outputs(const struct exposition *exposition, const struct counters *sum,
                    struct buffer *out)
{
    return by_rule(exposition, out, "alerts_total", "Alerts raised.", sum->alerts) &&
           by_class(out, sum) &&
           plain(out, "commits_total", "Transactions committed.", sum->commits) &&
           plain(out, "aborts_total", "Transactions aborted and taken again.", sum->aborts) &&
           plain(out, "producer_resets_total", "Producers made anew after an unknown outcome.",
                 sum->resets) &&
           histogram(out, "commit_seconds", "Time a commit takes.", &sum->commit_seconds) &&
           histogram(out, "alert_latency_seconds", "From a message's timestamp to its commit.",
                     &sum->alert_latency_seconds);
}

static bool state(const struct exposition_snapshot *snapshot, const struct counters *sum,
                  struct buffer *out)
{
    return plain(out, "changelog_records_total", "Records written to the changelog.",
                 sum->changelog_records) &&
           plain(out, "checkpoints_total", "Checkpoints of the local store.", sum->checkpoints) &&
           plain(out, "swept_cards_total", "Expired cards removed.", sum->swept_cards) &&
           plain(out, "restore_records_total", "Changelog records read to restore state.",
                 sum->restore_records) &&
           head(out, "restore_seconds", "gauge", "Time spent in restoring state, in all.") &&
           buffer_append_format(out, "cardwatch_restore_seconds %g\n", sum->restore_seconds) &&
           by_partition(snapshot, out, "consumer_lag", "Messages behind the end of the log.",
                        lag_of) &&
           by_partition(snapshot, out, "stream_time_seconds", "Highest event time so far.",
                        stream_time_of) &&
           by_partition(snapshot, out, "state_cards", "Cards in the local store.", cards_of) &&
           by_partition(snapshot, out, "state_bytes", "Size of the local store.", bytes_of) &&
           by_partition(snapshot, out, "partition_running",
                        "1 when the partition is restored and takes purchases.", running_of);
}

static bool tables(const struct exposition *exposition, const struct exposition_snapshot *snapshot,
                   struct buffer *out)
{
    if (exposition->settings->table_topic == NULL)
        return true;
    return plain(out, "table_rows_total", "Rows read of the travel_flags table.",
                 snapshot->sum.table_rows) &&
           plain(out, "table_bad_rows_total", "Rows of it that cannot be read, skipped.",
                 snapshot->sum.table_bad_rows) &&
           by_partition(snapshot, out, "table_offset",
                        "Every row of the travel_flags table below it has been read.",
                        table_offset_of) &&
           by_partition(snapshot, out, "table_cards",
                        "Cards whose flag is on, as of the table's last checkpoint.",
                        table_cards_of);
}

bool exposition_metrics(const struct exposition *exposition, struct buffer *out)
{
    struct exposition_snapshot snapshot;
    exposition_take(exposition, &snapshot);
    bool ok = purchases(exposition, &snapshot.sum, out) &&
              outputs(exposition, &snapshot.sum, out) && state(&snapshot, &snapshot.sum, out) &&
              tables(exposition, &snapshot, out) && registry_requests_by_outcome(exposition, out);
    exposition_release(&snapshot);
    return ok;
}

static bool refuse(struct buffer *out, const char *format, ...) PRINTF_LIKE(2, 3);
static bool refuse(struct buffer *out, const char *format, ...)
{
    char reason[REASON_BYTES_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    (void)buffer_append_format(out, "{\"ready\": false, \"reason\": \"%s\"}\n", reason);
    return false;
}

// 0 .. 100; what is left may have been compacted away, so it is no promise.
static int restored_percent(const struct partition_gauges *gauges)
{
    int64_t all = gauges->restore_end - gauges->restore_from;
    if (all <= 0)
        return 0;
    return (int)((double)(gauges->restore_at - gauges->restore_from) / (double)all * 100);
}

// True when nothing of the partition stands in the way.
static bool is_partition_ready(int32_t partition, const struct partition_gauges *gauges,
                               struct buffer *reason)
{
    if (!gauges->owned || (gauges->running && gauges->lag >= 0))
        return true;
    if (gauges->running)
        return refuse(reason, "the lag of partition %" PRId32 " is not known yet", partition);
    if (gauges->stalled)
        return refuse(reason,
                      "partition %" PRId32 " waits for schema %" PRIu32 " from the registry",
                      partition, gauges->stalled_schema);
    return refuse(reason,
                  "partition %" PRId32 " is being restored: %d %% of its changelog after %" PRId64
                  " s",
                  partition, restored_percent(gauges), gauges->restore_ms / 1000);
}

static bool is_worker_ready(const struct worker_metrics *metrics, size_t index,
                            struct buffer *reason)
{
    for (int32_t p = 0; p < metrics->partition_count; p++)
        if (!is_partition_ready(p, &metrics->partitions[p], reason))
            return false;
    if (metrics->ready)
        return true;
    return refuse(reason,
                  "worker %zu is joining the group, or waits for the cluster to make its producer",
                  index);
}

bool exposition_ready(const struct exposition *exposition, struct buffer *reason)
{
    for (size_t w = 0; w < exposition->worker_count; w++) {
        struct worker_metrics *metrics = &exposition->workers[w];
        pthread_mutex_lock(&metrics->lock);
        bool ready = is_worker_ready(metrics, w, reason);
        pthread_mutex_unlock(&metrics->lock);
        if (!ready)
            return false;
    }
    struct error err;
    if (exposition->registry != NULL && registry_unreachable(exposition->registry, &err))
        return refuse(reason, "the schema registry is out of reach");
    return true;
}
