// SPDX-License-Identifier: Apache-2.0
// The group's committed offsets, asked without holding the worker up. While a transaction on the
// offsets is pending, rd_kafka_committed asks again and again until its time-out; the partitions
// that the worker runs must not wait for one that it takes. So the call has a thread of its own,
// and what is not answered at once is answered to a later call.
#ifndef BROKER_KAFKA_ASKING_H
#define BROKER_KAFKA_ASKING_H

#include <stdint.h>

#include "base/status.h"

struct kafka_membership;
struct kafka_question;

// Of one membership; all zero at first. At most one question a partition is under way.
struct kafka_asking {
    struct kafka_question *questions;
};

// The partition's committed offset; -1: none. STATUS_RETRY: a transaction is pending, or there is
// no answer yet. An answer is never older than the assignment that is in force: another owner may
// have committed before it.
enum status kafka_asking_committed(struct kafka_membership *membership, int32_t partition,
                                   int64_t *offset, struct error *err) MUST_USE;
// Before the handle is closed that the questions are asked with. Waits for what is under way, a
// second at most, and forgets the answers.
void kafka_asking_close(struct kafka_asking *asking);

#endif
