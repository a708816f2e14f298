// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_instance.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "demo/malformed.h"
#include "sim/sim_audit.h"
#include "sim/sim_table.h"
#include "wire/schemas.h"

enum { UNKNOWN_AFTER_MS = 10000 };

static int who(const struct sim_instance *instance, const struct sim_worker *worker)
{
    return (int)(instance->index * 10 + (size_t)(worker - instance->workers));
}

// ---- the other ports ----

// What a schema lookup needs to know of who asks.
static struct sim *sim_of(struct sim_instance *instance)
{
    return (struct sim *)((char *)(instance - instance->index) - offsetof(struct sim, instances));
}

static struct view schema_text(uint32_t id)
{
    if (id == SIM_SCHEMA_FLAG)
        return schema_travel_flags();
    return id == SIM_SCHEMA_MISMATCH ? generator_mismatch_schema() : schema_purchase();
}

// The registry's client keeps what it has seen, over restarts too; what the registry does not have
// is unknown after ten seconds of saying so.
static enum registry_answer answer_schema(void *context, uint32_t id, struct view *schema)
{
    struct sim_instance *instance = context;
    struct sim *sim = sim_of(instance);
    ensure(id < SIM_SCHEMA_IDS);
    *schema = schema_text(id);
    if (instance->schema_known[id])
        return REGISTRY_READY;
    if (sim->registry_back_ms > sim_now_ms(sim))
        return REGISTRY_PENDING;
    if (id == SIM_SCHEMA_UNKNOWN) {
        if (sim->schema_asked_ms[id] == 0)
            sim->schema_asked_ms[id] = 1 + sim_now_ms(sim);
        bool long_ago = sim_now_ms(sim) - sim->schema_asked_ms[id] >= UNKNOWN_AFTER_MS;
        return long_ago ? REGISTRY_UNKNOWN : REGISTRY_PENDING;
    }
    if (!sim->calm && random_chance(&sim->random, 1, 2)) // being fetched
        return REGISTRY_PENDING;
    instance->schema_known[id] = true;
    return REGISTRY_READY;
}

static uint64_t answer_random(void *context)
{
    struct random random = {++((struct sim *)context)->incarnations};
    return random_next(&random);
}

// ---- up ----

static void start_worker(struct sim *sim, struct sim_instance *instance, size_t index)
{
    struct sim_worker *worker = &instance->workers[index];
    char id[48];
    snprintf(id, sizeof(id), "%s-%zu", instance->name, index);
    struct fake_broker_settings settings = {
        .group_id = sim_group,
        .group_instance_id = sim->plan.static_membership ? id : NULL,
        .transactional_id = sim->plan.at_least_once ? NULL : id,
        .input_topic = sim_input_topic,
        .table_topic = sim->settings.table_topic,
    };
    memcpy(settings.outputs, sim_outputs, sizeof(settings.outputs));
    *worker = (struct sim_worker){.broker = fake_broker_open(sim->cluster, &settings),
                                  .ready_ms = sim_now_ms(sim)};
    worker_metrics_init(&worker->metrics, sim->plan.partitions);
    const struct stream_ports ports = {
        .broker = worker->broker,
        .stores = instance->disk,
        .schemas = {answer_schema, instance},
        .random = answer_random,
        .random_context = sim,
    };
    worker->worker = worker_open(&sim->settings, &ports, &worker->metrics);
    fake_broker_mute(worker->broker, instance->muted_until_ms > 0);
    if (instance->cut_until_ms > 0)
        fake_broker_disconnect(worker->broker, true);
}

void sim_instance_start(struct sim *sim, struct sim_instance *instance)
{
    ensure(instance->state == SIM_DOWN);
    if (instance->disk == NULL) {
        instance->disk = fake_store_dir_open();
        fake_store_keep_versions(instance->disk);
        fake_store_set_polls(instance->disk, sim->plan.disk_polls);
        if (sim->plan.disk_parts)
            fake_store_write_in_parts(instance->disk);
    }
    sim_note(sim, (int)instance->index * 10, "start", instance->name, 0, 0, 0);
    instance->state = SIM_UP;
    for (size_t i = 0; i < sim->plan.workers; i++)
        start_worker(sim, instance, i);
}

