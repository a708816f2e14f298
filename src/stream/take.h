// SPDX-License-Identifier: Apache-2.0
// Taking a partition: from "the group says it is mine" to "its purchases are being taken", by
// restoring the state that belongs to the committed input offset.
//
// The order of the steps is what makes it right: first the group's committed offset, with pending
// transactions resolved; then the changelog's true high watermark, so that every commit that the
// offset reflects lies below it; then the changelog up to that mark, from the local checkpoint on;
// then the check that state and offset belong together. Stopping at the last stable offset instead
// of the mark would miss commits hidden behind the open transaction of a dead process.
//
// While a pending transaction keeps the offset back, the changelog is read ahead: it has to be read
// anyway, and on a machine without a store its last meta record is all that tells whom to fence.
// Offset and mark are then asked for again, in their order.
#ifndef STREAM_TAKE_H
#define STREAM_TAKE_H

#include "stream/task.h"

// Does what can be done now for a task that is being taken, without blocking for long; the task is
// TASK_RUNNING when all is done. STATUS_FATAL: the state must not be used, the sentence says why
// and what to do. Other failures of the broker are waited out inside.
enum status take_advance(struct task *task, const struct stream_settings *settings,
                         const struct stream_ports *ports, struct counters *counters,
                         struct error *err) MUST_USE;

// Applies one changelog record to the task that is being taken.
enum status take_apply(struct task *task, const struct message *message,
                       struct error *err) MUST_USE;

// After a batch of take_apply: keeps memory within bounds by checkpoints on the way.
enum status take_settle(struct task *task, const struct stream_settings *settings,
                        const struct stream_ports *ports, struct counters *counters,
                        struct error *err) MUST_USE;

#endif
