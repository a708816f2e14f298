// SPDX-License-Identifier: Apache-2.0
// Compares the alerts in a topic with those that a workload must raise.
#ifndef LIB_JUDGE_H
#define LIB_JUDGE_H

#include <stdbool.h>

#include "lib/records.h"
#include "lib/workload.h"

enum alert_format { ALERT_AVRO, ALERT_JSON };

struct judge_settings {
    const char *topic;             // of the purchases, as cardwatch.source names it
    const char *const *rule_names; // by the oracle's rule index
    int32_t alert_partitions;      // of the alert topic
    bool repeats_allowed;          // at least once: repeats are counted, not faults
    bool quiet;                    // prints nothing
};

// What was found. An alert is the same as another when source, rule and timestamp are equal.
struct judgement {
    size_t expected;
    size_t missing;
    size_t extra;
    size_t repeated;
    size_t wrong;      // not readable, or a field, header, time or partition differs
    size_t disordered; // within a partition not in the order of the purchases
};

// Record by record, for topics that are too large to be kept: all borrowed until judge_close, but
// records until judge_take returns. The first differences are printed to stderr.
struct judge;
struct judge *judge_open(const struct workload *workload, enum alert_format format,
                         const struct judge_settings *settings);
void judge_take(struct judge *judge, const struct topic_record *record);
struct judgement judge_close(struct judge *judge);

// The three in one.
struct judgement judge_alerts(const struct workload *workload, const struct topic_records *records,
                              enum alert_format format, const struct judge_settings *settings);

// True when there is no fault (repeats are none when they are allowed).
bool judgement_holds(const struct judgement *judgement, const struct judge_settings *settings);

// Compares dead letters (their __connect.errors headers) with the workload's. Returns the number of
// faults, and prints the first.
size_t judge_letters(const struct workload *workload, const struct topic_records *records,
                     const char *topic);

#endif
