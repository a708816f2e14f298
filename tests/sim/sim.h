// SPDX-License-Identifier: Apache-2.0
// One simulated run: a cluster in memory, several instances of the service with one or two workers
// each, their disks, the registry, the input, and the troubles that the seed has in store. All of
// it in one thread on a virtual clock, so that a seed is a run.
//
// Workers run turn by turn. In the middle of a step, at any call through the broker port, others
// may be given turns (nested: sim->depth), so that steps interleave at every call.
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdnoreturn.h>

#include "lib/fake_store.h"
#include "sim/sim_input.h"
#include "sim/sim_model.h"
#include "sim/sim_plan.h"
#include "sim/sim_trace.h"
#include "stream/worker.h"

enum { SIM_DEPTH_MAX = 2, SIM_SCHEMA_IDS = 128 };

// What all runs together have seen.
struct sim_figures {
    uint64_t seeds;
    uint64_t purchases;
    uint64_t alerts;
    uint64_t letters;
    uint64_t turns;
    uint64_t call_faults;
    uint64_t events[SIM_EVENTS];
    uint64_t call_crashes;
    uint64_t yields;
    uint64_t hangs;
    uint64_t latencies;
    uint64_t audits;
    uint64_t commits;
    uint64_t aborts;
    uint64_t resets;
    uint64_t restored;
    uint64_t swept;
    uint64_t checkpoints;
    uint64_t exits; // for good reasons
    int64_t virtual_ms;
};

struct sim_worker {
    struct worker *worker; // NULL: none
    struct broker *broker;
    struct worker_metrics metrics;
    bool busy; // in a step
    int64_t ready_ms;
    uint64_t table_epoch;                   // when the group's last assignment was accepted,
    int64_t table_ends[SIM_PARTITIONS_MAX]; // and where the table's topic ended then
};

enum sim_instance_state {
    SIM_DOWN, // to be started at up_ms
    SIM_UP,
    SIM_STOPPING, // each worker finishes, then it is down
    SIM_CRASHED,  // workers that are in a step have still to come out of it
};

struct sim_instance {
    size_t index;
    enum sim_instance_state state;
    char name[24];
    bool wanted; // to be up when all is calm
    int64_t up_ms;
    int64_t paused_until_ms;
    int64_t muted_until_ms;
    int64_t cut_until_ms;
    int64_t full_until_ms;
    struct store_dir *disk; // NULL: none yet
    bool disk_wiped;        // to be, when it is down
    struct sim_worker workers[SIM_WORKERS_MAX];
    bool schema_known[SIM_SCHEMA_IDS];
};

struct sim {
    uint64_t seed;
    struct sim_plan plan;
    struct random random;
    struct sim_trace trace;
    struct sim_figures *figures;
    struct fake_cluster *cluster;
    struct stream_settings settings;
    struct sim_input input;
    struct sim_model model;
    struct sim_instance instances[SIM_INSTANCES_MAX];
    int64_t registry_back_ms;
    int64_t schema_asked_ms[SIM_SCHEMA_IDS]; // of ids that the registry does not have
    uint64_t incarnations;
    int64_t misled_until_ms; // 0: the group's offsets are right
    int32_t misled_partition;
    int64_t wrong_offset;
    int64_t right_offset;
    uint64_t table_epoch;  // how often the table's topic was made anew
    int64_t table_anew_ms; // the last time
    int64_t table_cleaned_ms[SIM_PARTITIONS_MAX];
    bool calm; // no more troubles
    int depth;
    uint64_t turns;
};

extern const char sim_group[];
extern const char *const sim_outputs[OUTPUT_TOPICS];

// Says what is wrong, the seed, the plan and the last events, and leaves the program.
noreturn void sim_fail(const struct sim *sim, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline int64_t sim_now_ms(const struct sim *sim)
{
    return fake_clock_ms(sim->cluster);
}

// `ppm` in a million.
static inline bool sim_chance(struct sim *sim, uint32_t ppm)
{
    return ppm > 0 && random_below(&sim->random, 1000000) < ppm;
}

void sim_note(struct sim *sim, int who, const char *what, const char *detail, int64_t a, int64_t b,
              int64_t c);

// One turn: the world moves on a little, and one worker makes a step.
void sim_turn(struct sim *sim);

// A whole run. Returns the hash of its trace; fails as sim_fail does.
uint64_t sim_run(uint64_t seed, bool loud, struct sim_figures *figures);
// Fails the run that is under way, if there is one: for a signal's handler.
void sim_fail_running(const char *reason);

#endif
