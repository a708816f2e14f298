// SPDX-License-Identifier: Apache-2.0
// Do the restored state and the group's committed offset belong together, and where does the task
// begin? A pure function of what was read.
#ifndef STREAM_VERDICT_H
#define STREAM_VERDICT_H

#include "stream/task.h"

struct verdict {
    bool begin;     // there is no state yet: begin one
    int64_t offset; // the first input offset to take
    uint64_t lost;  // purchases that the log no longer holds and nobody has taken
};

// Judges task->meta (if task->take.meta_known) against task->take's committed offset and the
// input's watermarks. STATUS_FATAL: the state does not belong to the offsets, or to these settings,
// or the input is not the one it was; the sentence has the numbers and the way out.
enum status verdict_reach(const struct task *task, const struct stream_settings *settings,
                          struct verdict *verdict, struct error *err) MUST_USE;

#endif
