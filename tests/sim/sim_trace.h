// SPDX-License-Identifier: Apache-2.0
// The last events of a run, for when it fails, and a hash of all of them, which is the same for the
// same seed.
#ifndef SIM_SIM_TRACE_H
#define SIM_SIM_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { SIM_TRACE_EVENTS = 1024 };

struct sim_trace_event {
    int64_t at_ms;
    const char *what; // static storage, as `detail`
    const char *detail;
    int64_t numbers[3];
    int16_t who; // instance * 10 + worker; -1: the world
    int16_t depth;
};

struct sim_trace {
    bool loud; // every event is printed as it comes
    uint64_t count;
    uint64_t hash;
    struct sim_trace_event events[SIM_TRACE_EVENTS]; // the last ones, a ring
};

void sim_trace_init(struct sim_trace *trace, bool loud);
void sim_trace_add(struct sim_trace *trace, const struct sim_trace_event *event);
void sim_trace_print_tail(const struct sim_trace *trace, size_t count, FILE *to);

#endif
