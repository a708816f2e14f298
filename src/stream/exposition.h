// SPDX-License-Identifier: Apache-2.0
// The workers' metrics as Prometheus reads them (text exposition format 0.0.4), and readiness.
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
};

// Appends the whole page; false when the buffer's maximum is passed. Thread-safe.
bool exposition_metrics(const struct exposition *exposition, struct buffer *out) MUST_USE;

// True when every assigned partition of every worker is running; otherwise appends the reason as
// JSON. Thread-safe.
bool exposition_ready(const struct exposition *exposition, struct buffer *reason) MUST_USE;

#endif
