// SPDX-License-Identifier: Apache-2.0
// Line (j): from the moment at which a purchase is to be sent to the moment at which a
// read_committed consumer has its alert, at a steady rate. A purchase sent late counts from when it
// was due, so that a stall shows in all that it held up (no coordinated omission).
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "bench/lines.h"
#include "bench/trial.h"
#include "lib/receiver.h"
#include "lib/sender.h"
#include "lib/workspace.h"

enum {
    WARM_UP_SECONDS = 30,   // not counted: until then the broker's JVM compiles what it runs
    CARDS_A_RATE = 500,     // few alerts but the planted ones
    BURST_PPM = 10000,      // one purchase in a hundred raises an alert
    BURST_WINDOW_MS = 2000, // so that bursts begun here end here
    SEEN_MS_MAX = 30000,
};

static struct workload_settings traffic(const struct site *site, int64_t rate)
{
    struct workload_settings settings = {
        .generator = generator_settings_default(),
        .oracle = oracle_settings_default(),
        .partitions = site->options.partitions,
    };
    settings.oracle.forgetful = true;
    settings.generator.card_count = (uint64_t)rate * CARDS_A_RATE;
    settings.generator.start_ms = clock_wall_ms();
    settings.generator.events_per_second = rate;
    settings.generator.burst_ppm = BURST_PPM;
    settings.generator.burst_size_max = settings.generator.burst_size_min;
    settings.generator.burst_window_ms = BURST_WINDOW_MS;
    return settings;
}

static void add_latencies(struct row *row, const struct schedule *schedule,
                          const struct receiver *receiver, const struct sender *sender)
{
    size_t first = (size_t)(schedule->rate * WARM_UP_SECONDS);
    size_t alerts = receiver_count(receiver);
    uint32_t *times_us = memory_zeroed(alerts + 1, sizeof(times_us[0]));
    size_t count = 0;
    for (size_t i = 0; i < alerts; i++) {
        size_t shot = receiver_shot(receiver, i);
        int64_t seen_us = receiver_time_us(receiver, i);
        if (shot >= first && seen_us != 0)
            times_us[count++] =
                (uint32_t)(seen_us - sender_began_us(sender) - schedule_due_us(schedule, shot));
    }
    row_add_percentiles(row, "", times_us, count);
    row_add(row, "alerts_timed", "", (double)count);
    if (receiver_seen(receiver) < alerts)
        row_add(row, "alerts_unseen", "", (double)(alerts - receiver_seen(receiver)));
    free(times_us);
}

static void play(struct trial *trial, const struct schedule *schedule, struct row *row)
{
    struct site *site = trial->site;
    size_t warm_up = (size_t)(schedule->rate * WARM_UP_SECONDS);
    struct receiver *receiver = receiver_open(site->bootstrap, trial->alerts_avro, schedule);
    trial_start(trial);
    trial_await_running(trial);
    struct sender *sender = sender_open(site->bootstrap, trial->settings.purchases, schedule);
    while (sender_sent(sender) < warm_up)
        process_nap();
    meter_start(trial->meter);
    sender_await(sender);
    row_measure(row, trial->meter);
    row->events = (double)(schedule->count - warm_up);
    row->no_ratio = true;
    trial_await(trial, (int64_t)schedule->count);
    (void)receiver_await_all(receiver, SEEN_MS_MAX);
    add_latencies(row, schedule, receiver, sender);
    row_add_percentiles(row, "ack_", sender_ack_us(sender) + warm_up, schedule->count - warm_up);
    receiver_close(receiver);
    sender_close(sender);
}

// A topic that is still empty, and what is to be sent to it.
struct stage {
    char *topic;
    struct workload workload;
    struct schedule schedule;
};

static void stage_open(struct stage *stage, struct site *site, const char *name, int64_t rate)
{
    struct workload_settings made = traffic(site, rate);
    size_t seconds = (size_t)(WARM_UP_SECONDS + site->options.seconds);
    stage->topic = workspace_text("%s-%u", name, site->trials + 1);
    made.generator.schema_id = site_purchases_topic(site, stage->topic, made.partitions);
    workload_open(&stage->workload, &made);
    schedule_open(&stage->schedule, &stage->workload, (size_t)rate * seconds, rate);
}

static void stage_close(struct stage *stage)
{
    schedule_close(&stage->schedule);
    workload_close(&stage->workload);
    free(stage->topic);
}

void latency_line(struct site *site, int64_t rate, const struct trial_settings *service,
                  struct row *row)
{
    struct stage stage;
    struct trial trial;
    struct trial_settings settings = *service;
    stage_open(&stage, site, "latency", rate);
    settings.purchases = stage.topic;
    trial_open(&trial, site, &settings);
    play(&trial, &stage.schedule, row);
    trial_judge(&trial, &stage.workload, row);
    figures_take(&site->figures, row);
    trial_stop(&trial);
    trial_close(&trial);
    stage_close(&stage);
}

void latency_floor_lines(struct site *site)
{
    for (size_t i = 0; i < site->options.rates.count; i++) {
        int64_t rate = site->options.rates.items[i];
        struct stage stage;
        site->trials++;
        stage_open(&stage, site, "floor", rate);
        latency_floor(site, stage.topic, &stage.schedule, (size_t)(rate * WARM_UP_SECONDS));
        stage_close(&stage);
    }
}

static void run(struct site *site, int64_t rate, const char *guarantee, const char *label)
{
    const struct trial_settings settings = {.partitions = site->options.partitions,
                                            .rule = LOAD_SLIDING,
                                            .guarantee = guarantee,
                                            .threads = 1};
    struct row row = row_of('j', "%s, alerts at %lld/s", label, (long long)rate);
    latency_line(site, rate, &settings, &row);
}

void latency_lines(struct site *site)
{
    for (size_t i = 0; i < site->options.rates.count; i++)
        run(site, site->options.rates.items[i], "exactly_once", "exactly once");
    for (size_t i = 0; i < site->options.rates.count && options_want(&site->options, 'p'); i++)
        run(site, site->options.rates.items[i], "at_least_once", "at least once");
}
