// SPDX-License-Identifier: Apache-2.0
// Which faults a run has, and when: drawn from the seed before it begins, so that the same seed
// makes the same faults. How far the service has come when one happens is up to the machine.
//
// The leadership of partitions cannot move: the cluster has one node.
#ifndef CHAOS_PLAN_H
#define CHAOS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chaos/options.h"

enum fault_kind {
    FAULT_KILL,
    FAULT_WIPE,
    FAULT_STOP,
    FAULT_PAUSE,
    FAULT_PAUSE_LONG,
    FAULT_LEAVE,
    FAULT_SLOW,
    FAULT_CUT,
    FAULT_REFUSE,
    FAULT_FREEZE,
    FAULT_LOST_END,
    FAULT_LATE_END,
    FAULT_LATE_OFFSETS,
    FAULT_DISK,
    FAULT_REGISTRY,
    FAULT_BROKER_STOP,
    FAULT_BROKER_KILL,
    FAULT_KINDS,
};

// One thing has one fault at a time; faults of different things overlap.
enum fault_target { TARGET_PROCESS, TARGET_NETWORK, TARGET_DISK, TARGET_REGISTRY, TARGET_BROKER };

struct fault_type {
    const char *name; // as CHAOS_ONLY has it
    const char *what; // a sentence's part
    enum fault_target target;
    unsigned weight;
    int64_t shortest_ms;
    int64_t longest_ms;
};
extern const struct fault_type fault_types[FAULT_KINDS];

struct fault {
    enum fault_kind kind;
    size_t instance; // of process, network and disk
    int64_t at_ms;   // since the beginning
    int64_t until_ms;
    int64_t value; // FAULT_SLOW: the delay in milliseconds
    bool begun;
    bool ended;
};

struct plan {
    struct fault *faults;
    size_t count;
    size_t capacity;
};

// `disks`: disks can be filled here. Ends the program when options.only names no kind of fault.
void plan_draw(struct plan *plan, const struct options *options, bool disks);
void plan_release(struct plan *plan);

#endif
