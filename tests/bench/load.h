// SPDX-License-Identifier: Apache-2.0
// A topic full of purchases and what must come of them: for the sliding and for the tumbling rule,
// 60 s and 3 purchases each.
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "bench/site.h"
#include "lib/workload.h"

enum load_rule { LOAD_SLIDING, LOAD_TUMBLING, LOAD_RULES };

struct load {
    char *topic;
    int32_t partitions;
    uint64_t cards;
    size_t count;
    int64_t disk_bytes;
    double seconds; // that loading took
    struct workload workload;
    // A rule's alerts alone, as if it were the only one; they borrow from the workload.
    struct workload expected[LOAD_RULES];
};

// Purchases of `cards` cards at a pace of event time that makes the share of alerts the same
// whatever their number.
struct generator_settings load_traffic(const struct options *options, uint64_t cards);
// Both rules.
struct oracle_settings load_oracle(void);

// Creates the topic and fills it.
void load_open(struct load *load, struct site *site, const char *topic, int32_t partitions,
               uint64_t cards);
void load_close(struct load *load);

// A rule's alerts of a workload: to be released.
struct workload load_expected(const struct workload *workload, enum load_rule rule);
void load_expected_release(struct workload *expected);

#endif
