// SPDX-License-Identifier: Apache-2.0
// A worker's mailbox for one question: what do you hold of this card? Somebody's thread asks, the
// worker answers between two batches, a few partitions a step, so that its work is not held up. An
// answer shows the card as it is in memory, else in the store: what is not committed yet included.
//
// The state says who may touch the rest: the asker while FREE or ANSWERED, the worker while ASKED.
#ifndef STREAM_INQUIRY_H
#define STREAM_INQUIRY_H

#include <stdatomic.h>
#include <stdbool.h>

#include "store/token.h"
#include "stream/task.h"

enum inquiry_state { INQUIRY_FREE, INQUIRY_ASKED, INQUIRY_ANSWERED };

struct inquiry {
    atomic_int state; // enum inquiry_state
    struct token token;
    // The answer.
    int32_t next_partition; // where the worker goes on
    int32_t partition;      // that holds the card; -1: none does
    bool in_memory;         // false: as of the last checkpoint
    struct optional_ms stream_time;
    int32_t untold_count; // partitions that are being restored, or whose store cannot be read
    struct buffer card;   // encoded (store/record.h)
};

void inquiry_init(struct inquiry *inquiry);
void inquiry_release(struct inquiry *inquiry);

// Asks. False while the worker has not answered the question before.
bool inquiry_ask(struct inquiry *inquiry, const struct token *token);
// True once it is answered: the answer may be read until the next question.
bool inquiry_is_answered(struct inquiry *inquiry);

// The worker's side: cheap when nobody asks.
static inline bool inquiry_waits(const struct inquiry *inquiry)
{
    return atomic_load_explicit(&inquiry->state, memory_order_acquire) == INQUIRY_ASKED;
}
// Looks at some of the `count` tasks (NULL: not ours); the last step makes it answered.
void inquiry_advance(struct inquiry *inquiry, struct task *const *tasks, int32_t count);

#endif
