// SPDX-License-Identifier: Apache-2.0
#include "chaos/arena.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "base/memory.h"
#include "chaos/disk.h"
#include "lib/workspace.h"

enum {
    SESSION_TIMEOUT_MS = 6000, // the least that a broker allows
    STOP_TIMEOUT_MS = 60000,
    LONG_STOP_MS = 5000,
    EARLY_MS = 2000,
    QUIET_TIMEOUT_MS = 240000,
    LONGER_OF_1000 = 100,
    LOOK_MS_MAX = 1000,
    REVIVE_AFTER_MS = 1000,
    ENDINGS_MAX = 5,
    AFTERWARDS = 5000, // purchases sent to instances that the changelog alone has brought back
};

static void say(struct arena *arena, const char *prefix, const char *format, va_list arguments)
{
    printf("%7.1f s  %s", (double)arena_now_ms(arena) / 1000, prefix);
    vprintf(format, arguments);
    putchar('\n');
}

void arena_say(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(arena, "", format, arguments);
    va_end(arguments);
}

void arena_anomaly(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    arena->anomalies++;
    va_start(arguments, format);
    say(arena, "ANOMALY: ", format, arguments);
    va_end(arguments);
}

int64_t arena_now_ms(struct arena *arena)
{
    int64_t seen_ms = process_clock_ms();
    int64_t passed_ms = seen_ms - arena->seen_ms;
    arena->now_ms += passed_ms > LOOK_MS_MAX ? LOOK_MS_MAX : passed_ms;
    arena->seen_ms = seen_ms;
    return arena->now_ms;
}

// ---------------------------------------------------------------------------------------------
// Opening

static struct scene_settings scene_settings(const struct options *options, int threads)
{
    struct scene_settings settings = scene_settings_default("chaos");
    settings.session_timeout_ms = SESSION_TIMEOUT_MS;
    settings.threads = threads;
    settings.generator.seed = options->seed;
    // Real times: a broker forgets the sequence numbers of a producer whose messages are old.
    settings.generator.start_ms = 1000 * (int64_t)time(NULL);
    settings.generator.events_per_second = options->rate;
    settings.generator.burst_ppm = 2000;
    settings.generator.duplicate_ppm = 5000;
    settings.generator.null_timestamp_ppm = 1000;
    settings.generator.malformed_ppm = 300;
    return settings;
}

static int64_t pick(struct random *random, int64_t one, int64_t two, int64_t three)
{
    const int64_t choices[] = {one, two, three};
    return choices[random_below(random, 3)];
}

static void set_number(struct cardwatch *service, const char *key, int64_t value)
{
    char *text = workspace_text("%s=%lld", key, (long long)value);
    cardwatch_set(service, text);
    free(text);
}

struct draw {
    int64_t threads;
    int64_t commit_ms;
    int64_t checkpoint_ms;
    bool static_membership;
};

static void instance_open(struct arena *arena, size_t at, const struct draw *draw)
{
    struct instance *instance = &arena->instances[at];
    const struct kafkad_proxied ports = kafkad_proxied(arena->kafka, (int)at);
    if (at > 0)
        scene_add_service(&arena->scene, at);
    instance->service = &arena->scene.services[at];
    instance->proxy = proxy_open(ports.proxy_port, ports.broker_port);
    instance->disk = arena->disks;
    instance->state_dir = at == 0 ? memory_text(arena->scene.state_dir)
                                  : workspace_text("%s-%zu", arena->scene.state_dir, at);
    if (instance->disk)
        disk_mount(instance->state_dir);
    char *bootstrap =
        workspace_text("kafka.bootstrap.servers=127.0.0.1:%u", (unsigned)ports.proxy_port);
    cardwatch_set(instance->service, bootstrap);
    free(bootstrap);
    set_number(instance->service, "processing.commit_interval_ms", draw->commit_ms);
    set_number(instance->service, "state.checkpoint_interval_ms", draw->checkpoint_ms);
    if (!draw->static_membership)
        cardwatch_set(instance->service, "processing.static_membership=false");
}

