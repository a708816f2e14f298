// SPDX-License-Identifier: Apache-2.0
// The workers' metrics as Prometheus reads them (text exposition format 0.0.4), and readiness.
// What people read is in report.h.
#ifndef STREAM_EXPOSITION_H
#define STREAM_EXPOSITION_H

#include "base/bytes.h"
#include "registry/registry.h"
#include "stream/metrics.h"
#include "stream/settings.h"

struct exposition {
    struct worker_metrics *workers;
    size_t worker_count;
    const struct stream_settings *settings;
    struct registry *registry; // NULL: none
    const char *instance_id;   // of this process in the group; NULL: not told
    int64_t started_ms;        // Unix epoch
    struct recent *recent;     // NULL: nobody looks; the workers have inquiries otherwise
};

// The sum over all workers, and the partitions as their owners show them.
struct exposition_snapshot {
    struct counters sum;
    struct partition_gauges *partitions; // by partition
    int32_t *owners;                     // worker by partition; -1: none of ours
    int32_t partition_count;
};

// Thread-safe. To be released.
void exposition_take(const struct exposition *exposition, struct exposition_snapshot *snapshot);
void exposition_release(struct exposition_snapshot *snapshot);

// Appends the whole page; false when the buffer's maximum is passed. Thread-safe.
bool exposition_metrics(const struct exposition *exposition, struct buffer *out) MUST_USE;

// True when every assigned partition of every worker is running and its lag is known; otherwise
// appends the reason as JSON: {"ready": false, "reason": "..."}. Thread-safe.
bool exposition_ready(const struct exposition *exposition, struct buffer *reason) MUST_USE;

#endif
