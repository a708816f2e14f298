// SPDX-License-Identifier: Apache-2.0
// `cardwatch replay --rebuild` on a real broker: another rule's state, killed on the way, and a
// service that runs.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/murmur2.h"
#include "lib/replayed.h"
#include "lib/scene.h"
#include "lib/workspace.h"

enum { STOP_TIMEOUT_MS = 10000, EXIT_TIMEOUT_MS = 60000, SESSION_TIMEOUT_MS = 6000 };

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static size_t purchases(void)
{
    return scene_full_size() ? 1000000 : 60000;
}

static void assert_says(const struct replayed *replayed, int code, const char *text)
{
    if (replayed->code != code || strstr(replayed->said, text) == NULL)
        fail_msg("exit code %d, \"%s\": %s", replayed->code, text, replayed->said);
}

static struct scene_settings short_sessions(const char *name)
{
    struct scene_settings settings = scene_settings_default(name);
    settings.session_timeout_ms = SESSION_TIMEOUT_MS;
    return settings;
}

static void run_and_stop(struct scene *scene, size_t count)
{
    workload_send(&scene->workload, count);
    cardwatch_start(&scene->services[0]);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
}

static void rebuild(struct scene *scene)
{
    struct replayed rebuilt = replayed_run(scene, WORDS("--rebuild"));
    assert_says(&rebuilt, 0, "the service may be started");
    replayed_release(&rebuilt);
}

// What another rule makes of all that was sent: its alerts of the purchases behind the first
// `count` become the expected ones from there on.
static void expect_otherwise_after(struct scene *scene, size_t count, size_t alert_count,
                                   const struct oracle_settings *oracle)
{
    struct workload *workload = &scene->workload;
    struct workload second;
    const struct workload_settings settings = {
        .generator = scene->settings.generator,
        .oracle = *oracle,
        .topic = scene->purchases,
        .partitions = scene->settings.partitions,
    };
    int64_t offsets[16] = {0};
    size_t before = 0;
    workload_open(&second, &settings);
    for (size_t i = 0; i < workload->sent_count; i++) {
        struct generated message;
        before = i == count ? second.alert_count : before;
        generator_next(second.generator, &message);
        int32_t partition = murmur2_partition(message.key, settings.partitions);
        workload_expect(&second, &message, partition, offsets[partition]++);
    }
    for (size_t i = alert_count; i < workload->alert_count; i++)
        free(workload->alerts[i].card);
    workload->alert_capacity = alert_count + second.alert_count - before + 1;
    workload->alerts =
        memory_resized(workload->alerts, workload->alert_capacity, sizeof(workload->alerts[0]));
    workload->alert_count = alert_count;
    for (size_t i = before; i < second.alert_count; i++) {
        workload->alerts[workload->alert_count] = second.alerts[i];
        workload->alerts[workload->alert_count++].card = memory_text(second.alerts[i].card);
    }
    assert_true(before > 0 && before < second.alert_count);
    workload_close(&second);
}

static void changed_rules__are_refused_then_rebuilt_and_right(void **state)
{
    const struct scene_settings settings = short_sessions("changed");
    struct scene *scene = stage_scene(state, &settings);
    struct cardwatch *service = &scene->services[0];
    size_t half = purchases() / 2;
    run_and_stop(scene, half);
    size_t alerts_before = scene->workload.alert_count;

    cardwatch_set(service, "rules.0.threshold=2");
    size_t from = cardwatch_log_size(service);
    cardwatch_start(service);
    assert_int_equal(cardwatch_await_exit(service, EXIT_TIMEOUT_MS), 1);
    assert_true(cardwatch_log_count(service, from, "cardwatch replay --rebuild") > 0);

    rebuild(scene);
    run_and_stop(scene, half);
    struct oracle_settings oracle = settings.oracle;
    oracle.rules[0].threshold = 2;
    expect_otherwise_after(scene, half, alerts_before, &oracle);
    assert_true(scene_judge(scene, NULL));
    scene->passed = true;
}