// ---- down ----

static bool any_worker(const struct sim_instance *instance)
{
    for (size_t i = 0; i < SIM_WORKERS_MAX; i++)
        if (instance->workers[i].worker != NULL)
            return true;
    return false;
}

static void count_worker(struct sim *sim, const struct worker *worker)
{
    const struct counters *counters = &worker->counters;
    sim->figures->commits += counters->commits;
    sim->figures->aborts += counters->aborts;
    sim->figures->resets += counters->resets;
    sim->figures->restored += counters->restore_records;
    sim->figures->swept += counters->swept_cards;
    sim->figures->checkpoints += counters->checkpoints;
}

static void close_worker(struct sim *sim, struct sim_worker *worker)
{
    ensure(!worker->busy);
    count_worker(sim, worker->worker);
    worker_close(worker->worker);
    worker_metrics_release(&worker->metrics);
    *worker = (struct sim_worker){.worker = NULL};
}

static void wipe_disk(struct sim_instance *instance)
{
    instance->disk->ops->close(instance->disk);
    instance->disk = NULL;
    instance->disk_wiped = false;
    memset(instance->schema_known, 0, sizeof(instance->schema_known));
}

// What the crash has done to the disk besides losing what was under way.
static void hurt_disk(struct sim *sim, struct sim_instance *instance)
{
    for (int32_t p = 0; p < sim->plan.partitions; p++) {
        uint64_t fate = random_below(&sim->random, 16);
        if (fate == 0 && fake_store_revert(instance->disk, p))
            sim_note(sim, (int)instance->index * 10, "stale", NULL, p, 0, 0);
        if (fate > 0 && fate <= 3) {
            fake_store_damage(instance->disk, p, FAKE_DAMAGE_NONE + (enum fake_damage)fate);
            sim_note(sim, (int)instance->index * 10, "torn", NULL, p, (int64_t)fate, 0);
        }
    }
}

static void end(struct sim *sim, struct sim_instance *instance)
{
    bool crashed = instance->state == SIM_CRASHED;
    if (crashed)
        fake_store_restart(instance->disk);
    sim_audit_disk(sim, instance);
    if (crashed && !sim->calm)
        hurt_disk(sim, instance);
    if (instance->disk_wiped)
        wipe_disk(instance);
    instance->state = SIM_DOWN;
    instance->paused_until_ms = 0;
    int64_t delay_ms = (int64_t[]){0, 100, 3000, 15000, 40000}[random_below(&sim->random, 5)];
    instance->up_ms = instance->wanted ? sim_now_ms(sim) + delay_ms : INT64_MAX;
}

void sim_instance_stop(struct sim *sim, struct sim_instance *instance)
{
    if (instance->state != SIM_UP)
        return;
    sim_note(sim, (int)instance->index * 10, "stop", NULL, 0, 0, 0);
    instance->state = SIM_STOPPING;
}

void sim_instance_crash(struct sim *sim, struct sim_instance *instance,
                        const struct sim_worker *self)
{
    if (instance->state == SIM_DOWN || instance->state == SIM_CRASHED)
        return;
    bool lasts = random_chance(&sim->random, 1, 2); // the checkpoint that is under way
    instance->disk_wiped = random_chance(&sim->random, 1, 6);
    sim_note(sim, (int)instance->index * 10, "crash", NULL, lasts, instance->disk_wiped,
             self != NULL);
    instance->state = SIM_CRASHED;
    for (size_t i = 0; i < SIM_WORKERS_MAX; i++) {
        struct sim_worker *worker = &instance->workers[i];
        if (worker->worker != NULL && worker != self)
            fake_broker_crash(worker->broker);
    }
    fake_store_crash(instance->disk, lasts);
    for (size_t i = 0; i < SIM_WORKERS_MAX; i++) {
        struct sim_worker *worker = &instance->workers[i];
        if (worker->worker != NULL && !worker->busy)
            close_worker(sim, worker);
    }
    if (!any_worker(instance))
        end(sim, instance);
}

