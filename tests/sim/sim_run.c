// SPDX-License-Identifier: Apache-2.0
// A run: trouble while the input comes in, then calm, the verdicts, more input to show what a wrong
// state would do, the loss of all disks, and the verdicts again.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/file.h"
#include "base/memory.h"
#include "sim/sim.h"
#include "sim/sim_audit.h"
#include "sim/sim_instance.h"
#include "sim/sim_table.h"
#include "sim/sim_trouble.h"
#include "sim/sim_verdict.h"
#include "stream/setup.h"
#include "wire/schemas.h"

enum {
    TAIL_EVENTS = 150,
    SETTLE_TURNS_MAX = 200000,
    SETTLE_MS_MAX = 400000,
    MORE_PURCHASES = 60,
    LEAP_MS = 24 * 3600 * 1000, // more horizons than a card may be idle
    EXPIRY_ROUNDS = 16,
    EXPIRY_CARDS_MAX = 256, // a commit of such few purchases looks at 64
    IDLE_TURNS = 40,
    EXPIRY_EVERY = 4, // seeds
    ALERT_SCHEMA_ID = 2,
};

const char sim_group[] = "cardwatch";
const char *const sim_outputs[OUTPUT_TOPICS] = {"alerts-avro",      "alerts-json",
                                                "dead-letters",     "cardwatch-windows-changelog",
                                                "masked-purchases", "purchase-counts"};
static const char *const rule_names[SIM_RULES_MAX] = {"rule-a", "rule-b", "rule-c",
                                                      "rule-d", "rule-e", "rule-f"};

static const struct sim *running; // for the handler of signals

noreturn void sim_fail(const struct sim *sim, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    fprintf(stderr, "\nthe last events (ms, worker, what):\n");
    sim_trace_print_tail(&sim->trace, TAIL_EVENTS, stderr);
    fprintf(stderr, "\nseed %" PRIu64 ":\n", sim->seed);
    sim_plan_print(&sim->plan, stderr);
    fprintf(stderr, "FAILED seed %" PRIu64 ": ", sim->seed);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\nrepeat with: make sim SEED=%" PRIu64 " (SIM_TRACE=1 for the whole trace)\n",
            sim->seed);
    va_end(arguments);
    fflush(stderr);
    _exit(1);
}

void sim_fail_running(const char *reason)
{
    if (running != NULL)
        sim_fail(running, "%s", reason);
}

void sim_note(struct sim *sim, int who, const char *what, const char *detail, int64_t a, int64_t b,
              int64_t c)
{
    sim_trace_add(&sim->trace, &(struct sim_trace_event){
                                   .at_ms = sim_now_ms(sim),
                                   .what = what,
                                   .detail = detail,
                                   .numbers = {a, b, c},
                                   .who = (int16_t)who,
                                   .depth = (int16_t)sim->depth,
                               });
}

// ---- open, close ----

// Adds what the alerts' schema asks for.
static void fill_alerts(struct sim *sim)
{
    struct buffer file;
    struct view schema = schema_alert();
    struct alert_encoder *encoder;
    struct error err;
    bool found = true;
    buffer_init(&file, SCHEMA_BYTES_MAX);
    if (sim->plan.alert_details) {
        ensure(file_read("schemas/alert-v2.avsc", &file, &found, &err) == STATUS_OK && found);
        schema = buffer_view(&file);
    }
    ensure(alert_encoder_compile(schema, ALERT_SCHEMA_ID, &encoder, &err) == STATUS_OK);
    setup_alerts(encoder, &sim->settings);
    buffer_release(&file);
}