// Waits until the process has said it (at once for ""), or has ended.
static void await_word(struct scene *scene, struct process *process, const char *word)
{
    char *path = workspace_text("%s/replay.txt", scene->dir);
    bool said = false;
    while (!said && process_running(process)) {
        char *text = workspace_read(path);
        said = strstr(text, word) != NULL;
        free(text);
        process_nap();
    }
    free(path);
}

// A rebuild that is killed once it has said the word, and some milliseconds later.
static void kill_behind(struct scene *scene, const char *word, int64_t wait_ms)
{
    struct process process = {0};
    replayed_start(scene, WORDS("--rebuild"), &process);
    await_word(scene, &process, word);
    int64_t until_ms = process_clock_ms() + wait_ms;
    while (process_clock_ms() < until_ms)
        process_nap();
    process_kill(&process);
}

static void kill_9__while_rebuilding_changes_no_alert(void **state)
{
    static const struct {
        const char *word;
        int64_t wait_ms;
    } kills[] = {
        {"cards written", 0},       {"state.secret_file", 300}, {"switched to the new state", 0},
        {"cards written", 3},       {"state.secret_file", 700}, {"switched to the new state", 2},
        {"old records removed", 0},
    };
    const struct scene_settings settings = short_sessions("rekilled");
    struct scene *scene = stage_scene(state, &settings);
    size_t count = sizeof(kills) / sizeof(kills[0]);
    // In turn a service comes after the kill, and nobody.
    for (size_t i = 0; i < count; i++) {
        if (i % 2 == 0)
            run_and_stop(scene, purchases() / count);
        kill_behind(scene, kills[i].word, kills[i].wait_ms);
    }
    run_and_stop(scene, purchases() / count);
    assert_true(scene_judge(scene, NULL));
    rebuild(scene);
    run_and_stop(scene, purchases() / count);
    assert_true(scene_judge(scene, NULL));
    struct replayed verified = replayed_run(scene, WORDS("--verify"));
    assert_says(&verified, 0, " 0 missing, 0 extra, 0 different");
    replayed_release(&verified);
    scene->passed = true;
}

static void running_service__is_left_alone(void **state)
{
    const struct scene_settings settings = short_sessions("running");
    struct scene *scene = stage_scene(state, &settings);
    struct replayed nothing = replayed_run(scene, WORDS("--rebuild"));
    assert_says(&nothing, 1, "nothing to rebuild");
    replayed_release(&nothing);
    workload_send(&scene->workload, purchases() / 4);
    cardwatch_start(&scene->services[0]);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    struct replayed locked = replayed_run(scene, WORDS("--rebuild"));
    assert_says(&locked, 1, "held by");
    replayed_release(&locked);
    char *elsewhere = workspace_text("state.dir=%s/elsewhere", scene->dir);
    struct replayed refused = replayed_run(scene, WORDS("--set", elsewhere, "--rebuild"));
    assert_says(&refused, 1, "has members: app-running-");
    replayed_release(&refused);
    workload_send(&scene->workload, purchases() / 4);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
    assert_true(scene_judge(scene, NULL));
    free(elsewhere);
    scene->passed = true;
}

static void at_least_once__is_rebuilt_too(void **state)
{
    struct scene_settings settings = short_sessions("rebuilt-atleast");
    settings.guarantee = "at_least_once";
    struct scene *scene = stage_scene(state, &settings);
    size_t repeats;
    run_and_stop(scene, purchases() / 4);
    rebuild(scene);
    run_and_stop(scene, purchases() / 4);
    assert_true(scene_judge(scene, &repeats));
    scene->passed = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(changed_rules__are_refused_then_rebuilt_and_right),
        stage_test(kill_9__while_rebuilding_changes_no_alert),
        stage_test(running_service__is_left_alone),
        stage_test(at_least_once__is_rebuilt_too),
    };
    return stage_run(tests);
}
