// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_trouble.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "sim/sim_audit.h"
#include "sim/sim_instance.h"
#include "sim/sim_table.h"

enum { IMPOSTOR = SIM_INSTANCES_MAX - 1, HANG_TURNS_MAX = 1000, MARKERS_MS_MAX = 5000 };

// ---- in calls ----

struct caller {
    struct sim_instance *instance;
    struct sim_worker *worker;
    int who;
};

static bool find_caller(struct sim *sim, const struct broker *broker, struct caller *caller)
{
    for (size_t i = 0; i < SIM_INSTANCES_MAX; i++) {
        for (size_t w = 0; w < SIM_WORKERS_MAX; w++) {
            struct sim_instance *instance = &sim->instances[i];
            if (instance->workers[w].broker != broker)
                continue;
            *caller = (struct caller){instance, &instance->workers[w], (int)(i * 10 + w)};
            return true;
        }
    }
    return false;
}

static void run_others(struct sim *sim, uint64_t turns, int64_t until_ms)
{
    sim->depth++;
    for (uint64_t i = 0; i < turns && sim_now_ms(sim) < until_ms; i++)
        sim_turn(sim);
    sim->depth--;
}

// The caller is held up for so long that the group, and the transaction's coordinator, go on
// without it; then it wakes up in the middle of its step.
static void hang(struct sim *sim, const struct caller *caller, bool silent)
{
    static const int64_t lengths_ms[] = {3000, 11000, 25000, 40000, 130000};
    int64_t until_ms = sim_now_ms(sim) + lengths_ms[random_below(&sim->random, 5)];
    sim->figures->hangs++;
    sim_note(sim, caller->who, "hangs", NULL, until_ms - sim_now_ms(sim), silent, 0);
    if (silent && caller->instance->state != SIM_CRASHED)
        fake_broker_mute(caller->worker->broker, true);
    run_others(sim, HANG_TURNS_MAX, until_ms);
    if (sim_now_ms(sim) < until_ms)
        fake_clock_advance(sim->cluster, until_ms - sim_now_ms(sim));
    if (silent && caller->instance->state != SIM_CRASHED)
        fake_broker_mute(caller->worker->broker, caller->instance->muted_until_ms > 0);
    sim_note(sim, caller->who, "wakes up", NULL, 0, 0, 0);
}

// Calls of which there are few, between which much depends on nothing having happened.
static bool is_delicate(enum fake_op op)
{
    return op == FAKE_COMMITTED || op == FAKE_INPUT_WATERMARKS || op == FAKE_CHANGELOG_WATERMARKS ||
           op == FAKE_CHANGELOG_OPEN || op == FAKE_TABLE_WATERMARKS || op == FAKE_START ||
           op == FAKE_ACCEPT || op == FAKE_RESET;
}

static void hold_up(struct sim *sim, const struct caller *caller, enum fake_op op)
{
    const struct sim_plan *plan = &sim->plan;
    if (sim_chance(sim, plan->latency_ppm)) {
        static const int64_t latencies_ms[] = {1, 5, 30, 200, 1500};
        sim->figures->latencies++;
        fake_clock_advance(sim->cluster, latencies_ms[random_below(&sim->random, 5)]);
    }
    if (sim->depth >= SIM_DEPTH_MAX || !caller->worker->busy)
        return;
    if (sim_chance(sim, plan->yield_ppm)) {
        sim->figures->yields++;
        run_others(sim, 1 + random_below(&sim->random, 6), INT64_MAX);
    }
    if (sim_chance(sim, is_delicate(op) ? 10 * plan->hang_ppm : plan->hang_ppm))
        hang(sim, caller, random_chance(&sim->random, 1, 2));
}

static enum fake_fate draw_fate(struct sim *sim)
{
    return (enum fake_fate)random_below(&sim->random, FATE_DONE + 1);
}

static int64_t draw_delay_ms(struct sim *sim)
{
    static const int64_t delays_ms[] = {1, 20, 500, 2500, 9000};
    return delays_ms[random_below(&sim->random, 5)];
}