static void fill_settings(struct sim *sim)
{
    const struct sim_plan *plan = &sim->plan;
    struct stream_settings *settings = &sim->settings;
    struct error err;
    ensure(engine_init(&settings->engine, &plan->engine, &err) == STATUS_OK);
    for (size_t r = 0; r < plan->engine.rule_count; r++)
        settings->rule_names[r] = rule_names[r];
    settings->at_least_once = plan->at_least_once;
    settings->commit_interval_ms = plan->commit_interval_ms;
    settings->min_commit_interval_ms = plan->min_commit_interval_ms;
    settings->checkpoint_interval_ms = plan->checkpoint_interval_ms;
    settings->cache_bytes = plan->cache_bytes;
    settings->dirty_max_count = plan->dirty_max_count;
    settings->staged_max_bytes = plan->staged_max_bytes;
    settings->input_topic = sim_input_topic;
    settings->table_topic = plan->table ? sim_table_topic : NULL;
    settings->changelog_topic = sim_outputs[OUTPUT_CHANGELOG];
    settings->group_id = sim_group;
    settings->mask_purchases = plan->mask_purchases;
    settings->write_counts = plan->engine.count_purchases;
    settings->needed_fields = setup_needed_fields(&plan->engine);
    settings->input_partitions = plan->partitions;
    settings->token_key = token_key_open((struct view){NULL, 0});
    fill_alerts(sim);
    setup_fingerprint(&plan->engine, settings->token_key, settings->fingerprint);
}

static void open_cluster(struct sim *sim)
{
    sim->cluster = fake_cluster_open();
    *fake_cluster_knobs(sim->cluster) = sim->plan.knobs;
    fake_topic_create(sim->cluster, sim_input_topic, sim->plan.partitions);
    for (size_t i = 0; i < OUTPUT_TOPICS; i++)
        fake_topic_create(sim->cluster, sim_outputs[i], sim->plan.partitions);
}

static void name_instances(struct sim *sim)
{
    for (size_t i = 0; i < SIM_INSTANCES_MAX; i++) {
        struct sim_instance *instance = &sim->instances[i];
        instance->index = i;
        instance->wanted = i < sim->plan.instances;
        snprintf(instance->name, sizeof(instance->name), "cardwatch-%zu", i);
        instance->up_ms = INT64_MAX;
        if (instance->wanted)
            instance->up_ms = 1 + (int64_t)(i * random_below(&sim->random, 20000));
    }
}

static void sim_open(struct sim *sim, uint64_t seed, bool loud, struct sim_figures *figures)
{
    *sim = (struct sim){.seed = seed, .figures = figures};
    random_seed(&sim->random, seed * 0x9e3779b97f4a7c15u + 1);
    sim_trace_init(&sim->trace, loud);
    sim_plan_draw(&sim->plan, &sim->random);
    if (loud)
        sim_plan_print(&sim->plan, stderr);
    open_cluster(sim);
    fill_settings(sim);
    sim_input_open(&sim->input, &sim->plan, sim->settings.token_key, sim->cluster,
                   random_next(&sim->random));
    sim_model_open(&sim->model, &sim->input, &sim->settings.engine);
    name_instances(sim);
    sim_trouble_open(sim);
    sim_table_open(sim);
}

static void sim_close(struct sim *sim)
{
    for (size_t i = 0; i < SIM_INSTANCES_MAX; i++)
        sim_instance_release(sim, &sim->instances[i]);
    sim_model_close(&sim->model);
    sim_input_close(&sim->input);
    fake_cluster_close(sim->cluster);
    alert_encoder_free((struct alert_encoder *)sim->settings.alert_encoder);
    token_key_close((struct token_key *)sim->settings.token_key);
}

// ---- turns ----

static void advance_clock(struct sim *sim)
{
    // Who waits in the middle of a step waits for long only when it is to hang.
    int64_t step_max_ms = sim->depth == 0 ? INT64_MAX : sim->plan.at_least_once ? 20 : 500;
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < SIM_INSTANCES_MAX; i++) {
        int64_t theirs_ms = sim_instance_next_ms(sim, &sim->instances[i]);
        next_ms = theirs_ms < next_ms ? theirs_ms : next_ms;
    }
    int64_t now_ms = sim_now_ms(sim);
    int64_t step_ms = next_ms == INT64_MAX ? 100 : next_ms - now_ms;
    step_ms = step_ms < step_max_ms ? step_ms : step_max_ms;
    fake_clock_advance(sim->cluster, step_ms > 0 ? step_ms : 1);
}

