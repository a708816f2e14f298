// SPDX-License-Identifier: Apache-2.0
// What a run of chaos plays in: a scene whose instances reach the broker through a proxy each, with
// a steady stream of purchases; and the verdict.
#ifndef CHAOS_ARENA_H
#define CHAOS_ARENA_H

#include <stdbool.h>

#include "chaos/options.h"
#include "chaos/plan.h"
#include "chaos/watch.h"
#include "lib/proxy.h"
#include "lib/scene.h"

struct instance {
    struct cardwatch *service; // borrowed from the scene
    struct proxy *proxy;
    char *state_dir;
    int64_t started_ms;
    bool wanted;        // it should be running
    size_t endings;     // by itself
    int64_t full_ms;    // until when its disk may be the reason; INT64_MAX: it is full
    int64_t revived_ms; // when it is started again; 0: it has not ended
    bool disk;          // of its own
};

struct arena {
    struct options options;
    struct kafkad *kafka;
    struct scene scene;
    struct watch *watch;
    struct instance instances[INSTANCES_MAX];
    struct random random; // for what the plan leaves open
    struct buffer value;  // of a purchase in the longer schema
    bool disks;
    bool longer;    // some purchases come in the longer schema by now
    int64_t now_ms; // since the beginning, as patience counts
    int64_t seen_ms;
    size_t counts[FAULT_KINDS];
    size_t anomalies;
    bool hopeless; // an instance does not stay up: the run ends
};

// Kafka, registry, proxies and disks are there; nothing runs. `threads` of each instance; 0: the
// seed says, and more of the settings as well.
void arena_open(struct arena *arena, const struct options *options, int threads);
void arena_close(struct arena *arena);

// Says something, with the time since the beginning.
void arena_say(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Says what must not be, and counts it.
void arena_anomaly(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Time since the beginning. It hardly runs while the whole machine is stopped: what passes between
// two looks counts for a second at most. Deadlines and the plan go by it.
int64_t arena_now_ms(struct arena *arena);

void arena_start(struct arena *arena, size_t instance);
// Orderly; an exit code that is not 0 is an anomaly.
void arena_stop(struct arena *arena, size_t instance);
void arena_kill(struct arena *arena, size_t instance);
void arena_wipe(struct arena *arena, size_t instance);

// Sends the purchases that are due, starts again what has ended by itself (an anomaly), and sleeps
// for a moment.
void arena_step(struct arena *arena);

// All troubles are over: waits until the group has done everything, looks at what it has written,
// and ends the instances; then has the changelog alone bring them back, and looks again.
void arena_judge(struct arena *arena);

// Keeps logs, state and topics; says where.
void arena_keep_evidence(struct arena *arena);

#endif
