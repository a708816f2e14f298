// SPDX-License-Identifier: Apache-2.0
#include "bench/trial.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bench/verdict.h"
#include "lib/workspace.h"

#define PEER_PROGRAM "tests/bench/kafka-streams/run"

enum { START_MS_MAX = 120000, STUCK_MS_MAX = 120000, STOP_MS_MAX = 60000, LOG_LINES = 40 };

static const char *rules_of(enum load_rule rule)
{
    return rule == LOAD_TUMBLING ? "[{name: high_purchase_count, type: count, window: tumbling, "
                                   "window_ms: 60000, threshold: 3}]"
                                 : "[{name: high_purchase_count, type: count, window: sliding, "
                                   "window_ms: 60000, threshold: 3}]";
}

void trial_open(struct trial *trial, struct site *site, const struct trial_settings *settings)
{
    *trial = (struct trial){.site = site, .settings = *settings};
    unsigned number = ++site->trials;
    char *name = workspace_text("trial-%u", number);
    trial->dir = kafkad_make_dir(site->kafka, name);
    trial->state_dir = workspace_text("%s/state", trial->dir);
    trial->application_id = workspace_text("bench-%u", number);
    trial->alerts_avro = workspace_text("alerts-avro-%u", number);
    trial->alerts_json = workspace_text("alerts-json-%u", number);
    kafkad_topic(site->kafka, trial->alerts_avro, settings->partitions, NULL);
    kafkad_topic(site->kafka, trial->alerts_json, settings->partitions, NULL);
    trial->watch = group_watch_open_prompt(site->bootstrap, trial->application_id,
                                           settings->purchases, settings->partitions);
    const struct cardwatch_settings service = {
        .application_id = trial->application_id,
        .bootstrap = site->bootstrap,
        .registry_url = site->registry_url,
        .purchases = settings->purchases,
        .alerts_avro = trial->alerts_avro,
        .alerts_json = trial->alerts_json,
        .guarantee = settings->guarantee,
        .state_dir = trial->state_dir,
        .rules = rules_of(settings->rule),
        .threads = settings->threads,
    };
    cardwatch_init(&trial->service, trial->dir, "service", &service);
    // Else it is made up and kept in the state directory, and a service that has lost that would
    // have to wait for its former self to time out.
    cardwatch_set(&trial->service, "processing.instance_id=bench");
    cardwatch_set_all(&trial->service, site->options.sets);
    if (settings->http)
        cardwatch_set(&trial->service, "http.listen=127.0.0.1:0");
    free(name);
}

void trial_close(struct trial *trial)
{
    meter_close(trial->meter);
    cardwatch_release(&trial->service);
    group_watch_close(trial->watch);
    workspace_remove(trial->dir);
    free(trial->dir);
    free(trial->state_dir);
    free(trial->application_id);
    free(trial->alerts_avro);
    free(trial->alerts_json);
    *trial = (struct trial){0};
}

static _Noreturn void fail(struct trial *trial, const char *what)
{
    cardwatch_show_log(&trial->service, LOG_LINES);
    site_fail("%s: %s", trial->application_id, what);
}

// What the peer takes on its command line: tests/bench/kafka-streams.
static void spawn_peer(struct trial *trial)
{
    const struct trial_settings *settings = &trial->settings;
    bool exactly_once = strcmp(settings->guarantee, "exactly_once") == 0;
    char *threads = workspace_text("%d", settings->threads);
    char *commit_ms = workspace_text("%d", settings->peer_commit_ms);
    const char *argv[32] = {
        PEER_PROGRAM,
        "--bootstrap",
        trial->site->bootstrap,
        "--registry",
        trial->site->registry_url,
        "--input",
        settings->purchases,
        "--output",
        trial->alerts_avro,
        "--application-id",
        trial->application_id,
        "--state-dir",
        trial->state_dir,
        "--threads",
        threads,
        "--guarantee",
        exactly_once ? "exactly_once_v2" : "at_least_once",
    };
    size_t count = 17;
    if (settings->peer_commit_ms != 0) {
        argv[count++] = "--commit-interval-ms";
        argv[count++] = commit_ms;
    }
    if (settings->peer_linger_ms != NULL) {
        argv[count++] = "--linger-ms";
        argv[count++] = settings->peer_linger_ms;
    }
    process_spawn(&trial->service.process, argv, trial->service.log_path);
    free(threads);
    free(commit_ms);
}

void trial_spawn(struct trial *trial)
{
    trial->log_from = cardwatch_log_size(&trial->service);
    if (trial->settings.peer)
        spawn_peer(trial);
    else
        cardwatch_start(&trial->service);
    trial->meter = meter_open(trial->service.process.pid, trial->site->kafka);
}

void trial_await_log(struct trial *trial, const char *text, size_t count)
{
    if (!cardwatch_await_log(&trial->service, trial->log_from, text, count, START_MS_MAX))
        fail(trial, "it does not come to work");
}

void trial_start(struct trial *trial)
{
    trial_spawn(trial);
    trial_await_log(trial, trial->settings.peer ? "peer running" : "partition running", 1);
    meter_start(trial->meter);
}

void trial_await_running(struct trial *trial)
{
    if (!trial->settings.peer)
        trial_await_log(trial, "partition running", (size_t)trial->settings.partitions);
}

void trial_await(struct trial *trial, int64_t total)
{
    int64_t newest = -1;
    int64_t deadline_ms = 0;
    for (;;) {
        int64_t now = group_watch_total(trial->watch);
        if (now >= total)
            return;
        if (now > newest) {
            newest = now;
            deadline_ms = process_clock_ms() + STUCK_MS_MAX;
        }
        if (process_clock_ms() > deadline_ms || !process_running(&trial->service.process))
            fail(trial, "the group does not get on");
        process_nap();
    }
}

static void forget_process(struct trial *trial)
{
    meter_close(trial->meter);
    trial->meter = NULL;
}

void trial_stop(struct trial *trial)
{
    forget_process(trial);
    int exit_code = cardwatch_stop(&trial->service, STOP_MS_MAX);
    if (exit_code != 0 && !(trial->settings.peer && exit_code == 128 + SIGTERM))
        fail(trial, "it did not stop in good order");
}

void trial_kill(struct trial *trial)
{
    cardwatch_kill(&trial->service);
    forget_process(trial);
}

void trial_judge(struct trial *trial, const struct workload *expected, struct row *row)
{
    const struct verdict_settings settings = {
        .bootstrap = trial->site->bootstrap,
        .purchases = trial->settings.purchases,
        .partitions = trial->settings.partitions,
        .repeats_allowed = strcmp(trial->settings.guarantee, "at_least_once") == 0,
    };
    if (trial->settings.peer) {
        verdict_plain(row, expected, trial->alerts_avro, &settings);
        return;
    }
    verdict_full(row, expected, trial->alerts_avro, ALERT_AVRO, &settings);
    verdict_full(row, expected, trial->alerts_json, ALERT_JSON, &settings);
}