static bool pick_worker(struct sim *sim, struct sim_instance **instance, struct sim_worker **worker)
{
    uint64_t count = 0;
    for (size_t i = 0; i < SIM_INSTANCES_MAX; i++) {
        for (size_t w = 0; w < sim->plan.workers; w++) {
            struct sim_instance *one = &sim->instances[i];
            if (!sim_instance_can_step(sim, one, &one->workers[w]))
                continue;
            if (random_below(&sim->random, ++count) != 0)
                continue;
            *instance = one;
            *worker = &one->workers[w];
        }
    }
    return count > 0;
}

// The input comes in over the first two thirds of the troubled part.
static void send_some(struct sim *sim)
{
    const struct sim_plan *plan = &sim->plan;
    uint64_t in_turns = plan->turns * 2 / 3;
    while (sim->input.sent_count < plan->purchases &&
           sim->input.sent_count * in_turns < sim->turns * plan->purchases)
        sim_input_send(&sim->input);
}

void sim_turn(struct sim *sim)
{
    sim->turns++;
    sim->figures->turns++;
    for (size_t i = 0; i < SIM_INSTANCES_MAX; i++)
        sim_instance_serve(sim, &sim->instances[i]);
    if (!sim->calm) {
        send_some(sim);
        sim_trouble_turn(sim);
        sim_table_turn(sim);
    }
    struct sim_instance *instance;
    struct sim_worker *worker;
    if (pick_worker(sim, &instance, &worker))
        sim_instance_step(sim, instance, worker);
    else
        advance_clock(sim);
}

// ---- the end ----

// Transactions may be committed without their markers being there.
static bool is_decided(struct sim *sim, const char *topic, int32_t partition)
{
    const struct fake_log *log = fake_topic_log(sim->cluster, topic, partition);
    return fake_log_stable(log) == log->high;
}

static bool partition_is_settled(struct sim *sim, int32_t partition, int64_t end)
{
    const struct sim_worker *worker = sim_instance_owner(sim, partition);
    if (worker == NULL || worker->worker->open)
        return false;
    if (!sim_table_is_settled(sim, worker, partition))
        return false;
    for (size_t i = 0; i < OUTPUT_TOPICS; i++)
        if (!is_decided(sim, sim_outputs[i], partition))
            return false;
    const struct task *task = worker->worker->tasks[partition];
    return task->position >= end && !task_has_progress(task) && !task->offset_owed;
}

static void settle(struct sim *sim)
{
    int64_t ends[SIM_PARTITIONS_MAX];
    int64_t until_ms = sim_now_ms(sim) + SETTLE_MS_MAX;
    for (int32_t p = 0; p < sim->plan.partitions; p++)
        while (!is_decided(sim, sim_input_topic, p))
            sim_turn(sim);
    sim_input_note(&sim->input);
    for (int32_t p = 0; p < sim->plan.partitions; p++)
        ends[p] = sim_input_end(&sim->input, p);
    for (int32_t p = 0; p < sim->plan.partitions;) {
        if (partition_is_settled(sim, p, ends[p])) {
            p++;
            continue;
        }
        if (sim_now_ms(sim) > until_ms)
            sim_fail(sim, "no progress: partition %d is not through after %d s of calm", p,
                     SETTLE_MS_MAX / 1000);
        sim_turn(sim);
        p = 0;
    }
    sim_note(sim, -1, "settled", NULL, 0, 0, 0);
}

static void judge(struct sim *sim)
{
    settle(sim);
    sim_verdict(sim);
    sim_audit_settled(sim);
    sim_table_verdict(sim);
    for (size_t i = 0; i < SIM_INSTANCES_MAX; i++)
        if (sim->instances[i].disk != NULL)
            sim_audit_disk(sim, &sim->instances[i]);
}

