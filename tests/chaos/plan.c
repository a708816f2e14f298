// SPDX-License-Identifier: Apache-2.0
#include "chaos/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

// The session time-out is 6 s: see arena.c.
const struct fault_type fault_types[FAULT_KINDS] = {
    [FAULT_KILL] = {"kill", "kill -9", TARGET_PROCESS, 10, 0, 3000},
    [FAULT_WIPE] = {"wipe", "kill -9, state deleted", TARGET_PROCESS, 4, 0, 3000},
    [FAULT_STOP] = {"stop", "SIGTERM", TARGET_PROCESS, 5, 0, 3000},
    [FAULT_PAUSE] = {"pause", "SIGSTOP", TARGET_PROCESS, 5, 200, 4000},
    [FAULT_PAUSE_LONG] = {"pause-long", "SIGSTOP past the session time-out", TARGET_PROCESS, 4,
                          7000, 16000},
    [FAULT_LEAVE] = {"leave", "removed for good, a new one later", TARGET_PROCESS, 2, 3000, 12000},
    [FAULT_SLOW] = {"slow", "slow network", TARGET_NETWORK, 5, 2000, 10000},
    [FAULT_CUT] = {"cut", "connections cut", TARGET_NETWORK, 6, 0, 0},
    [FAULT_REFUSE] = {"refuse", "connections cut and refused", TARGET_NETWORK, 3, 500, 8000},
    [FAULT_FREEZE] = {"freeze", "half-open connections", TARGET_NETWORK, 4, 1000, 14000},
    [FAULT_LOST_END] = {"lost-endtxn", "answer to EndTxn lost", TARGET_NETWORK, 5, 3000, 3000},
    [FAULT_LATE_END] = {"late-endtxn", "EndTxn held past its transaction", TARGET_NETWORK, 6, 3000,
                        6000},
    [FAULT_LATE_OFFSETS] = {"late-offsets", "TxnOffsetCommit held past its transaction",
                            TARGET_NETWORK, 5, 3000, 6000},
    [FAULT_DISK] = {"disk", "disk full", TARGET_DISK, 4, 2000, 10000},
    [FAULT_REGISTRY] = {"registry", "registry away", TARGET_REGISTRY, 3, 2000, 12000},
    [FAULT_BROKER_STOP] = {"broker-stop", "broker SIGTERM", TARGET_BROKER, 1, 0, 3000},
    [FAULT_BROKER_KILL] = {"broker-kill", "broker kill -9", TARGET_BROKER, 1, 0, 3000},
};

enum { GAP_MS_MAX = 3000, REST_MS = 1500, FIRST_MS = 3000, TARGETS = 5 };

struct drawing {
    struct random random;
    unsigned weights[FAULT_KINDS];
    uint64_t weight_sum;
    int64_t busy_until_ms[TARGETS][INSTANCES_MAX];
};

static bool names_kind(const char *list, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = list; *at != '\0'; at += strcspn(at, " ,")) {
        at += strspn(at, " ,");
        if (strncmp(at, name, size) == 0 && strchr(" ,", at[size]) != NULL)
            return true;
    }
    return false;
}

static void weigh(struct drawing *drawing, const struct options *options, bool disks)
{
    for (size_t k = 0; k < FAULT_KINDS; k++) {
        bool wanted = options->only == NULL || names_kind(options->only, fault_types[k].name);
        bool possible = disks || fault_types[k].target != TARGET_DISK;
        drawing->weights[k] = wanted && possible ? fault_types[k].weight : 0;
        drawing->weight_sum += drawing->weights[k];
    }
    if (drawing->weight_sum > 0)
        return;
    fprintf(stderr, "CHAOS_ONLY=%s names nothing that can be made here; there are:", options->only);
    for (size_t k = 0; k < FAULT_KINDS; k++)
        fprintf(stderr, " %s", fault_types[k].name);
    fprintf(stderr, " delayed-endtxn delayed-offsets\n");
    exit(2);
}

static enum fault_kind draw_kind(struct drawing *drawing)
{
    uint64_t at = random_below(&drawing->random, drawing->weight_sum);
    size_t kind = 0;
    while (at >= drawing->weights[kind])
        at -= drawing->weights[kind++];
    return (enum fault_kind)kind;
}

static struct fault draw_fault(struct drawing *drawing, const struct options *options)
{
    enum fault_kind kind = draw_kind(drawing);
    const struct fault_type *type = &fault_types[kind];
    return (struct fault){
        .kind = kind,
        .instance = (size_t)random_below(&drawing->random, (uint64_t)options->instances),
        .until_ms = random_range(&drawing->random, type->shortest_ms, type->longest_ms),
        .value = random_range(&drawing->random, 5, 300),
    };
}

static void plan_add(struct plan *plan, const struct fault *fault)
{
    if (plan->count == plan->capacity) {
        plan->capacity = 2 * plan->capacity + 64;
        plan->faults = memory_resized(plan->faults, plan->capacity, sizeof(*plan->faults));
    }
    plan->faults[plan->count++] = *fault;
}

void plan_draw(struct plan *plan, const struct options *options, bool disks)
{
    struct drawing drawing = {.weight_sum = 0};
    *plan = (struct plan){0};
    random_seed(&drawing.random, options->seed);
    weigh(&drawing, options, disks);
    for (int64_t at_ms = FIRST_MS; at_ms < options->length_ms;
         at_ms += random_range(&drawing.random, 0, GAP_MS_MAX)) {
        struct fault fault = draw_fault(&drawing, options);
        enum fault_target target = fault_types[fault.kind].target;
        size_t which = target == TARGET_REGISTRY || target == TARGET_BROKER ? 0 : fault.instance;
        if (drawing.busy_until_ms[target][which] > at_ms)
            continue;
        fault.at_ms = at_ms;
        fault.until_ms += at_ms;
        drawing.busy_until_ms[target][which] = fault.until_ms + REST_MS;
        plan_add(plan, &fault);
    }
}

void plan_release(struct plan *plan)
{
    free(plan->faults);
    *plan = (struct plan){0};
}
