// SPDX-License-Identifier: Apache-2.0
// Line (j): from the moment at which a purchase is to be sent to the moment at which a
// read_committed consumer has its alert, at a steady rate. A purchase sent late counts from when it
// was due, so that a stall shows in all that it held up (no coordinated omission).
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "bench/lines.h"
#include "bench/receiver.h"
#include "bench/sender.h"
#include "bench/trial.h"
#include "lib/workspace.h"

enum {
    WARM_UP_SECONDS = 5,    // not counted
    CARDS_A_RATE = 500,     // few alerts but the planted ones
    BURST_PPM = 10000,      // one purchase in a hundred raises an alert
    BURST_WINDOW_MS = 2000, // so that bursts begun here end here
    SEEN_MS_MAX = 30000,
};

static struct schedule_settings schedule_of(const struct site *site, int64_t rate)
{
    struct schedule_settings settings = {
        .generator = generator_settings_default(),
        .oracle = oracle_settings_default(),
        .partitions = site->options.partitions,
        .count = (size_t)(rate * (WARM_UP_SECONDS + site->options.seconds)),
        .rate = rate,
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
    size_t alerts = schedule->workload.alert_count;
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
    row_add(row, "measured", "", (double)count);
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
    meter_read(trial->meter, row);
    row->events = (double)(schedule->count - warm_up);
    trial_await(trial, (int64_t)schedule->count);
    if (!receiver_await_all(receiver, SEEN_MS_MAX))
        row_add(row, "unseen", "",
                (double)(schedule->workload.alert_count - receiver_seen(receiver)));
    add_latencies(row, schedule, receiver, sender);
    row_add_percentiles(row, "ack_", sender_ack_us(sender) + warm_up, schedule->count - warm_up);
    receiver_close(receiver);
    sender_close(sender);
}

static void run(struct site *site, int64_t rate, const char *guarantee)
{
    struct schedule schedule;
    struct trial trial;
    struct row row = row_of('j', "latency, %s, %lld/s", guarantee, (long long)rate);
    const struct schedule_settings settings = schedule_of(site, rate);
    char *topic = workspace_text("latency-%u", site->trials + 1);
    const struct trial_settings service = {.purchases = topic,
                                           .partitions = settings.partitions,
                                           .rule = LOAD_SLIDING,
                                           .guarantee = guarantee,
                                           .threads = 1};
    struct schedule_settings with_schema = settings;
    with_schema.generator.schema_id = site_purchases_topic(site, topic, settings.partitions);
    schedule_open(&schedule, &with_schema);
    trial_open(&trial, site, &service);
    play(&trial, &schedule, &row);
    trial_judge(&trial, &schedule.workload, &row);
    table_take(&site->table, &row);
    trial_stop(&trial);
    trial_close(&trial);
    schedule_close(&schedule);
    free(topic);
}

void latency_lines(struct site *site)
{
    for (size_t i = 0; i < site->options.rates.count; i++)
        run(site, site->options.rates.items[i], "exactly_once");
}