static bool before(void *context, struct broker *broker, enum fake_op op, struct fake_fault *fault)
{
    struct sim *sim = context;
    struct caller caller;
    if (sim->calm || !find_caller(sim, broker, &caller))
        return false;
    hold_up(sim, &caller, op);
    if (caller.instance->state == SIM_CRASHED || sim->calm)
        return false;
    if (caller.worker->busy && sim_chance(sim, sim->plan.crash_call_ppm)) {
        sim->figures->call_crashes++;
        *fault = (struct fake_fault){
            .op = op, .crash = true, .fate = draw_fate(sim), .delay_ms = draw_delay_ms(sim)};
        sim_note(sim, caller.who, "crashes in", fake_op_name(op), (int64_t)fault->fate, 0, 0);
        sim_instance_crash(sim, caller.instance, caller.worker);
        return true;
    }
    if (!sim_chance(sim, sim->plan.call_ppm[op]))
        return false;
    *fault = fake_fault_way(op, random_below(&sim->random, fake_fault_way_count(op)));
    fault->delay_ms = draw_delay_ms(sim);
    sim->figures->call_faults++;
    sim_note(sim, caller.who, "fault in", fake_op_name(op), (int64_t)fault->status,
             (int64_t)fault->fate, fault->delay_ms);
    return true;
}

static void after(void *context, struct broker *broker, enum fake_op op, enum status status)
{
    struct sim *sim = context;
    struct caller caller;
    bool dull =
        op == FAKE_POLL || op == FAKE_PRODUCE || op == FAKE_CHANGELOG_POLL || op == FAKE_TABLE_POLL;
    if (op == FAKE_ACCEPT && status == STATUS_OK && find_caller(sim, broker, &caller))
        sim_table_assigned(sim, caller.worker);
    if ((dull && status == STATUS_OK) || !find_caller(sim, broker, &caller))
        return;
    sim_note(sim, caller.who, fake_op_name(op), status_name(status), 0, 0, 0);
}

void sim_trouble_open(struct sim *sim)
{
    fake_direct(sim->cluster,
                &(struct fake_director){.before = before, .after = after, .context = sim});
}

// ---- between turns ----

static struct sim_instance *draw_instance(struct sim *sim)
{
    return &sim->instances[random_below(&sim->random, sim->plan.instances)];
}

static int64_t draw_until_ms(struct sim *sim)
{
    static const int64_t lengths_ms[] = {100, 3000, 11000, 25000, 60000};
    return sim_now_ms(sim) + lengths_ms[random_below(&sim->random, 5)];
}

static void send_impostor(struct sim *sim)
{
    struct sim_instance *impostor = &sim->instances[IMPOSTOR];
    const struct sim_instance *victim = draw_instance(sim);
    if (impostor->state != SIM_DOWN) {
        sim_instance_stop(sim, impostor);
        return;
    }
    memcpy(impostor->name, victim->name, sizeof(impostor->name));
    sim_instance_start(sim, impostor);
}

static void compact(struct sim *sim)
{
    int32_t partition = (int32_t)random_below(&sim->random, (uint64_t)sim->plan.partitions);
    const struct fake_log *log =
        fake_topic_log(sim->cluster, sim_outputs[OUTPUT_CHANGELOG], partition);
    int64_t until = log->low + random_range(&sim->random, 0, log->high - log->low);
    static const int64_t retentions_ms[] = {0, 1000, 20000, INT64_MAX / 2};
    int64_t retention_ms = retentions_ms[random_below(&sim->random, 4)];
    sim_note(sim, -1, "compaction", NULL, partition, until, retention_ms);
    fake_clean(sim->cluster, sim_outputs[OUTPUT_CHANGELOG], partition, until,
               fake_clock_wall_ms(sim->cluster) - retention_ms);
}

// Only what the group is through with: what retention takes from under it is lost, by design.
static void truncate_input(struct sim *sim)
{
    int32_t partition = (int32_t)random_below(&sim->random, (uint64_t)sim->plan.partitions);
    const struct fake_log *log = fake_topic_log(sim->cluster, sim_input_topic, partition);
    int64_t committed = fake_group_committed(sim->cluster, sim_group, partition);
    if (committed <= log->low || sim->misled_until_ms > 0)
        return;
    int64_t until = random_range(&sim->random, log->low, committed);
    if (until > fake_log_stable(log))
        return;
    sim_note(sim, -1, "retention", NULL, partition, until, 0);
    sim_input_note(&sim->input);
    fake_topic_truncate(sim->cluster, sim_input_topic, partition, until);
}

