// SPDX-License-Identifier: Apache-2.0
// What a transaction says of a task's state: one changelog record for each card that changed since
// the last commit, tombstones for cards that were swept, and the meta record last.
#ifndef STREAM_CHANGES_H
#define STREAM_CHANGES_H

#include "stream/task.h"

struct changes; // buffers reused from commit to commit; one a worker

struct changes *changes_open(const struct stream_settings *settings, struct broker *broker);
void changes_close(struct changes *changes);

// Queues the task's changelog records and stages the same values for its next checkpoint. The
// caller commits, or rewinds the task. `hurried`: an alert waits for the commit, so cards that are
// used no more wait for another one.
enum status changes_write(struct changes *changes, struct task *task, bool hurried,
                          struct counters *counters, struct error *err) MUST_USE;

// After the commit: what was written is the task's last committed word.
void changes_committed(struct changes *changes, struct task *task);

#endif
