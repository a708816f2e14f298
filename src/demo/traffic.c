// SPDX-License-Identifier: Apache-2.0
#include "demo/traffic.h"

#include <time.h>

#include "base/clock.h"

enum { NAP_MS = 50, CLOCK_EVERY_COUNT = 256 };

struct traffic {
    const struct traffic_plan *plan;
    const struct traffic_sink *sink;
    const struct traffic_listener *listener;
    struct traffic_counts *counts;
    int64_t begun_ms;
    int64_t shown_ms;
    uint64_t lost_burst; // number of the burst of which a purchase was made and not taken; 0: none
};

static void nap(int64_t ms)
{
    int64_t length_ms = ms < NAP_MS ? ms : NAP_MS;
    nanosleep(&(struct timespec){.tv_nsec = (long)length_ms * 1000000}, NULL);
}

static bool stopped(const struct traffic *traffic)
{
    return atomic_load(traffic->plan->stop);
}

static void show(struct traffic *traffic, int64_t now_ms, const char *trouble)
{
    if (traffic->listener->progress == NULL || now_ms < traffic->shown_ms + TRAFFIC_PROGRESS_MS)
        return;
    traffic->shown_ms = now_ms;
    traffic->listener->progress(traffic->listener->context, traffic->counts, trouble);
}

// Waits until the next message is due by the clock.
static void await_turn(struct traffic *traffic)
{
    uint64_t number = traffic->counts->messages;
    int64_t rate = traffic->plan->rate;
    if (rate == 0) {
        if (number % CLOCK_EVERY_COUNT == 0)
            show(traffic, clock_now_ms(), NULL);
        return;
    }
    int64_t due_ms = traffic->begun_ms + (int64_t)((__int128)number * 1000 / rate);
    for (;;) {
        int64_t now_ms = clock_now_ms();
        show(traffic, now_ms, NULL);
        if (now_ms >= due_ms || stopped(traffic))
            return;
        nap(due_ms - now_ms);
    }
}

// STATUS_RETRY: stopped before it was taken.
static enum status send(struct traffic *traffic, const struct generated *message, struct error *err)
{
    for (;;) {
        enum status status = traffic->sink->write(traffic->sink->context, message, err);
        if (status != STATUS_RETRY || stopped(traffic))
            return status;
        show(traffic, clock_now_ms(), err->text);
    }
}

static enum status tell_burst(struct traffic *traffic, const struct planted_burst *burst,
                              struct error *err)
{
    traffic->counts->bursts++;
    if (traffic->listener->burst == NULL)
        return STATUS_OK;
    return traffic->listener->burst(traffic->listener->context, burst, err);
}

static enum status step(struct traffic *traffic, struct generator *generator, struct error *err)
{
    struct generated message;
    await_turn(traffic);
    if (stopped(traffic))
        return STATUS_OK;
    generator_next(generator, &message);
    enum status status = send(traffic, &message, err);
    if (status == STATUS_RETRY) {
        traffic->lost_burst = message.again ? 0 : message.burst;
        return STATUS_OK; // stopped
    }
    if (status != STATUS_OK)
        return status;
    traffic->counts->messages++;
    traffic->counts->again += message.again;
    traffic->counts->malformed += message.malformed != DEAD_LETTER_NONE;
    return message.completed == NULL ? STATUS_OK : tell_burst(traffic, message.completed, err);
}

static enum status tell_cut_short(struct traffic *traffic, const struct generator *generator,
                                  struct error *err)
{
    struct planted_burst burst;
    enum status status = STATUS_OK;
    size_t cursor = 0;
    while (status == STATUS_OK && generator_cut_short(generator, &cursor, &burst)) {
        burst.size -= burst.number == traffic->lost_burst;
        if (burst.size >= traffic->plan->generator.burst_size_min)
            status = tell_burst(traffic, &burst, err);
    }
    return status;
}

enum status traffic_run(const struct traffic_plan *plan, const struct traffic_sink *sink,
                        const struct traffic_listener *listener, struct traffic_counts *counts,
                        struct error *err)
{
    struct generator *generator = generator_open(&plan->generator);
    struct traffic traffic = {.plan = plan, .sink = sink, .listener = listener, .counts = counts};
    enum status status = STATUS_OK;
    *counts = (struct traffic_counts){0};
    traffic.begun_ms = traffic.shown_ms = clock_now_ms();
    while (status == STATUS_OK && !stopped(&traffic) &&
           (plan->message_count == 0 || counts->messages < plan->message_count))
        status = step(&traffic, generator, err);
    if (status == STATUS_OK)
        status = tell_cut_short(&traffic, generator, err);
    generator_close(generator);
    return status;
}
