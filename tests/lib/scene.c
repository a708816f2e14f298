// SPDX-License-Identifier: Apache-2.0
#include "lib/scene.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "lib/workspace.h"

enum { LOG_LINES_SHOWN = 40 };

bool scene_full_size(void)
{
    const char *full = getenv("E2E_FULL");
    return full != NULL && full[0] == '1';
}

struct scene_settings scene_settings_default(const char *name)
{
    static const char *const names[] = {"high_purchase_count", NULL};
    struct scene_settings settings = {
        .name = name,
        .generator = generator_settings_default(),
        .oracle = oracle_settings_default(),
        .rule_names = names,
        .threads = 1,
        .partitions = 4,
    };
    settings.generator.card_count = 50000;
    settings.generator.events_per_second = 400;
    settings.generator.disorder_ms = 5000;
    settings.generator.duplicate_ppm = 2000;
    return settings;
}

static void name_things(struct scene *scene)
{
    const char *name = scene->settings.name;
    scene->dir = kafkad_make_dir(scene->kafka, name);
    scene->state_dir = workspace_text("%s/state", scene->dir);
    scene->application_id = workspace_text("app-%s", name);
    scene->purchases = workspace_text("%s-purchases", name);
    scene->alerts_avro = workspace_text("%s-alerts-avro", name);
    scene->alerts_json = workspace_text("%s-alerts-json", name);
    scene->dead_letters = workspace_text("%s-dead-letters", scene->application_id);
    scene->changelog = workspace_text("%s-windows-changelog", scene->application_id);
}

static void open_workload(struct scene *scene)
{
    struct workload_settings workload = {
        .generator = scene->settings.generator,
        .oracle = scene->settings.oracle,
        .bootstrap = kafkad_bootstrap(scene->kafka),
        .topic = scene->purchases,
        .partitions = scene->settings.partitions,
        .compression = scene->settings.compression,
    };
    workload_open(&scene->workload, &workload);
}

void scene_open(struct scene *scene, struct kafkad *kafka, const struct scene_settings *settings)
{
    *scene = (struct scene){.settings = *settings, .kafka = kafka};
    int32_t partitions = settings->partitions;
    name_things(scene);
    kafkad_topic_with(kafka, scene->purchases, partitions, "max.message.bytes",
                      settings->purchase_max_bytes);
    kafkad_topic(kafka, scene->alerts_avro, partitions, NULL);
    kafkad_topic(kafka, scene->alerts_json, partitions, NULL);
    scene_start_registry(scene);
    open_workload(scene);
    scene->watch = group_watch_open(kafkad_bootstrap(kafka), scene->application_id,
                                    scene->purchases, partitions);
    scene_add_service(scene, 0);
}

void scene_close(struct scene *scene)
{
    for (size_t i = 0; i < SCENE_SERVICES_MAX; i++) {
        if (scene->services[i].log_path == NULL)
            continue;
        if (!scene->passed)
            cardwatch_show_log(&scene->services[i], LOG_LINES_SHOWN);
        cardwatch_release(&scene->services[i]);
    }
    group_watch_close(scene->watch);
    workload_close(&scene->workload);
    scene_stop_registry(scene);
    workspace_remove(scene->dir);
    free(scene->dir);
    free(scene->state_dir);
    free(scene->application_id);
    free(scene->purchases);
    free(scene->alerts_avro);
    free(scene->alerts_json);
    free(scene->dead_letters);
    free(scene->changelog);
    free(scene->registry_url);
    *scene = (struct scene){0};
}

void scene_add_service(struct scene *scene, size_t at)
{
    ensure(at < SCENE_SERVICES_MAX && scene->services[at].log_path == NULL);
    char *name = workspace_text("service-%zu", at);
    char *state_dir = workspace_text("%s-%zu", scene->state_dir, at);
    const struct cardwatch_settings settings = {
        .application_id = scene->application_id,
        .bootstrap = kafkad_bootstrap(scene->kafka),
        .registry_url = scene->registry_url,
        .purchases = scene->purchases,
        .alerts_avro = scene->alerts_avro,
        .alerts_json = scene->alerts_json,
        .guarantee = scene->settings.guarantee,
        .state_dir = at == 0 ? scene->state_dir : state_dir,
        .rules = scene->settings.rules,
        .threads = scene->settings.threads,
        .session_timeout_ms = scene->settings.session_timeout_ms,
    };
    cardwatch_init(&scene->services[at], scene->dir, name, &settings);
    free(name);
    free(state_dir);
}

void scene_stop_registry(struct scene *scene)
{
    if (scene->registry != NULL)
        dev_registry_close(scene->registry);
    scene->registry = NULL;
}

