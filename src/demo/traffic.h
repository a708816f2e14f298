// SPDX-License-Identifier: Apache-2.0
// Messages of a generator sent somewhere, at a rate or as fast as they are taken, until there have
// been enough of them or somebody asks to stop.
#ifndef DEMO_TRAFFIC_H
#define DEMO_TRAFFIC_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/status.h"
#include "demo/generator.h"

// Where messages go.
struct traffic_sink {
    void *context;
    // STATUS_RETRY: not just now (the sentence says why); it is called again with the same message.
    enum status (*write)(void *context, const struct generated *message, struct error *err);
};

struct traffic_counts {
    uint64_t messages;
    uint64_t bursts; // complete, or cut short but long enough
    uint64_t again;
    uint64_t malformed;
};

// Who hears of it; either may be NULL.
struct traffic_listener {
    void *context;
    // A planted burst has been sent whole; those cut short come at the end.
    enum status (*burst)(void *context, const struct planted_burst *burst, struct error *err);
    // About each TRAFFIC_PROGRESS_MS; `trouble` NULL, or why nothing is taken just now.
    void (*progress)(void *context, const struct traffic_counts *counts, const char *trouble);
};

enum { TRAFFIC_PROGRESS_MS = 200 };

struct traffic_plan {
    struct generator_settings generator;
    uint64_t message_count;  // 0: until `stop`
    int64_t rate;            // messages a second by the clock; 0: as fast as they are taken
    const atomic_bool *stop; // looked at before each message
};

// STATUS_OK also when stopped. Any other status is the sink's or the listener's.
enum status traffic_run(const struct traffic_plan *plan, const struct traffic_sink *sink,
                        const struct traffic_listener *listener, struct traffic_counts *counts,
                        struct error *err) MUST_USE;

#endif
