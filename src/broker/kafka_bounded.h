// SPDX-License-Identifier: Apache-2.0
// A deadline for a blocking call that has none: the call runs in a thread of its own, and its
// caller stops waiting when the time is up. rd_kafka_send_offsets_to_transaction is such a call: it
// passes on "wait for ever" whatever time-out it is given. So is rd_kafka_query_watermark_offsets,
// which goes on for as long as a connection swallows what is sent. A call may also be left to run
// while its caller has better things to do.
#ifndef BROKER_KAFKA_BOUNDED_H
#define BROKER_KAFKA_BOUNDED_H

#include <stdbool.h>

struct kafka_bounded;

// What to say when kafka_bounded_open has given none.
#define KAFKA_BOUNDED_NONE                                                                         \
    "no thread can be started: raise the limit of threads (pids.max, ulimit -u)"

// One thread that waits for calls. One call at a time. `name` is the thread's. NULL: the system
// gives no thread (pids.max of a container, ulimit -u).
struct kafka_bounded *kafka_bounded_open(const char *name);
// Runs call(argument) in the thread. False: not finished after `timeout_ms`; the call and
// everything it uses must then be left alone until kafka_bounded_idle.
bool kafka_bounded_run(struct kafka_bounded *bounded, void (*call)(void *), void *argument,
                       int timeout_ms);
bool kafka_bounded_idle(struct kafka_bounded *bounded);
// Waits until it is idle: only for calls that are known to come back.
void kafka_bounded_wait(struct kafka_bounded *bounded);
// Only when idle.
void kafka_bounded_close(struct kafka_bounded *bounded);
// Instead of closing, when a call was late: once it has come back, the thread runs
// release(argument), which may also be at once, and ends.
void kafka_bounded_leave(struct kafka_bounded *bounded, void (*release)(void *));

#endif
