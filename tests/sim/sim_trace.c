// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_trace.h"

#include <inttypes.h>
#include <string.h>

void sim_trace_init(struct sim_trace *trace, bool loud)
{
    trace->loud = loud;
    trace->count = 0;
    trace->hash = 0xcbf29ce484222325u;
}

static void print(const struct sim_trace_event *event, FILE *to)
{
    fprintf(to, "%9" PRId64 " ", event->at_ms);
    if (event->who < 0)
        fprintf(to, "%-5s", "world");
    else
        fprintf(to, "%*s%d.%-3d", event->depth * 2, "", event->who / 10, event->who % 10);
    fprintf(to, " %s", event->what);
    for (size_t i = 0; i < 3; i++)
        fprintf(to, " %" PRId64, event->numbers[i]);
    fprintf(to, " %s\n", event->detail == NULL ? "" : event->detail);
}

static void mix(struct sim_trace *trace, uint64_t bits)
{
    trace->hash = (trace->hash ^ bits) * 0x100000001b3u;
    trace->hash ^= trace->hash >> 29;
}

void sim_trace_add(struct sim_trace *trace, const struct sim_trace_event *event)
{
    trace->events[trace->count++ % SIM_TRACE_EVENTS] = *event;
    mix(trace, (uint64_t)event->at_ms);
    mix(trace, (uint64_t)event->who);
    for (size_t i = 0; i < 3; i++)
        mix(trace, (uint64_t)event->numbers[i]);
    if (trace->loud)
        print(event, stderr);
}

void sim_trace_print_tail(const struct sim_trace *trace, size_t count, FILE *to)
{
    uint64_t kept = trace->count < SIM_TRACE_EVENTS ? trace->count : SIM_TRACE_EVENTS;
    if (count > kept)
        count = (size_t)kept;
    for (uint64_t i = trace->count - count; i < trace->count; i++)
        print(&trace->events[i % SIM_TRACE_EVENTS], to);
}
