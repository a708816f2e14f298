// SPDX-License-Identifier: Apache-2.0
// Cards that come and go: of so many that hardly one comes back before it has expired.
#include <stdio.h>

#include "soak/soak.h"

enum {
    CARDS = 200000000,
    STEPS = 30,
    STOPPED_OF = 2,       // of so many restarts one is in good order
    IDLE_S = 16 * 2 * 60, // a card may stay for so many horizons
};

static struct scene_settings settings_of(const struct soak *soak, const char *name)
{
    struct scene_settings settings = scene_settings_default(name);
    settings.oracle.forgetful = true;
    settings.compression = "lz4";
    settings.generator.seed = soak->options.seed;
    settings.generator.card_count = CARDS;
    settings.generator.events_per_second = soak->options.rate;
    return settings;
}

static double event_hours(const struct soak *soak)
{
    return (double)soak_sent(soak) / (double)soak->options.rate / 3600;
}

static void send_until(struct soak *soak, double until)
{
    do {
        workload_send(&soak->scene.workload, SOAK_PORTION);
        soak_await(soak, SOAK_BEHIND_MAX);
    } while (meter_now() < until);
}

static void restart(struct soak *soak, unsigned step)
{
    // With something left to do, so that the end comes amid work.
    workload_send(&soak->scene.workload, SOAK_PORTION);
    if (step % STOPPED_OF == 0)
        soak_stop(soak);
    else
        soak_kill(soak);
    soak_start(soak);
}

// The sweep looks at two cards for each that is made: at most half of the store is past its time.
// How many there are comes and goes in waves as it passes.
static bool cards_are_bounded(const struct soak *soak)
{
    double bound = 2.0 * (double)soak->options.rate * IDLE_S;
    double most = 0;
    for (size_t row = 0; row < soak->series.count; row++) {
        double cards = series_value(&soak->series, row, SOAK_CARDS);
        most = cards > most ? cards : most;
    }
    printf("  at most %.0f cards in the store, bound %.0f\n", most, bound);
    return most <= bound;
}

static bool run(struct soak *soak, const char *name, bool restarts)
{
    const struct scene_settings settings = settings_of(soak, name);
    soak_open(soak, &settings, SOAK_ALL & ~(1u << SOAK_CARDS));
    soak_start(soak);
    for (unsigned step = 0; step < STEPS; step++) {
        if (restarts && step > 0)
            restart(soak, step);
        send_until(soak, soak->began + soak->options.minutes * 60 * (step + 1) / STEPS);
        soak_row(soak, event_hours(soak));
    }
    return soak_close(soak, cards_are_bounded(soak));
}

bool churn_run(struct soak *soak)
{
    return run(soak, "churn", false);
}

bool restarts_run(struct soak *soak)
{
    return run(soak, "restarts", true);
}
