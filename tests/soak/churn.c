// SPDX-License-Identifier: Apache-2.0
// Cards that come and go: of so many that hardly one comes back before it has expired.
#include "soak/soak.h"

enum {
    CARDS = 200000000,
    STEPS = 30,
    STOPPED_OF = 2, // of so many restarts one is in good order
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

static bool run(struct soak *soak, const char *name, bool restarts)
{
    const struct scene_settings settings = settings_of(soak, name);
    soak_open(soak, &settings, SOAK_ALL);
    soak_start(soak);
    for (unsigned step = 0; step < STEPS; step++) {
        if (restarts && step > 0)
            restart(soak, step);
        send_until(soak, soak->began + soak->options.minutes * 60 * (step + 1) / STEPS);
        soak_row(soak, event_hours(soak));
    }
    return soak_close(soak, true);
}

bool churn_run(struct soak *soak)
{
    return run(soak, "churn", false);
}

bool restarts_run(struct soak *soak)
{
    return run(soak, "restarts", true);
}
