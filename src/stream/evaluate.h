// SPDX-License-Identifier: Apache-2.0
// The hot path: a batch of messages through decode, token, card, rules, to queued alerts and dead
// letters. Nothing is allocated and nothing copied per purchase; cards are prefetched a group
// ahead.
#ifndef STREAM_EVALUATE_H
#define STREAM_EVALUATE_H

#include "stream/output.h"
#include "stream/recent.h"
#include "stream/schemas.h"
#include "stream/task.h"

enum { EVALUATE_GROUP = 32, PENDING_ALERTS_MAX = 4096 };

// A message that was decoded and waits for its card.
struct prepared {
    struct task *task;
    const struct message *message;
    struct view card;
    struct token token;
    struct purchase purchase;
    enum dead_letter_class class_; // not NONE: a dead letter
    bool tombstone;
    const char *reason;
};

struct evaluate {
    const struct stream_settings *settings;
    struct broker *broker;
    struct task **tasks; // by partition; NULL: not ours
    struct output *output;
    struct schemas *schemas;
    struct counters *counters;
    int64_t now_ms; // when the batch was begun
    struct step step;
    struct prepared group[EVALUATE_GROUP];
    size_t group_count;
    // Message timestamps of the alerts since the last commit, for the latency histogram.
    int64_t alert_ms[PENDING_ALERTS_MAX];
    size_t alert_count;
    bool alert_raised; // since the last commit
    bool misplaced_warned;
    struct recent_draft *draft; // NULL: nobody looks
};

void evaluate_init(struct evaluate *evaluate, const struct stream_settings *settings,
                   const struct stream_ports *ports, struct task **tasks, struct output *output,
                   struct counters *counters);
void evaluate_release(struct evaluate *evaluate);

// Takes the messages of running tasks, in order. A message whose schema is not known yet stalls its
// task (TASK_STALLED, position = that message); the batch's other messages of the task are dropped.
// STATUS_ABORT / RESET: the transaction is lost. STATUS_FATAL: leave.
enum status evaluate_batch(struct evaluate *evaluate, const struct message *messages, size_t count,
                           struct error *err) MUST_USE;

#endif