static void send_more(struct sim *sim)
{
    for (size_t i = 0; i < MORE_PURCHASES; i++)
        sim_input_send(&sim->input);
    sim_input_settle(&sim->input);
}

// Cards that are used no more do not stay: after a leap of time and some commits they are gone.
static void look_at_expiry(struct sim *sim)
{
    size_t rounds_with_traffic[SIM_PARTITIONS_MAX] = {0};
    // A commit looks at 64 cards at least; half of the rounds must do for all of them.
    const size_t rounds = EXPIRY_ROUNDS + sim->plan.cards / 32;
    sim->input.front_ms += LEAP_MS;
    sim->plan.pace_ms = 1; // what comes now stays of use
    sim->plan.disorder_ms = 0;
    sim->plan.leaps_of_1000 = 0;
    sim->plan.disk_polls = 0;
    for (size_t i = 0; i < SIM_INSTANCES_MAX; i++)
        if (sim->instances[i].disk != NULL)
            fake_store_set_polls(sim->instances[i].disk, 0);
    for (size_t round = 0; round < rounds; round++) {
        size_t before[SIM_PARTITIONS_MAX];
        for (int32_t p = 0; p < sim->plan.partitions; p++)
            before[p] = sim->input.items[p].count;
        for (int i = 0; i < 2 * sim->plan.partitions; i++)
            sim_input_send(&sim->input);
        sim_input_settle(&sim->input);
        settle(sim);
        fake_clock_advance(sim->cluster, sim->plan.checkpoint_interval_ms + 1);
        for (int i = 0; i < IDLE_TURNS; i++)
            sim_turn(sim);
        for (int32_t p = 0; p < sim->plan.partitions; p++)
            rounds_with_traffic[p] += sim_input_end(&sim->input, p) > (int64_t)before[p];
    }
    for (int32_t p = 0; p < sim->plan.partitions; p++) {
        const struct sim_worker *worker = sim_instance_owner(sim, p);
        if (rounds_with_traffic[p] < rounds / 2 || worker == NULL)
            continue;
        size_t left = sim_audit_expired(sim, sim_instance_of(sim, worker), p,
                                        worker->worker->tasks[p]->stream_time);
        if (left > 0)
            sim_fail(sim, "partition %d: %zu cards that are used no more are still stored", p,
                     left);
    }
}

static void lose_everything(struct sim *sim)
{
    sim_note(sim, -1, "all disks are lost", NULL, 0, 0, 0);
    for (size_t i = 0; i < SIM_INSTANCES_MAX; i++) {
        struct sim_instance *instance = &sim->instances[i];
        sim_instance_crash(sim, instance, NULL);
        if (instance->disk != NULL)
            instance->disk->ops->close(instance->disk);
        instance->disk = NULL;
    }
}

static void count(struct sim *sim)
{
    struct sim_figures *figures = sim->figures;
    figures->seeds++;
    figures->purchases += sim->input.sent_count;
    figures->virtual_ms += sim_now_ms(sim);
    for (int32_t p = 0; p < sim->plan.partitions; p++) {
        figures->alerts += sim->model.fates[p].alert_count;
        figures->letters += sim->model.fates[p].letter_count;
    }
}

uint64_t sim_run(uint64_t seed, bool loud, struct sim_figures *figures)
{
    struct sim *sim = memory_zeroed(1, sizeof(*sim));
    running = sim;
    sim_open(sim, seed, loud, figures);
    while (sim->turns < sim->plan.turns)
        sim_turn(sim);
    sim_trouble_end(sim);
    judge(sim);
    send_more(sim);
    judge(sim);
    if (seed % EXPIRY_EVERY == 0 && !sim->plan.engine.count_purchases &&
        sim->plan.cards <= EXPIRY_CARDS_MAX)
        look_at_expiry(sim);
    lose_everything(sim);
    judge(sim);
    send_more(sim);
    judge(sim);
    count(sim);
    uint64_t hash = sim->trace.hash;
    sim_close(sim);
    running = NULL;
    free(sim);
    return hash;
}
