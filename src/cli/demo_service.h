// SPDX-License-Identifier: Apache-2.0
// The real service, run by the demo on threads beside it, and what its metrics say.
#ifndef CLI_DEMO_SERVICE_H
#define CLI_DEMO_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>

#include "cli/operators.h"

struct demo_service {
    const struct config *config;
    struct service *service; // set before `opened` is
    struct exposition exposition;
    struct operators operators; // closed until demo_service_listen
    pthread_t thread;
    bool started;
    atomic_bool stop;
    atomic_bool opened;
    atomic_bool ended;
    enum status status; // valid once it has ended
    struct error err;
};

// What the metrics of all workers say together.
struct demo_glance {
    int64_t at_ms; // monotonic
    bool ready;    // every partition is owned and running
    uint64_t consumed;
    uint64_t position; // over all partitions: purchases behind it have been processed
    uint64_t alerts;
    uint64_t dead_letters;
    struct histogram commit_seconds;
    struct histogram alert_latency_seconds;
};

// Starts it. `config` must outlive it.
void demo_service_start(struct demo_service *service, const struct config *config);
// True once it runs, or has ended for want of something.
bool demo_service_is_open(struct demo_service *service);
bool demo_service_has_ended(struct demo_service *service);
// To be called when it is open and has not ended: serves dashboard and metrics there; when
// `else_any_port` and the address is taken, on a free port instead.
enum status demo_service_listen(struct demo_service *service, bool else_any_port,
                                struct error *err) MUST_USE;
// All zero before it is open.
void demo_service_look(struct demo_service *service, struct demo_glance *out);
// Asks it to stop and waits: everything is committed. Its own end's status.
enum status demo_service_finish(struct demo_service *service, struct error *err) MUST_USE;
// Finishes it if that has not been done.
void demo_service_close(struct demo_service *service);

#endif
