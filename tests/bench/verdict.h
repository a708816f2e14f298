// SPDX-License-Identifier: Apache-2.0
// The oracle's word on the alerts in a topic, noted in a row: it gets worse only.
#ifndef BENCH_VERDICT_H
#define BENCH_VERDICT_H

#include <stdbool.h>

#include "bench/figures.h"
#include "lib/judge.h"

struct verdict_settings {
    const char *bootstrap;
    const char *purchases; // the topic that the alerts come from
    int32_t partitions;
    bool repeats_allowed;
};

// Everything: value, key, headers, partition, order.
void verdict_full(struct row *row, const struct workload *expected, const char *topic,
                  enum alert_format format, const struct verdict_settings *settings);
// Avro alerts as a set of (card, type, timestamp): all that the peer's have.
void verdict_plain(struct row *row, const struct workload *expected, const char *topic,
                   const struct verdict_settings *settings);

#endif
