// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_plan.h"

#include <inttypes.h>

#include "base/memory.h"
#include "sim/sim_rules.h"

static const char *const event_names[SIM_EVENTS] = {
    [SIM_CRASH] = "crash",
    [SIM_STOP] = "stop",
    [SIM_PAUSE] = "pause",
    [SIM_MUTE] = "mute",
    [SIM_CUT] = "cut",
    [SIM_OUTAGE] = "outage",
    [SIM_REBALANCE] = "rebalance",
    [SIM_IMPOSTOR] = "impostor",
    [SIM_COMPACT] = "compact",
    [SIM_TRUNCATE] = "truncate",
    [SIM_EXPIRE] = "expire-offsets",
    [SIM_REGISTRY] = "registry",
    [SIM_DISK_FULL] = "disk-full",
    [SIM_BIT_ROT] = "bit-rot",
    [SIM_MARKERS] = "markers",
    [SIM_START_OVER] = "start-over",
    [SIM_LOSE] = "lose",
    [SIM_MISLEAD] = "mislead",
};

const char *sim_event_name(enum sim_event event)
{
    return event_names[event];
}

// ---- the service ----

static void draw_engine(struct sim_plan *plan, struct random *random)
{
    plan->engine = (struct engine_settings){
        .dedupe = random_chance(random, 3, 4),
        .max_future_ms = PICK(random, 3600000, 3600000, 60000, INT64_MAX),
        .max_events_per_card = (uint32_t)PICK(random, 1, 3, 4, 8, 20, 64, 64, 128),
    };
    plan->table = random_chance(random, 1, 2);
    plan->window_ms = sim_rules_draw(&plan->engine, random, plan->table);
}

static void draw_service(struct sim_plan *plan, struct random *random)
{
    draw_engine(plan, random);
    plan->at_least_once = random_chance(random, 1, 5);
    plan->engine.track_offsets = plan->at_least_once;
    plan->static_membership = random_chance(random, 2, 3);
    plan->partitions = (int32_t)PICK(random, 1, 2, 2, 3, SIM_PARTITIONS_MAX);
    plan->instances = (size_t)PICK(random, 1, 2, 2, 3);
    plan->workers = (size_t)PICK(random, 1, 1, 2);
    plan->commit_interval_ms = PICK(random, 10, 50, 100, 1000);
    plan->min_commit_interval_ms = PICK(random, 0, 5, 50);
    plan->checkpoint_interval_ms = PICK(random, 0, 20, 200, 2000);
    plan->cache_bytes = (size_t)PICK(random, 1, 2000, 8000, 30000, 64 * 1024 * 1024);
    plan->dirty_max_count = (size_t)PICK(random, 1, 5, 50, 10000);
    plan->staged_max_bytes = (size_t)PICK(random, 100, 1000, 10000, 1024 * 1024);
    plan->table_anew_ppm = (uint32_t)PICK(random, 0, 0, 500, 3000);
}

static void draw_cluster(struct sim_plan *plan, struct random *random)
{
    plan->knobs = (struct fake_knobs){
        .batch_max = (size_t)PICK(random, 1, 3, 10, 40, 200),
        .changelog_batch_max = (size_t)PICK(random, 1, 5, 50, 500),
        .record_bytes_max = 1024 * 1024,
        .linger = random_chance(random, 1, 2),
        .stragglers = random_chance(random, 1, 2),
        .forgiving_producer = true,
        .session_timeout_ms = 10000,
        .poll_interval_max_ms = PICK(random, 30000, 120000),
        .transaction_timeout_ms = 10000,
        .marker_delay_ms = PICK(random, 0, 0, 3, 50),
        .table_retention_ms = PICK(random, 60000, 86400000),
    };
    if (plan->engine.max_events_per_card <= 20 && random_chance(random, 1, 3))
        plan->knobs.record_bytes_max = 1400; // some dead letters go without their value
    plan->disk_polls = (unsigned)PICK(random, 0, 0, 2, 10, 100);
    plan->disk_parts = random_chance(random, 1, 2);
}

static int64_t horizon_ms(const struct engine_settings *settings)
{
    int64_t horizon = 0;
    for (size_t r = 0; r < settings->rule_count; r++) {
        int64_t needed = 2 * settings->rules[r].window_ms + settings->rules[r].grace_ms;
        horizon = needed > horizon ? needed : horizon;
    }
    return horizon;
}

