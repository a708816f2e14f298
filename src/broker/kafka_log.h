// SPDX-License-Identifier: Apache-2.0
// librdkafka's words on their way into our log, which counts what repeats. Any thread.
#ifndef BROKER_KAFKA_LOG_H
#define BROKER_KAFKA_LOG_H

#include "base/log.h"

// syslog's severity (0 .. 7) as ours. librdkafka's errors are warnings here: what needs an operator
// comes out of the calls as a status with a sentence.
enum log_level kafka_log_level(int severity);

// A line of the kind `facility` (librdkafka's name for it, e.g. "FAIL"), unless it says nothing to
// an operator.
void kafka_log_line(const char *client, int severity, const char *facility, const char *text);

// What an error callback is told; `name` as in "_MAX_POLL_EXCEEDED". Nothing when librdkafka has a
// line for it as well.
void kafka_log_trouble(const char *client, const char *name, const char *text);

#endif