static void expire_offsets(struct sim *sim)
{
    int32_t partition = (int32_t)random_below(&sim->random, (uint64_t)sim->plan.partitions);
    if (fake_group_committed(sim->cluster, sim_group, partition) < 0 || sim->misled_until_ms > 0)
        return;
    sim_note(sim, -1, "offsets expire", NULL, partition, 0, 0);
    fake_group_commit(sim->cluster, sim_group, partition, -1);
}

static void rot(struct sim *sim)
{
    struct sim_instance *instance = draw_instance(sim);
    int32_t partition = (int32_t)random_below(&sim->random, (uint64_t)sim->plan.partitions);
    if (instance->disk == NULL)
        return;
    sim_note(sim, (int)instance->index * 10, "bit rot", NULL, partition, 0, 0);
    bool table = sim->plan.table && random_chance(&sim->random, 1, 3);
    fake_store_damage(instance->disk, table ? fake_store_table(partition) : partition,
                      FAKE_DAMAGE_READ);
}

static void change_markers(struct sim *sim)
{
    static const int64_t delays_ms[] = {0, 0, 3, 50, 700, 4000};
    int64_t delay_ms = delays_ms[random_below(&sim->random, 6)];
    sim_note(sim, -1, "markers take", NULL, delay_ms, 0, 0);
    fake_cluster_knobs(sim->cluster)->marker_delay_ms = delay_ms;
}

// Nothing that was under way may come to an end later.
static void settle_transactions(struct sim *sim)
{
    for (size_t i = 0; i < SIM_INSTANCES_MAX * SIM_WORKERS_MAX; i++) {
        char id[48];
        snprintf(id, sizeof(id), "%s-%zu", sim->instances[i / SIM_WORKERS_MAX].name,
                 i % SIM_WORKERS_MAX);
        fake_foreign_end(sim->cluster, id, false);
    }
    fake_clock_advance(sim->cluster, MARKERS_MS_MAX);
}

static void kill_all(struct sim *sim)
{
    for (size_t i = 0; i < SIM_INSTANCES_MAX; i++)
        sim_instance_crash(sim, &sim->instances[i], NULL);
    if (!sim->plan.at_least_once)
        settle_transactions(sim);
}

// Changelog, outputs and offsets are made anew. What is on the disks is of another incarnation
// then, at offsets that the new changelog will have too.
static void start_over(struct sim *sim)
{
    sim_note(sim, -1, "start over", NULL, 0, 0, 0);
    kill_all(sim);
    sim->misled_until_ms = 0;
    for (size_t i = 0; i < OUTPUT_TOPICS; i++) {
        fake_topic_delete(sim->cluster, sim_outputs[i]);
        fake_topic_create(sim->cluster, sim_outputs[i], sim->plan.partitions);
    }
    for (int32_t p = 0; p < sim->plan.partitions; p++)
        if (fake_group_committed(sim->cluster, sim_group, p) >= 0)
            fake_group_commit(sim->cluster, sim_group, p, -1);
}

static void lose_input(struct sim *sim)
{
    int32_t partition = (int32_t)random_below(&sim->random, (uint64_t)sim->plan.partitions);
    if (sim->misled_until_ms > 0)
        return;
    kill_all(sim);
    const struct fake_log *log = fake_topic_log(sim->cluster, sim_input_topic, partition);
    int64_t from = sim_audit_position(sim, partition);
    from = from < log->low ? log->low : from;
    int64_t until = from + random_range(&sim->random, 0, 20);
    if (until > fake_log_stable(log))
        return;
    sim_note(sim, -1, "input lost", NULL, partition, from, until);
    sim_input_note(&sim->input);
    for (int64_t i = from; i < until && i < (int64_t)sim->input.items[partition].count; i++)
        sim->input.items[partition].at[i].lost = true;
    fake_topic_truncate(sim->cluster, sim_input_topic, partition, until);
}

// State and offset do not belong together then: who takes the partition must leave, and touch
// nothing.
static void mislead(struct sim *sim)
{
    int32_t partition = (int32_t)random_below(&sim->random, (uint64_t)sim->plan.partitions);
    if (sim->misled_until_ms > 0)
        return;
    kill_all(sim);
    int64_t committed = fake_group_committed(sim->cluster, sim_group, partition);
    int64_t wrong = committed + random_range(&sim->random, -5, 5);
    if (committed < 0 || wrong < 0 || wrong == committed ||
        sim_audit_position(sim, partition) != committed)
        return;
    sim_note(sim, -1, "offset set wrong", NULL, partition, committed, wrong);
    sim->misled_partition = partition;
    sim->right_offset = committed;
    sim->wrong_offset = wrong;
    sim->misled_until_ms = draw_until_ms(sim);
    fake_group_commit(sim->cluster, sim_group, partition, wrong);
}

