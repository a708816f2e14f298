// SPDX-License-Identifier: Apache-2.0
// Purchases made up beforehand, each with the moment at which it is to be sent: the i-th at
// i / rate seconds, whatever becomes of the others (open loop).
#ifndef LIB_SCHEDULE_H
#define LIB_SCHEDULE_H

#include "lib/workload.h"

struct shot {
    size_t at; // of the key in the bytes, the value behind it
    int64_t offset;
    int64_t timestamp_ms;
    int32_t partition;
    uint16_t key_size;
    uint16_t value_size;
};

struct schedule {
    struct shot *shots;
    size_t count;
    int64_t rate;
    uint8_t *bytes;
    size_t size;
    size_t capacity;
    int64_t *ends;             // behind the last purchase, by partition
    struct workload *workload; // what is expected of them; borrowed
    size_t first_alert;        // of the workload's, the first that a shot raises
};

// The next `count` messages of the workload's generator, behind what the workload has sent, at
// `rate` messages a second.
void schedule_open(struct schedule *schedule, struct workload *workload, size_t count,
                   int64_t rate);
void schedule_close(struct schedule *schedule);

// Microseconds from the beginning at which a shot is due.
static inline int64_t schedule_due_us(const struct schedule *schedule, size_t shot)
{
    return (int64_t)shot * 1000000 / schedule->rate;
}

#endif
