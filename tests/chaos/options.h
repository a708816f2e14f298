// SPDX-License-Identifier: Apache-2.0
// What a run of chaos is asked for, by environment variables:
//
//   CHAOS_MINUTES=5        how long faults are made (CHAOS_SECONDS=n instead, for short ones)
//   CHAOS_SEED=n           the same faults and purchases again; default: another each time
//   CHAOS_ONLY="kill cut"  these kinds of fault alone (names: plan.c), or one of the scenarios
//                          delayed-endtxn and delayed-offsets (late.h)
//   CHAOS_INSTANCES=3      processes of the service, 1 to 3
//   CHAOS_RATE=500         purchases a second
#ifndef CHAOS_OPTIONS_H
#define CHAOS_OPTIONS_H

#include <stdint.h>

enum { INSTANCES_MAX = 3 };

struct options {
    int64_t length_ms;
    uint64_t seed;
    const char *only; // NULL: all kinds
    int instances;
    int64_t rate;
};

// Ends the program when one cannot be understood.
struct options options_read(void);

#endif