static void draw_workload(struct sim_plan *plan, struct random *random)
{
    int64_t window_ms = plan->window_ms;
    plan->purchases = (size_t)random_range(random, 100, 900);
    plan->cards = (size_t)PICK(random, 3, 10, 30, 100, 250);
    plan->hot_percent = (uint32_t)PICK(random, 0, 0, 10, 30);
    plan->pace_ms = PICK(random, 1, window_ms / 50, window_ms / 10, window_ms / 3, window_ms);
    plan->disorder_ms = PICK(random, 0, 0, window_ms / 4, window_ms, 4 * window_ms);
    plan->leaps_of_1000 = (uint32_t)PICK(random, 0, 0, 5, 20, 60);
    // Over many horizons too, so that cards go that the purchase before had a use for.
    plan->leap_ms = horizon_ms(&plan->engine) / 2 * PICK(random, 3, 10, 100);
    plan->burst_percent = (uint32_t)PICK(random, 0, 5, 10, 30);
    plan->repeat_percent = (uint32_t)PICK(random, 0, 0, 5, 20);
    plan->no_time_percent = (uint32_t)PICK(random, 0, 0, 5, 20);
    plan->spoilt_percent = (uint32_t)PICK(random, 0, 0, 2, 10);
    plan->foreign_percent = (uint32_t)PICK(random, 0, 0, 0, 5, 30);
    plan->schemas = (uint32_t)PICK(random, 1, 1, 2, 4);
}

// Once in a while so much that a commit does not fit one chunk of records, and a sweep not one
// step.
static void draw_crowd(struct sim_plan *plan, struct random *random)
{
    if (!random_chance(random, 1, 50))
        return;
    plan->purchases = 4000;
    plan->cards = SIM_CARDS_MAX;
    plan->partitions = 1;
    plan->hot_percent = 0;
    plan->commit_interval_ms = 1000;
    plan->dirty_max_count = 10000;
    plan->cache_bytes = 64 * 1024 * 1024;
    plan->staged_max_bytes = 1024 * 1024;
    plan->knobs.batch_max = 2000;
    plan->knobs.changelog_batch_max = 500;
}

// ---- the troubles ----

static void draw_calls(struct sim_plan *plan, struct random *random)
{
    uint64_t share = random_below(random, 5); // of the kinds of calls, in quarters
    for (size_t op = 0; op < FAKE_OPS; op++)
        if (fake_fault_way_count((enum fake_op)op) > 0 && random_chance(random, share, 4))
            plan->call_ppm[op] = (uint32_t)PICK(random, 3000, 10000, 30000, 100000);
    plan->crash_call_ppm = (uint32_t)PICK(random, 0, 0, 200, 1000, 3000);
    plan->latency_ppm = (uint32_t)PICK(random, 0, 2000, 10000, 50000);
    plan->yield_ppm = (uint32_t)PICK(random, 0, 5000, 30000, 150000);
    plan->hang_ppm = (uint32_t)PICK(random, 0, 0, 300, 1500);
}

static void draw_events(struct sim_plan *plan, struct random *random)
{
    static const uint32_t rates[SIM_EVENTS] = {
        [SIM_CRASH] = 8000,     [SIM_STOP] = 4000,     [SIM_PAUSE] = 3000,
        [SIM_MUTE] = 3000,      [SIM_CUT] = 3000,      [SIM_OUTAGE] = 3000,
        [SIM_REBALANCE] = 5000, [SIM_IMPOSTOR] = 1500, [SIM_COMPACT] = 10000,
        [SIM_TRUNCATE] = 8000,  [SIM_EXPIRE] = 1500,   [SIM_REGISTRY] = 2000,
        [SIM_DISK_FULL] = 1000, [SIM_BIT_ROT] = 2000,  [SIM_MARKERS] = 3000,
        [SIM_START_OVER] = 600, [SIM_LOSE] = 800,      [SIM_MISLEAD] = 800,
    };
    uint64_t share = 1 + random_below(random, 4);
    for (size_t event = 0; event < SIM_EVENTS; event++)
        if (random_chance(random, share, 5))
            plan->event_ppm[event] = (uint32_t)(rates[event] * (uint64_t)PICK(random, 1, 2, 6) / 2);
    if (plan->event_ppm[SIM_START_OVER] > 0) // the input is needed from its start
        plan->event_ppm[SIM_TRUNCATE] = plan->event_ppm[SIM_LOSE] = 0;
}