void arena_open(struct arena *arena, const struct options *options, int threads)
{
    *arena = (struct arena){.options = *options};
    random_seed(&arena->random, ~options->seed);
    const struct draw draw = {
        .threads = threads > 0 ? threads : pick(&arena->random, 1, 1, 2),
        .commit_ms = pick(&arena->random, 50, 200, 1000),
        .checkpoint_ms = pick(&arena->random, 500, 2000, 10000),
        .static_membership = pick(&arena->random, 1, 1, 0) == 1,
    };
    buffer_init(&arena->value, 4096);
    arena->kafka = kafkad_open_proxied(options->instances); // forks: before there are threads
    arena->disks = disk_enter();
    const struct scene_settings settings = scene_settings(options, (int)draw.threads);
    scene_open(&arena->scene, arena->kafka, &settings);
    for (size_t i = 0; i < (size_t)options->instances; i++)
        instance_open(arena, i, &draw);
    arena->watch = watch_open(&arena->scene);
    arena->seen_ms = process_clock_ms();
    arena_say(arena,
              "seed %llu: %d instances, threads %lld, commit interval %lld ms, checkpoint interval "
              "%lld ms, %s members, %lld purchases a second",
              (unsigned long long)options->seed, options->instances, (long long)draw.threads,
              (long long)draw.commit_ms, (long long)draw.checkpoint_ms,
              draw.static_membership ? "static" : "dynamic", (long long)options->rate);
    if (!arena->disks)
        arena_say(arena, "no disk will be full: that takes root, to mount a small one");
}

void arena_close(struct arena *arena)
{
    arena->scene.passed = true; // what went wrong has been told
    watch_close(arena->watch);
    for (size_t i = 0; i < (size_t)arena->options.instances; i++) {
        struct instance *instance = &arena->instances[i];
        cardwatch_kill(instance->service);
        proxy_close(instance->proxy);
        if (instance->disk)
            disk_unmount(instance->state_dir);
        workspace_remove(instance->state_dir);
        free(instance->state_dir);
    }
    scene_close(&arena->scene);
    kafkad_close(arena->kafka);
    buffer_release(&arena->value);
}

// ---------------------------------------------------------------------------------------------
// Instances

void arena_start(struct arena *arena, size_t instance)
{
    arena->instances[instance].wanted = true;
    arena->instances[instance].revived_ms = 0;
    arena->instances[instance].started_ms = arena_now_ms(arena);
    cardwatch_start(arena->instances[instance].service);
}

// What the service said last; what it said of an error, if it did: counts of lines left out may
// follow. The caller's to free().
static char *last_line(const struct cardwatch *service)
{
    char *log = workspace_read(service->log_path);
    size_t size = strlen(log);
    while (size > 0 && log[size - 1] == '\n')
        log[--size] = '\0';
    char *error = NULL;
    for (char *at = log; (at = strstr(at, " error ")) != NULL; at++)
        error = at;
    if (error != NULL)
        error[strcspn(error, "\n")] = '\0';
    char *line = strrchr(log, '\n');
    char *copy = memory_text(line == NULL ? log : line + 1);
    free(log);
    return copy;
}

// LMDB calls the last write that still fits in part an input/output error.
static bool blames_full_disk(const char *line)
{
    return strstr(line, strerror(ENOSPC)) != NULL ||
           (strstr(line, strerror(EIO)) != NULL && strstr(line, " and 0 are free") != NULL);
}

// To end because the disk is full is right, for the one who says so.
static bool has_ended_for_its_disk(struct arena *arena, size_t at, int code)
{
    struct instance *instance = &arena->instances[at];
    char *line = last_line(instance->service);
    bool full = arena_now_ms(arena) < instance->full_ms && code == 1 && blames_full_disk(line);
    if (full)
        arena_say(arena, "instance %zu has ended because its disk is full, and says so", at);
    free(line);
    return full;
}

void arena_stop(struct arena *arena, size_t instance)
{
    struct cardwatch *service = arena->instances[instance].service;
    arena->instances[instance].wanted = false;
    if (service->process.pid == 0)
        return;
    int64_t began_ms = arena_now_ms(arena);
    process_signal(&service->process, SIGTERM);
    while (process_running(&service->process) && arena_now_ms(arena) < began_ms + STOP_TIMEOUT_MS)
        process_nap();
    int64_t took_ms = arena_now_ms(arena) - began_ms;
    int code = cardwatch_await_exit(service, 0);
    if (code < 0)
        cardwatch_kill(service);
    // Before it has asked for the signal, it is ended by it.
    bool early =
        code == 128 + SIGTERM && began_ms - arena->instances[instance].started_ms < EARLY_MS;
    if (code != 0 && !early && !has_ended_for_its_disk(arena, instance, code))
        arena_anomaly(arena, "instance %zu: exit code %d, %lld ms after SIGTERM", instance, code,
                      (long long)took_ms);
    else if (took_ms > LONG_STOP_MS)
        arena_say(arena, "instance %zu took %lld ms to stop", instance, (long long)took_ms);
}

