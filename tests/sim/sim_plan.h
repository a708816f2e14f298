// SPDX-License-Identifier: Apache-2.0
// What a seed decides before a run begins: the service's settings, the workload, and which troubles
// there are and how often. Swarm testing: each seed leaves most kinds of trouble out and makes the
// others frequent, so that combinations come up that an even mixture would drown.
#ifndef SIM_SIM_PLAN_H
#define SIM_SIM_PLAN_H

#include <stdio.h>

#include "base/random.h"
#include "engine/engine.h"
#include "lib/fake_fault.h"

enum {
    SIM_PARTITIONS_MAX = 4,
    SIM_INSTANCES_MAX = 4, // the last one is the impostor's place
    SIM_WORKERS_MAX = 2,   // of an instance
    SIM_CARDS_MAX = 1600,
    SIM_FAR = 2000, // the distance from which on travel rules look at purchases
};

#define SIM_START_MS INT64_C(1700000000000) // where event time begins

static inline int64_t sim_pick(struct random *random, const int64_t *values, size_t count)
{
    return values[random_below(random, count)];
}
#define PICK(random, ...)                                                                          \
    sim_pick(random, (const int64_t[]){__VA_ARGS__},                                               \
             sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

// What happens to the world between two turns.
enum sim_event {
    SIM_CRASH,     // kill -9 of an instance; its disk may lose, tear or forget a checkpoint
    SIM_STOP,      // SIGTERM, and a start later
    SIM_PAUSE,     // SIGSTOP for a while, past the time-outs too
    SIM_MUTE,      // heartbeats do not arrive
    SIM_CUT,       // nothing arrives
    SIM_OUTAGE,    // the next calls of all find the cluster away
    SIM_REBALANCE, // for no reason of the workers'
    SIM_IMPOSTOR,  // a second process under the same names
    SIM_COMPACT,   // the cleaner visits the changelog
    SIM_TRUNCATE,  // retention removes input that has been taken
    SIM_EXPIRE,    // the group's offsets are forgotten
    SIM_REGISTRY,  // the schema registry is away
    SIM_DISK_FULL,
    SIM_BIT_ROT,    // a partition's store becomes unreadable
    SIM_MARKERS,    // the markers of transactions take their time, or do not
    SIM_LOSE,       // retention removes input that nobody has taken, while all are down
    SIM_MISLEAD,    // the operator sets the group's offset wrong, and right again later
    SIM_START_OVER, // the operator deletes changelog, outputs and offsets, but not the disks
    SIM_EVENTS,
};
const char *sim_event_name(enum sim_event event);

struct sim_plan {
    struct engine_settings engine; // counts purchases: they are written too
    bool at_least_once;
    bool static_membership;
    bool mask_purchases;
    bool alert_details; // the alerts' schema is that of schemas/alert-v2.avsc
    int32_t partitions;
    size_t instances;
    size_t workers; // of an instance
    int64_t commit_interval_ms;
    int64_t min_commit_interval_ms;
    int64_t checkpoint_interval_ms;
    size_t cache_bytes;
    size_t dirty_max_count;
    size_t staged_max_bytes;
    bool table;              // of travel flags, for a travel rule
    uint32_t table_anew_ppm; // in a million turns its topic is made anew

    struct fake_knobs knobs;
    unsigned disk_polls; // how long a checkpoint takes
    bool disk_parts;     // it is written in parts meanwhile

    int64_t window_ms; // about that of the rules
    size_t purchases;
    size_t turns; // of the troubled part
    size_t cards;
    uint32_t hot_percent;   // purchases of one card
    int64_t pace_ms;        // how fast event time goes on, at most, a purchase
    int64_t disorder_ms;    // how far back a purchase may lie
    uint32_t leaps_of_1000; // purchases before which nothing has come for long
    int64_t leap_ms;        // for how long, at most
    uint32_t burst_percent; // purchases that are followed by more of the same card
    uint32_t repeat_percent;
    uint32_t no_time_percent;
    uint32_t spoilt_percent;  // dead letters and tombstones
    uint32_t foreign_percent; // records that a stranger's transaction writes
    uint32_t schemas;         // writer schemas in use

    uint32_t call_ppm[FAKE_OPS];
    uint32_t crash_call_ppm; // a crash inside of a call
    uint32_t latency_ppm;    // a call that takes long
    uint32_t yield_ppm;      // others run in the middle of a step
    uint32_t hang_ppm;       // for so long that the group goes on without the worker
    uint32_t event_ppm[SIM_EVENTS];
    uint32_t audit_ppm;
};

void sim_plan_draw(struct sim_plan *plan, struct random *random);
void sim_plan_print(const struct sim_plan *plan, FILE *to);

#endif