// At least once a zombie's writes are not fenced, which the documentation says: no zombies then.
// And what has been taken of the input is not known to the record.
static void leave_out_zombies(struct sim_plan *plan)
{
    plan->event_ppm[SIM_LOSE] = 0;
    plan->event_ppm[SIM_MISLEAD] = 0;
    plan->hang_ppm = 0;
    plan->knobs.poll_interval_max_ms = 300000;
    plan->event_ppm[SIM_PAUSE] = 0;
    plan->event_ppm[SIM_MUTE] = 0;
    plan->event_ppm[SIM_CUT] = 0;
    plan->event_ppm[SIM_IMPOSTOR] = 0;
}

void sim_plan_draw(struct sim_plan *plan, struct random *random)
{
    *plan = (struct sim_plan){.partitions = 0};
    draw_service(plan, random);
    draw_cluster(plan, random);
    draw_workload(plan, random);
    draw_crowd(plan, random);
    draw_calls(plan, random);
    draw_events(plan, random);
    plan->turns = (size_t)PICK(random, 300, 1000, 2000);
    plan->audit_ppm = (uint32_t)PICK(random, 0, 2000, 10000);
    plan->engine.count_purchases = random_chance(random, 1, 4);
    if (plan->at_least_once)
        leave_out_zombies(plan);
    plan->mask_purchases = random_chance(random, 1, 3);
    plan->alert_details = random_chance(random, 1, 2);
}

// ---- in words ----

static void print_troubles(const struct sim_plan *plan, FILE *to)
{
    fprintf(to, "  troubles in a million calls: crash %u, latency %u, yield %u, hang %u",
            plan->crash_call_ppm, plan->latency_ppm, plan->yield_ppm, plan->hang_ppm);
    for (size_t op = 0; op < FAKE_OPS; op++)
        if (plan->call_ppm[op] > 0)
            fprintf(to, ", %s %u", fake_op_name((enum fake_op)op), plan->call_ppm[op]);
    fprintf(to, "\n  in a million turns: audit %u", plan->audit_ppm);
    for (size_t event = 0; event < SIM_EVENTS; event++)
        if (plan->event_ppm[event] > 0)
            fprintf(to, ", %s %u", event_names[event], plan->event_ppm[event]);
    fprintf(to, "\n");
}

void sim_plan_print(const struct sim_plan *plan, FILE *to)
{
    fprintf(to,
            "  %s, %s members, %d partitions, %zu instances of %zu workers, dedupe %s, %u events a "
            "card%s%s%s\n",
            plan->at_least_once ? "at least once" : "exactly once",
            plan->static_membership ? "static" : "dynamic", plan->partitions, plan->instances,
            plan->workers, plan->engine.dedupe ? "on" : "off", plan->engine.max_events_per_card,
            plan->mask_purchases ? ", masked purchases" : "",
            plan->engine.count_purchases ? ", purchase counts" : "",
            plan->alert_details ? ", details in alerts" : "");
    sim_rules_print(&plan->engine, to);
    fprintf(to,
            "  commits %" PRId64 "/%" PRId64 " ms, checkpoints %" PRId64 " ms in %u polls%s, cache "
            "%zu, dirty %zu, staged %zu, batches %zu/%zu, linger %d, markers %" PRId64 " ms\n",
            plan->commit_interval_ms, plan->min_commit_interval_ms, plan->checkpoint_interval_ms,
            plan->disk_polls, plan->disk_parts ? " and parts" : "", plan->cache_bytes,
            plan->dirty_max_count, plan->staged_max_bytes, plan->knobs.batch_max,
            plan->knobs.changelog_batch_max, plan->knobs.linger, plan->knobs.marker_delay_ms);
    fprintf(to,
            "  %zu purchases of %zu cards, pace %" PRId64 " ms, disorder %" PRId64 " ms, percent: "
            "hot %u, bursts %u, repeats %u, no time %u, spoilt %u, foreign %u; %zu "
            "turns, %u leaps in a thousand of %" PRId64 " ms\n",
            plan->purchases, plan->cards, plan->pace_ms, plan->disorder_ms, plan->hot_percent,
            plan->burst_percent, plan->repeat_percent, plan->no_time_percent, plan->spoilt_percent,
            plan->foreign_percent, plan->turns, plan->leaps_of_1000, plan->leap_ms);
    if (plan->table)
        fprintf(to, "  table, tombstones kept %" PRId64 " ms, made anew %u in a million turns\n",
                plan->knobs.table_retention_ms, plan->table_anew_ppm);
    print_troubles(plan, to);
}
