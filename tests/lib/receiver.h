// SPDX-License-Identifier: Apache-2.0
// A read_committed consumer of alerts in a thread of its own: it notes when each alert was seen.
#ifndef LIB_RECEIVER_H
#define LIB_RECEIVER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/schedule.h"

struct receiver;

// Reads the Avro alerts of a topic from its start. `schedule` (borrowed) says which purchase raises
// which alert: card and timestamp name an alert.
struct receiver *receiver_open(const char *bootstrap, const char *topic,
                               const struct schedule *schedule);
void receiver_close(struct receiver *receiver);

// How many alerts the schedule raises, and how many of them have been seen.
size_t receiver_count(const struct receiver *receiver);
size_t receiver_seen(const struct receiver *receiver);
// Waits until all have been seen; false when that takes longer.
bool receiver_await_all(const struct receiver *receiver, int64_t timeout_ms);

// By the number of the alert among the schedule's: the moment on the clock of sender_now_us at
// which the alert was first seen; 0: not yet.
int64_t receiver_time_us(const struct receiver *receiver, size_t alert);
// The number of the shot that raises an alert.
size_t receiver_shot(const struct receiver *receiver, size_t alert);

#endif
