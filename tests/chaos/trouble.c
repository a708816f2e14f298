// SPDX-License-Identifier: Apache-2.0
#include "chaos/trouble.h"

#include <signal.h>
#include <stdio.h>

#include "chaos/disk.h"

enum { LATE_PAUSE_MS = 300, LATE_MOST_MS = 15000, LOST_CUT_AFTER_MS = 1000, FULL_GRACE_MS = 20000 };

static void signal_instance(struct arena *arena, size_t instance, int number)
{
    if (process_running(&arena->instances[instance].service->process))
        process_signal(&arena->instances[instance].service->process, number);
}

static void begin_process(struct arena *arena, const struct fault *fault)
{
    switch (fault->kind) {
    case FAULT_KILL:
        arena_kill(arena, fault->instance);
        break;
    case FAULT_WIPE:
        arena_kill(arena, fault->instance);
        arena_wipe(arena, fault->instance);
        break;
    case FAULT_STOP:
        arena_stop(arena, fault->instance);
        break;
    case FAULT_LEAVE:
        arena_stop(arena, fault->instance);
        arena_wipe(arena, fault->instance);
        break;
    default:
        signal_instance(arena, fault->instance, SIGSTOP);
        break;
    }
}

static void end_process(struct arena *arena, const struct fault *fault)
{
    if (fault->kind == FAULT_PAUSE || fault->kind == FAULT_PAUSE_LONG)
        signal_instance(arena, fault->instance, SIGCONT);
    else
        arena_start(arena, fault->instance);
}

static void hold(const struct fault *fault, struct proxy *proxy, int16_t api)
{
    const struct proxy_hold settings = {
        .api = api,
        .cut = fault->value % 2 == 0,
        .pause_ms = LATE_PAUSE_MS,
        .most_ms = LATE_MOST_MS,
    };
    proxy_hold(proxy, &settings);
}

static void begin_network(struct arena *arena, const struct fault *fault)
{
    struct proxy *proxy = arena->instances[fault->instance].proxy;
    switch (fault->kind) {
    case FAULT_SLOW:
        proxy_delay(proxy, fault->value);
        break;
    case FAULT_REFUSE:
        proxy_refuse(proxy, true);
        break;
    case FAULT_FREEZE:
        proxy_freeze(proxy, true);
        break;
    case FAULT_LOST_END:
        proxy_lose_answer(proxy, API_END_TXN, LOST_CUT_AFTER_MS);
        break;
    case FAULT_LATE_END:
        hold(fault, proxy, API_END_TXN);
        break;
    case FAULT_LATE_OFFSETS:
        hold(fault, proxy, API_TXN_OFFSET_COMMIT);
        break;
    default:
        proxy_cut(proxy);
        break;
    }
}

static void end_network(struct arena *arena, const struct fault *fault)
{
    struct proxy *proxy = arena->instances[fault->instance].proxy;
    if (fault->kind == FAULT_SLOW)
        proxy_delay(proxy, 0);
    else if (fault->kind == FAULT_REFUSE)
        proxy_refuse(proxy, false);
    else if (fault->kind == FAULT_FREEZE)
        proxy_freeze(proxy, false);
}

static void begin(struct arena *arena, const struct fault *fault)
{
    switch (fault_types[fault->kind].target) {
    case TARGET_PROCESS:
        begin_process(arena, fault);
        break;
    case TARGET_NETWORK:
        begin_network(arena, fault);
        break;
    case TARGET_DISK:
        arena->instances[fault->instance].full_ms = INT64_MAX;
        disk_fill(arena->instances[fault->instance].state_dir);
        break;
    case TARGET_REGISTRY:
        arena->longer = true;
        scene_stop_registry(&arena->scene);
        break;
    case TARGET_BROKER:
        if (fault->kind == FAULT_BROKER_STOP)
            kafkad_stop(arena->kafka);
        else
            kafkad_kill(arena->kafka);
        break;
    }
}

static void end(struct arena *arena, const struct fault *fault)
{
    switch (fault_types[fault->kind].target) {
    case TARGET_PROCESS:
        end_process(arena, fault);
        break;
    case TARGET_NETWORK:
        end_network(arena, fault);
        break;
    case TARGET_DISK:
        disk_relieve(arena->instances[fault->instance].state_dir);
        arena->instances[fault->instance].full_ms = arena_now_ms(arena) + FULL_GRACE_MS;
        break;
    case TARGET_REGISTRY:
        scene_start_registry(&arena->scene);
        break;
    case TARGET_BROKER:
        kafkad_restart(arena->kafka);
        break;
    }
}

static void tell(struct arena *arena, const struct fault *fault)
{
    const struct fault_type *type = &fault_types[fault->kind];
    double seconds = (double)(fault->until_ms - fault->at_ms) / 1000;
    bool shared = type->target == TARGET_REGISTRY || type->target == TARGET_BROKER;
    char whom[32] = "";
    char how[32] = "";
    if (!shared)
        snprintf(whom, sizeof(whom), " (instance %zu)", fault->instance);
    if (fault->kind == FAULT_SLOW)
        snprintf(how, sizeof(how), ", %lld ms either way", (long long)fault->value);
    arena_say(arena, "%s%s%s, for %.1f s", type->what, whom, how, seconds);
}

static void end_due(struct arena *arena, struct plan *plan)
{
    for (size_t i = 0; i < plan->count && plan->faults[i].begun; i++) {
        struct fault *fault = &plan->faults[i];
        if (fault->ended || fault->until_ms > arena_now_ms(arena))
            continue;
        fault->ended = true;
        end(arena, fault);
    }
}

// What is over ends before the next begins, however late we are: two faults of one instance would
// else be mixed up.
void trouble_step(struct arena *arena, struct plan *plan)
{
    end_due(arena, plan);
    for (size_t i = 0; i < plan->count; i++) {
        struct fault *fault = &plan->faults[i];
        if (fault->at_ms > arena_now_ms(arena))
            return;
        if (fault->begun)
            continue;
        tell(arena, fault);
        arena->counts[fault->kind]++;
        fault->begun = true;
        begin(arena, fault);
        end_due(arena, plan);
    }
}

void trouble_end(struct arena *arena, struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        struct fault *fault = &plan->faults[i];
        if (fault->begun && !fault->ended)
            end(arena, fault);
        fault->ended = true;
    }
}
