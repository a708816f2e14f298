// SPDX-License-Identifier: Apache-2.0
// librdkafka's log lines on their way into ours: what says nothing to an operator is dropped, and
// what repeats is counted instead of repeated. One a cluster, shared by the threads of all its
// handles.
#ifndef BROKER_KAFKA_LOG_H
#define BROKER_KAFKA_LOG_H

#include <stdint.h>

#include "base/log.h"

struct kafka_log;

struct kafka_log *kafka_log_open(void);
// Counted references: handles hold one each.
struct kafka_log *kafka_log_keep(struct kafka_log *log);
void kafka_log_drop(struct kafka_log *log);

// syslog's severity (0 .. 7) as ours. librdkafka's errors are warnings here: what needs an operator
// comes out of the calls as a status with a sentence.
enum log_level kafka_log_level(int severity);

// Decides over a line of the kind `name` (librdkafka's name for it, e.g. "FAIL"): -1: drop it;
// otherwise how many lines of this kind were dropped since the last one that was let through.
int64_t kafka_log_admit(struct kafka_log *log, int severity, const char *name, const char *text,
                        int64_t now_ms);

#endif