static void lead_back(struct sim *sim)
{
    int32_t partition = sim->misled_partition;
    kill_all(sim);
    if (fake_group_committed(sim->cluster, sim_group, partition) != sim->wrong_offset)
        sim_fail(sim, "partition %d was taken although state and offset did not belong together",
                 partition);
    sim_note(sim, -1, "offset set right", NULL, partition, sim->right_offset, 0);
    fake_group_commit(sim->cluster, sim_group, partition, sim->right_offset);
    sim->misled_until_ms = 0;
}

static void befall_instance(struct sim *sim, enum sim_event event)
{
    struct sim_instance *instance = draw_instance(sim);
    if (instance->state != SIM_UP)
        return;
    sim->figures->events[event]++;
    if (event == SIM_CRASH)
        sim_instance_crash(sim, instance, NULL);
    else if (event == SIM_STOP)
        sim_instance_stop(sim, instance);
    else if (event == SIM_PAUSE)
        sim_instance_pause(sim, instance, draw_until_ms(sim));
    else if (event == SIM_MUTE)
        sim_instance_mute(sim, instance, draw_until_ms(sim));
    else if (event == SIM_CUT)
        sim_instance_cut(sim, instance, draw_until_ms(sim));
    else
        sim_instance_fill_disk(sim, instance, draw_until_ms(sim));
}

static void befall_world(struct sim *sim, enum sim_event event)
{
    sim->figures->events[event]++;
    switch (event) {
    case SIM_OUTAGE:
        sim_note(sim, -1, "outage", NULL, 0, 0, 0);
        fake_outage(sim->cluster, 1 + random_below(&sim->random, 60));
        break;
    case SIM_REBALANCE:
        sim_note(sim, -1, "rebalance", NULL, 0, 0, 0);
        if (fake_group_generation(sim->cluster, sim_group) > 0)
            fake_group_rebalance(sim->cluster, sim_group);
        break;
    case SIM_IMPOSTOR:
        send_impostor(sim);
        break;
    case SIM_COMPACT:
        compact(sim);
        break;
    case SIM_TRUNCATE:
        truncate_input(sim);
        break;
    case SIM_EXPIRE:
        expire_offsets(sim);
        break;
    case SIM_REGISTRY:
        sim_note(sim, -1, "registry away", NULL, 0, 0, 0);
        sim->registry_back_ms = draw_until_ms(sim);
        break;
    case SIM_BIT_ROT:
        rot(sim);
        break;
    case SIM_START_OVER:
        start_over(sim);
        break;
    case SIM_LOSE:
        lose_input(sim);
        break;
    case SIM_MISLEAD:
        mislead(sim);
        break;
    default:
        change_markers(sim);
    }
}

static bool is_of_instance(enum sim_event event)
{
    return event == SIM_CRASH || event == SIM_STOP || event == SIM_PAUSE || event == SIM_MUTE ||
           event == SIM_CUT || event == SIM_DISK_FULL;
}

void sim_trouble_turn(struct sim *sim)
{
    if (sim->misled_until_ms > 0 && sim->misled_until_ms <= sim_now_ms(sim))
        lead_back(sim);
    for (size_t i = 0; i < SIM_EVENTS; i++) {
        enum sim_event event = (enum sim_event)i;
        if (!sim_chance(sim, sim->plan.event_ppm[i]))
            continue;
        if (is_of_instance(event))
            befall_instance(sim, event);
        else
            befall_world(sim, event);
    }
    if (sim_chance(sim, sim->plan.audit_ppm))
        sim_audit_live(sim);
}

void sim_trouble_end(struct sim *sim)
{
    if (sim->misled_until_ms > 0)
        lead_back(sim);
    sim_note(sim, -1, "calm", NULL, 0, 0, 0);
    sim->calm = true;
    sim->registry_back_ms = 0;
    fake_cluster_knobs(sim->cluster)->marker_delay_ms = 0;
    fake_faults_clear(sim->cluster);
    sim_input_settle(&sim->input);
    sim_instance_stop(sim, &sim->instances[IMPOSTOR]);
    for (size_t i = 0; i < SIM_INSTANCES_MAX; i++)
        sim_instance_serve(sim, &sim->instances[i]);
}