// ---- steps ----

// A worker leaves for a reason. Only these are good ones.
static void judge_exit(struct sim *sim, const struct sim_instance *instance,
                       const struct error *err)
{
    static const char *const good[] = {
        "another process has joined the group", // an impostor was there, or its victim
        "cannot write the checkpoint: injected",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        if (strstr(err->text, good[i]) != NULL) {
            sim->figures->exits++;
            return;
        }
    if (sim->misled_until_ms > 0 && strstr(err->text, "they do not belong together") != NULL) {
        sim->figures->exits++;
        return;
    }
    sim_fail(sim, "instance %s left: %s", instance->name, err->text);
}

static enum status run_step(struct sim_instance *instance, struct sim_worker *worker,
                            struct error *err)
{
    worker->busy = true;
    enum status status = instance->state == SIM_STOPPING ? worker_finish(worker->worker, err)
                                                         : worker_step(worker->worker, err);
    worker->busy = false;
    return status;
}

// How long a worker waits until its next turn: mostly not, sometimes as a poll does.
static int64_t draw_wait_ms(struct sim *sim)
{
    static const int64_t waits_ms[] = {0, 0, 0, 1, 2, 5, 20, 100};
    return waits_ms[random_below(&sim->random, sizeof(waits_ms) / sizeof(waits_ms[0]))];
}

void sim_instance_step(struct sim *sim, struct sim_instance *instance, struct sim_worker *worker)
{
    struct error err = {.text = ""};
    bool finishing = instance->state == SIM_STOPPING;
    enum status status = run_step(instance, worker, &err);
    if (instance->state == SIM_CRASHED) {
        close_worker(sim, worker);
    } else if (status != STATUS_OK || finishing) {
        sim_note(sim, who(instance, worker), "leaves", status_name(status), finishing, 0, 0);
        if (status != STATUS_OK)
            judge_exit(sim, instance, &err);
        instance->state = SIM_STOPPING;
        close_worker(sim, worker);
    } else {
        sim_audit_bounds(sim, instance, worker);
        sim_table_stepped(sim, worker);
        worker->ready_ms = sim_now_ms(sim) + draw_wait_ms(sim);
        return;
    }
    if (!any_worker(instance))
        end(sim, instance);
}

bool sim_instance_can_step(const struct sim *sim, const struct sim_instance *instance,
                           const struct sim_worker *worker)
{
    return worker->worker != NULL && !worker->busy && worker->ready_ms <= sim_now_ms(sim) &&
           instance->paused_until_ms == 0 &&
           (instance->state == SIM_UP || instance->state == SIM_STOPPING);
}

// ---- what may befall it ----

static void silence(struct sim_instance *instance)
{
    bool silent = instance->muted_until_ms > 0 || instance->paused_until_ms > 0;
    for (size_t i = 0; i < SIM_WORKERS_MAX; i++) {
        struct sim_worker *worker = &instance->workers[i];
        if (worker->worker == NULL)
            continue;
        fake_broker_disconnect(worker->broker, instance->cut_until_ms > 0);
        if (instance->cut_until_ms == 0)
            fake_broker_mute(worker->broker, silent);
    }
}

void sim_instance_pause(struct sim *sim, struct sim_instance *instance, int64_t until_ms)
{
    sim_note(sim, (int)instance->index * 10, "pause", NULL, until_ms - sim_now_ms(sim), 0, 0);
    instance->paused_until_ms = until_ms;
    silence(instance);
}

void sim_instance_mute(struct sim *sim, struct sim_instance *instance, int64_t until_ms)
{
    sim_note(sim, (int)instance->index * 10, "mute", NULL, until_ms - sim_now_ms(sim), 0, 0);
    instance->muted_until_ms = until_ms;
    silence(instance);
}

void sim_instance_cut(struct sim *sim, struct sim_instance *instance, int64_t until_ms)
{
    sim_note(sim, (int)instance->index * 10, "cut", NULL, until_ms - sim_now_ms(sim), 0, 0);
    instance->cut_until_ms = until_ms;
    silence(instance);
}

void sim_instance_fill_disk(struct sim *sim, struct sim_instance *instance, int64_t until_ms)
{
    if (instance->disk == NULL)
        return;
    sim_note(sim, (int)instance->index * 10, "disk full", NULL, until_ms - sim_now_ms(sim), 0, 0);
    instance->full_until_ms = until_ms;
    fake_store_set_full(instance->disk, true);
}

static bool is_over(struct sim *sim, int64_t *until_ms)
{
    bool over = *until_ms > 0 && (sim->calm || *until_ms <= sim_now_ms(sim));
    if (over)
        *until_ms = 0;
    return over;
}

void sim_instance_serve(struct sim *sim, struct sim_instance *instance)
{
    bool paused = is_over(sim, &instance->paused_until_ms);
    bool muted = is_over(sim, &instance->muted_until_ms);
    bool cut = is_over(sim, &instance->cut_until_ms);
    if (paused || muted || cut)
        silence(instance);
    if (is_over(sim, &instance->full_until_ms) && instance->disk != NULL)
        fake_store_set_full(instance->disk, false);
    if (sim->calm && instance->wanted && instance->state == SIM_DOWN)
        instance->up_ms = sim_now_ms(sim);
    if (instance->state == SIM_DOWN && instance->up_ms <= sim_now_ms(sim))
        sim_instance_start(sim, instance);
}

static void sooner(int64_t *next_ms, int64_t at_ms)
{
    if (at_ms > 0 && at_ms < *next_ms)
        *next_ms = at_ms;
}

int64_t sim_instance_next_ms(const struct sim *sim, const struct sim_instance *instance)
{
    (void)sim;
    int64_t next_ms = INT64_MAX;
    sooner(&next_ms, instance->paused_until_ms);
    sooner(&next_ms, instance->muted_until_ms);
    sooner(&next_ms, instance->cut_until_ms);
    sooner(&next_ms, instance->full_until_ms);
    if (instance->state == SIM_DOWN)
        sooner(&next_ms, instance->up_ms);
    for (size_t i = 0; i < SIM_WORKERS_MAX && instance->paused_until_ms == 0; i++)
        if (instance->workers[i].worker != NULL && !instance->workers[i].busy)
            sooner(&next_ms, instance->workers[i].ready_ms);
    return next_ms;
}

struct sim_worker *sim_instance_owner(struct sim *sim, int32_t partition)
{
    for (size_t i = 0; i < SIM_INSTANCES_MAX; i++) {
        for (size_t w = 0; w < SIM_WORKERS_MAX; w++) {
            struct sim_worker *worker = &sim->instances[i].workers[w];
            if (worker->worker == NULL)
                continue;
            const struct task *task = worker->worker->tasks[partition];
            if (task != NULL && task->state == TASK_RUNNING)
                return worker;
        }
    }
    return NULL;
}

struct sim_instance *sim_instance_of(struct sim *sim, const struct sim_worker *worker)
{
    size_t i = 0;
    while (worker < sim->instances[i].workers ||
           worker >= sim->instances[i].workers + SIM_WORKERS_MAX)
        i++;
    return &sim->instances[i];
}

void sim_instance_release(struct sim *sim, struct sim_instance *instance)
{
    for (size_t i = 0; i < SIM_WORKERS_MAX; i++)
        if (instance->workers[i].worker != NULL)
            close_worker(sim, &instance->workers[i]);
    if (instance->disk != NULL)
        instance->disk->ops->close(instance->disk);
    instance->disk = NULL;
}
