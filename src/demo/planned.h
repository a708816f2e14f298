// SPDX-License-Identifier: Apache-2.0
// Purchases that are to be sent at a time yet to come: a heap by that time, then by the order in
// which they were planned. Bounded; plain memory.
#ifndef DEMO_PLANNED_H
#define DEMO_PLANNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PLANNED_MAX = 65536 };

// A purchase in short: what is needed to write it, and what it is part of.
struct planned {
    int64_t due_ms; // of synthetic time
    uint64_t sequence;
    int64_t event_time_ms;
    int64_t id;
    uint64_t card;
    uint64_t burst; // number of its planted burst; 0: none
    double amount;
    double distance;
    uint8_t category;
    bool has_amount;
    bool has_timestamp;
    bool again;
};

struct planned_heap {
    size_t count;
    uint64_t sequence;
    struct planned items[PLANNED_MAX];
};

// True when `count` more fit.
bool planned_fits(const struct planned_heap *heap, size_t count);
// There must be room.
void planned_push(struct planned_heap *heap, const struct planned *planned);
// Takes out the first one that is due at `now_ms`; false when none is.
bool planned_pop(struct planned_heap *heap, int64_t now_ms, struct planned *out);

#endif