void arena_kill(struct arena *arena, size_t instance)
{
    arena->instances[instance].wanted = false;
    cardwatch_kill(arena->instances[instance].service);
}

void arena_wipe(struct arena *arena, size_t instance)
{
    workspace_remove(arena->instances[instance].state_dir);
}

static void note_ending(struct arena *arena, size_t at)
{
    struct instance *instance = &arena->instances[at];
    int code = cardwatch_await_exit(instance->service, 0);
    if (has_ended_for_its_disk(arena, at, code))
        return;
    char *line = last_line(instance->service);
    arena_anomaly(arena, "instance %zu has ended by itself: exit code %d: %s", at, code, line);
    free(line);
    if (++instance->endings >= ENDINGS_MAX)
        arena->hopeless = true;
}

// As a supervisor would, which does not for ever.
static void revive(struct arena *arena, size_t at)
{
    struct instance *instance = &arena->instances[at];
    if (!instance->wanted || arena->hopeless || process_running(&instance->service->process))
        return;
    if (instance->revived_ms == 0) {
        note_ending(arena, at);
        instance->revived_ms = arena_now_ms(arena) + REVIVE_AFTER_MS;
    }
    if (arena_now_ms(arena) >= instance->revived_ms && instance->full_ms != INT64_MAX)
        arena_start(arena, at);
}

// ---------------------------------------------------------------------------------------------
// Purchases

static void send_one(struct arena *arena)
{
    struct generated message;
    struct workload *workload = &arena->scene.workload;
    generator_next(workload->generator, &message);
    if (arena->longer && message.malformed == DEAD_LETTER_NONE &&
        random_chance(&arena->random, LONGER_OF_1000, 1000))
        registrar_lengthen(&arena->scene.schema_ids, &message, &arena->value);
    workload_take(workload, &message, -1);
}

void arena_step(struct arena *arena)
{
    struct workload *workload = &arena->scene.workload;
    size_t due = (size_t)(arena_now_ms(arena) * arena->options.rate / 1000);
    while (workload->sent_count < due)
        send_one(arena);
    watch_sent(arena->watch, workload->sent_count);
    for (size_t i = 0; i < (size_t)arena->options.instances; i++)
        revive(arena, i);
    process_nap();
}

// ---------------------------------------------------------------------------------------------
// The verdict

static bool await_all_done(struct arena *arena)
{
    int64_t began_ms = arena_now_ms(arena);
    struct scene *scene = &arena->scene;
    int64_t sent = (int64_t)scene->workload.sent_count;
    loader_flush(scene->workload.loader);
    watch_sent(arena->watch, (size_t)sent);
    while (group_watch_lag(scene->watch) != 0) {
        if (arena->hopeless || arena_now_ms(arena) > began_ms + QUIET_TIMEOUT_MS) {
            arena_anomaly(arena,
                          "no end of the work in %lld s of quiet: %lld of %lld purchases done",
                          (long long)(arena_now_ms(arena) - began_ms) / 1000,
                          (long long)watch_committed(arena->watch), (long long)sent);
            return false;
        }
        for (size_t i = 0; i < (size_t)arena->options.instances; i++)
            revive(arena, i);
        process_nap();
    }
    arena_say(arena, "quiet: everything done after %lld ms",
              (long long)(arena_now_ms(arena) - began_ms));
    return true;
}

static void judge_once(struct arena *arena, const char *when)
{
    fflush(stdout);
    if (!scene_judge(&arena->scene, NULL))
        arena_anomaly(arena, "%s: alerts or dead letters are not what they must be", when);
    else
        arena_say(arena, "%s: alerts and dead letters are right", when);
}

static void stop_all(struct arena *arena)
{
    for (size_t i = 0; i < (size_t)arena->options.instances; i++)
        arena_stop(arena, i);
}

void arena_judge(struct arena *arena)
{
    if (!await_all_done(arena))
        return;
    judge_once(arena, "after the faults");
    stop_all(arena);
    for (size_t i = 0; i < (size_t)arena->options.instances; i++) {
        arena_wipe(arena, i);
        arena_start(arena, i);
    }
    for (size_t i = 0; i < AFTERWARDS; i++)
        send_one(arena);
    if (!await_all_done(arena))
        return;
    stop_all(arena);
    judge_once(arena, "from the changelog alone");
}
