// SPDX-License-Identifier: Apache-2.0
// Line (i): purchases come at a steady rate; the service is killed (-9) with its state directory
// kept and started again, at once and then after a while, so that there is a backlog. Times count
// from the start of the process.
//
//   0 s     steady    10 s  kill, restart    20 s  kill ........ 30 s  restart    50 s
//
// The store is filled first: the cards that have bought within the last two windows, of three times
// as many, at a pace that makes one purchase in sixty raise an alert whatever the size.
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "bench/lines.h"
#include "lib/metrics.h"
#include "lib/receiver.h"
#include "lib/sender.h"
#include "lib/workspace.h"

enum {
    RATE = 20000,
    KILL_S = 10,
    KILL_AGAIN_S = 20,
    START_AGAIN_S = 30,
    END_S = 50,
    SETTLE_MS = 200, // alerts that were committed before the kill arrive
    SEEN_MS_MAX = 60000,
    CARDS_A_STORED = 3,
    PACE = 100,         // stored cards to one purchase a second of event time
    FILL_PERCENT = 125, // purchases that fill the store, of its cards
};

struct stage {
    struct trial *trial;
    const struct schedule *schedule;
    struct sender *sender;
    struct receiver *receiver;
    int64_t killed_us;
    int64_t started_us;
    int64_t said_us;
};

static void await_second(const struct stage *stage, size_t second)
{
    while (sender_sent(stage->sender) < second * RATE)
        process_nap();
}

static void kill_it(struct stage *stage)
{
    trial_kill(stage->trial);
    stage->killed_us = sender_now_us();
}

static double ms_since_start(const struct stage *stage)
{
    return (double)(sender_now_us() - stage->started_us) / 1000;
}

// Starts the process and waits until it says that it has taken a purchase.
static void start_it(struct stage *stage)
{
    struct trial *trial = stage->trial;
    stage->started_us = sender_now_us();
    trial_spawn(trial);
    trial_await_log(trial, "listening", 1);
    uint16_t port =
        (uint16_t)cardwatch_log_max(&trial->service, trial->log_from, "listening", "port");
    while (metrics_value(port, "cardwatch_purchases_consumed_total") < 1)
        process_nap();
    stage->said_us = sender_now_us();
}

// Milliseconds from the start to the first alert that was seen behind it.
static double first_alert_ms(const struct stage *stage)
{
    int64_t first_us = INT64_MAX;
    for (size_t i = 0; i < receiver_count(stage->receiver); i++) {
        int64_t us = receiver_time_us(stage->receiver, i);
        if (us > stage->started_us && us < first_us)
            first_us = us;
    }
    return (double)(first_us - stage->started_us) / 1000;
}

// Milliseconds from the start to the first sign of a purchase that was processed: the service's own
// word, which it publishes at the end of a turn, or an alert.
static double first_purchase_ms(const struct stage *stage)
{
    double said_ms = (double)(stage->said_us - stage->started_us) / 1000;
    double alert_ms = first_alert_ms(stage);
    return said_ms < alert_ms ? said_ms : alert_ms;
}

// What a customer has noticed: the longest way from purchase to alert while it was away.
static double worst_alert_ms(const struct stage *stage, int64_t until_us)
{
    int64_t worst_us = 0;
    for (size_t i = 0; i < receiver_count(stage->receiver); i++) {
        size_t shot = receiver_shot(stage->receiver, i);
        int64_t due_us = sender_began_us(stage->sender) + schedule_due_us(stage->schedule, shot);
        int64_t us = receiver_time_us(stage->receiver, i) - due_us;
        if (due_us > stage->killed_us - 1000000 && due_us < until_us && us > worst_us)
            worst_us = us;
    }
    return (double)worst_us / 1000;
}

static double stored_cards(struct trial *trial)
{
    uint16_t port =
        (uint16_t)cardwatch_log_max(&trial->service, trial->log_from, "listening", "port");
    return metrics_value(port, "cardwatch_state_cards");
}

static void restart_at_once(struct stage *stage, struct row *row)
{
    struct trial *trial = stage->trial;
    await_second(stage, KILL_S);
    row_add(row, "cards_stored", "", stored_cards(trial));
    kill_it(stage);
    const struct timespec settle = {.tv_nsec = SETTLE_MS * 1000000};
    nanosleep(&settle, NULL);
    start_it(stage);
    await_second(stage, KILL_AGAIN_S);
    row_add(row, "first_purchase", "ms", first_purchase_ms(stage));
    row_add(row, "first_alert", "ms", first_alert_ms(stage));
    row_add(row, "worst_alert", "ms", worst_alert_ms(stage, stage->started_us));
    row_add(row, "replayed_records", "",
            (double)cardwatch_log_sum(&trial->service, trial->log_from, "partition running",
                                      "restored_records"));
}

