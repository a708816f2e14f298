// SPDX-License-Identifier: Apache-2.0
#include "bench/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "lib/judge.h"
#include "lib/workspace.h"

enum { START_MS_MAX = 120000, STUCK_MS_MAX = 120000, STOP_MS_MAX = 60000, LOG_LINES = 40 };

static const char *rules_of(enum load_rule rule)
{
    return rule == LOAD_TUMBLING ? "[{name: high_purchase_count, type: count, window: tumbling, "
                                   "window_ms: 60000, threshold: 3}]"
                                 : "[{name: high_purchase_count, type: count, window: sliding, "
                                   "window_ms: 60000, threshold: 3}]";
}

// BENCH_SET="a.b=c d.e=f": further settings of the service.
static void add_sets(struct cardwatch *service)
{
    const char *text = getenv("BENCH_SET");
    char *copy = memory_text(text == NULL ? "" : text);
    char *rest = NULL;
    for (char *item = strtok_r(copy, " ", &rest); item != NULL; item = strtok_r(NULL, " ", &rest))
        cardwatch_set(service, item);
    free(copy);
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
    add_sets(&trial->service);
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

void trial_start(struct trial *trial)
{
    size_t from = cardwatch_log_size(&trial->service);
    cardwatch_start(&trial->service);
    trial->meter = meter_open(trial->service.process.pid, trial->site->kafka);
    if (!cardwatch_await_log(&trial->service, from, "partition running", 1, START_MS_MAX))
        fail(trial, "no partition came to work");
    meter_start(trial->meter);
}

void trial_await_running(struct trial *trial)
{
    if (!cardwatch_await_log(&trial->service, 0, "partition running",
                             (size_t)trial->settings.partitions, START_MS_MAX))
        fail(trial, "not all partitions came to work");
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
    if (cardwatch_stop(&trial->service, STOP_MS_MAX) != 0)
        fail(trial, "it did not stop in good order");
}

void trial_kill(struct trial *trial)
{
    cardwatch_kill(&trial->service);
    forget_process(trial);
}

static struct judgement judge_topic(struct trial *trial, const struct workload *expected,
                                    const char *topic, enum alert_format format,
                                    struct judge_settings *settings)
{
    struct topic_records records;
    records_read(&records, trial->site->bootstrap, topic);
    struct judgement judgement = judge_alerts(expected, &records, format, settings);
    records_release(&records);
    return judgement;
}

void trial_judge(struct trial *trial, const struct workload *expected, struct row *row)
{
    static const char *const names[] = {"high_purchase_count", NULL};
    const char *guarantee = trial->settings.guarantee;
    struct judge_settings settings = {
        .topic = trial->settings.purchases,
        .rule_names = names,
        .alert_partitions = trial->settings.partitions,
        .repeats_allowed = guarantee != NULL && strcmp(guarantee, "at_least_once") == 0,
    };
    struct judgement avro = judge_topic(trial, expected, trial->alerts_avro, ALERT_AVRO, &settings);
    struct judgement json = judge_topic(trial, expected, trial->alerts_json, ALERT_JSON, &settings);
    bool holds = judgement_holds(&avro, &settings) && judgement_holds(&json, &settings);
    row->verdict = holds ? VERDICT_EQUAL : VERDICT_DIFFERENT;
    row->alerts = expected->alert_count;
    row->repeated = avro.repeated + json.repeated;
}