// Schemas are registered in the same order each time, so that they get the ids they had.
void scene_start_registry(struct scene *scene)
{
    struct error err;
    if (dev_registry_open(scene->registry_port, &scene->registry, &err) != STATUS_OK) {
        fprintf(stderr, "the development registry does not start: %s\n", err.text);
        exit(1);
    }
    scene->registry_port = dev_registry_port(scene->registry);
    if (scene->registry_url == NULL)
        scene->registry_url = workspace_text("http://127.0.0.1:%u", scene->registry_port);
    scene->schema_ids =
        registrar_register(scene->registry_url, scene->purchases, scene->alerts_avro);
    scene->settings.generator.schema_id = scene->schema_ids.purchase;
    scene->settings.generator.mismatch_schema_id = scene->schema_ids.mismatch;
}

static bool any_running(struct scene *scene)
{
    for (size_t i = 0; i < SCENE_SERVICES_MAX; i++) {
        if (process_running(&scene->services[i].process))
            return true;
    }
    return false;
}

// 128 + n: ended by signal n.
static void show_exit_codes(struct scene *scene)
{
    for (size_t i = 0; i < SCENE_SERVICES_MAX; i++) {
        struct process *process = &scene->services[i].process;
        if (process->pid != 0 && !process_running(process))
            fprintf(stderr, "process %zu has left with exit code %d\n", i,
                    cardwatch_await_exit(&scene->services[i], 0));
    }
}

static bool await_lag(struct scene *scene, int64_t lag_max, int64_t timeout_ms)
{
    int64_t deadline_ms = process_clock_ms() + timeout_ms;
    for (;;) {
        int64_t lag = group_watch_lag(scene->watch);
        if (lag >= 0 && lag <= lag_max)
            return true;
        if (process_clock_ms() > deadline_ms || !any_running(scene)) {
            fprintf(stderr, "the group is %lld messages behind, and %s\n", (long long)lag,
                    any_running(scene) ? "does not get on" : "no process of it runs");
            show_exit_codes(scene);
            return false;
        }
        process_nap();
    }
}

bool scene_await_caught_up(struct scene *scene, int64_t timeout_ms)
{
    return await_lag(scene, 0, timeout_ms);
}

bool scene_await_progress(struct scene *scene, int64_t count, int64_t timeout_ms)
{
    return await_lag(scene, (int64_t)scene->workload.sent_count - count, timeout_ms);
}

static void take_alert(void *judge, const struct topic_record *record)
{
    judge_take(judge, record);
}

static bool judge_topic(struct scene *scene, const char *topic, enum alert_format format,
                        size_t *repeats)
{
    const struct judge_settings settings = {
        .topic = scene->purchases,
        .rule_names = scene->settings.rule_names,
        .alert_partitions = scene->settings.partitions,
        .repeats_allowed = repeats != NULL,
    };
    struct judge *judge = judge_open(&scene->workload, format, &settings);
    const struct record_visitor visitor = {take_alert, judge};
    records_visit(&visitor, kafkad_bootstrap(scene->kafka), topic);
    struct judgement judgement = judge_close(judge);
    if (repeats != NULL)
        *repeats += judgement.repeated;
    bool holds = judgement_holds(&judgement, &settings);
    fprintf(stderr,
            "# %s: %zu alerts expected, %zu missing, %zu extra, %zu repeated, %zu wrong, %zu out "
            "of order\n",
            topic, judgement.expected, judgement.missing, judgement.extra, judgement.repeated,
            judgement.wrong, judgement.disordered);
    return holds;
}

static bool judge_dead_letters(struct scene *scene)
{
    if (scene->workload.letter_count == 0)
        return true;
    struct topic_records records;
    records_read(&records, kafkad_bootstrap(scene->kafka), scene->dead_letters);
    size_t faults = judge_letters(&scene->workload, &records, scene->purchases);
    records_release(&records);
    return faults == 0;
}

bool scene_judge(struct scene *scene, size_t *repeats)
{
    if (repeats != NULL)
        *repeats = 0;
    bool avro = judge_topic(scene, scene->alerts_avro, ALERT_AVRO, repeats);
    bool json = judge_topic(scene, scene->alerts_json, ALERT_JSON, repeats);
    return judge_dead_letters(scene) && avro && json;
}

int stage_setup(void **state)
{
    struct stage *stage = memory_zeroed(1, sizeof(*stage));
    stage->kafka = kafkad_open();
    *state = stage;
    return 0;
}

int stage_teardown(void **state)
{
    struct stage *stage = *state;
    kafkad_close(stage->kafka);
    free(stage);
    return 0;
}

struct scene *stage_scene(void **state, const struct scene_settings *settings)
{
    struct stage *stage = *state;
    ensure(!stage->open);
    scene_open(&stage->scene, stage->kafka, settings);
    stage->open = true;
    return &stage->scene;
}

int stage_end_test(void **state)
{
    struct stage *stage = *state;
    if (stage->open)
        scene_close(&stage->scene);
    stage->open = false;
    return 0;
}