static void restart_with_backlog(struct stage *stage, int64_t loaded, struct row *row)
{
    kill_it(stage);
    await_second(stage, START_AGAIN_S);
    int64_t backlog =
        loaded + (int64_t)sender_sent(stage->sender) - group_watch_total(stage->trial->watch);
    start_it(stage);
    // Caught up: less than a tenth of a second behind.
    while (group_watch_total(stage->trial->watch) <
           loaded + (int64_t)sender_sent(stage->sender) - RATE / 10)
        process_nap();
    double caught_up_ms = ms_since_start(stage);
    sender_await(stage->sender);
    row_add(row, "backlog", "", (double)backlog);
    row_add(row, "backlog_first_purchase", "ms", first_purchase_ms(stage));
    row_add(row, "backlog_first_alert", "ms", first_alert_ms(stage));
    row_add(row, "backlog_caught_up", "ms", caught_up_ms);
}

static void play(struct trial *trial, struct workload *workload, struct row *row)
{
    struct schedule schedule;
    int64_t loaded = (int64_t)workload->sent_count;
    schedule_open(&schedule, workload, (size_t)RATE * END_S, RATE);
    struct stage stage = {.trial = trial, .schedule = &schedule};
    stage.receiver = receiver_open(trial->site->bootstrap, trial->alerts_avro, &schedule);
    stage.sender = sender_open(trial->site->bootstrap, trial->settings.purchases, &schedule);
    restart_at_once(&stage, row);
    restart_with_backlog(&stage, loaded, row);
    trial_await(trial, loaded + (int64_t)schedule.count);
    (void)receiver_await_all(stage.receiver, SEEN_MS_MAX);
    row_measure_whole(row, trial->meter);
    receiver_close(stage.receiver);
    sender_close(stage.sender);
    schedule_close(&schedule);
}

static void fill(struct trial *trial, struct workload *workload, uint64_t cards)
{
    struct row row = row_of('i', "filling the store, %llu cards", (unsigned long long)cards);
    workload_send(workload, (size_t)(cards * FILL_PERCENT / 100));
    trial_start(trial);
    trial_await(trial, (int64_t)workload->sent_count);
    row.events = (double)workload->sent_count;
    row.no_ratio = true;
    row_measure(&row, trial->meter);
    figures_take(&trial->site->figures, &row);
}

static struct workload_settings traffic(struct site *site, const char *topic, uint64_t cards)
{
    struct workload_settings settings = {
        .generator = generator_settings_default(),
        .oracle = oracle_settings_default(),
        .bootstrap = site->bootstrap,
        .topic = topic,
        .partitions = site->options.partitions,
        .compression = "lz4",
    };
    settings.oracle.forgetful = true;
    settings.generator.card_count = cards * CARDS_A_STORED;
    settings.generator.events_per_second = (int64_t)(cards / PACE) + 1;
    settings.generator.disorder_ms = 1000;
    settings.generator.burst_ppm = 0;
    settings.generator.schema_id = site_purchases_topic(site, topic, settings.partitions);
    return settings;
}

static void run(struct site *site, uint64_t cards)
{
    struct trial trial;
    struct workload workload;
    struct row row =
        row_of('i', "kill -9 at %d/s, %llu cards stored", RATE, (unsigned long long)cards);
    char *topic = workspace_text("restart-%u", site->trials + 1);
    const struct workload_settings settings = traffic(site, topic, cards);
    const struct trial_settings service = {.purchases = topic,
                                           .partitions = settings.partitions,
                                           .rule = LOAD_SLIDING,
                                           .guarantee = "exactly_once",
                                           .threads = 1,
                                           .http = true};
    workload_open(&workload, &settings);
    trial_open(&trial, site, &service);
    fill(&trial, &workload, cards);
    play(&trial, &workload, &row);
    trial_judge(&trial, &workload, &row);
    figures_take(&site->figures, &row);
    trial_stop(&trial);
    trial_close(&trial);
    workload_close(&workload);
    free(topic);
}

void restart_lines(struct site *site)
{
    for (size_t i = 0; i < site->options.restart_cards.count; i++)
        run(site, (uint64_t)site->options.restart_cards.items[i]);
}
