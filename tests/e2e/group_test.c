// SPDX-License-Identifier: Apache-2.0
// Several processes in one group: partitions move between them in the middle of the work, and the
// alerts stay the same, exactly once.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "lib/scene.h"

enum { WAIT_MS = 60000, STOP_TIMEOUT_MS = 5000 };

static size_t portion(void)
{
    return scene_full_size() ? 200000 : 20000;
}

static struct scene_settings group_settings(const char *name)
{
    struct scene_settings settings = scene_settings_default(name);
    settings.session_timeout_ms = 6000; // the least that a broker allows
    return settings;
}

static void await_any_running(struct scene *scene, size_t service, size_t from)
{
    assert_true(
        cardwatch_await_log(&scene->services[service], from, "partition running", 1, WAIT_MS));
}

// Sends a portion and waits until a good part of it is done, so that what comes next comes in the
// middle.
static void work(struct scene *scene)
{
    workload_send(&scene->workload, portion());
    int64_t enough = (int64_t)(scene->workload.sent_count - portion() / 2);
    assert_true(scene_await_progress(scene, enough, SCENE_CATCH_UP_MS));
}

static void open_three(void **state, const char *name, struct scene **out)
{
    const struct scene_settings settings = group_settings(name);
    *out = stage_scene(state, &settings);
    scene_add_service(*out, 1);
    scene_add_service(*out, 2);
}

static void finish(struct scene *scene)
{
    work(scene);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, NULL));
    for (size_t i = 0; i < 3; i++) {
        if (process_running(&scene->services[i].process))
            assert_int_equal(cardwatch_stop(&scene->services[i], STOP_TIMEOUT_MS), 0);
    }
    assert_true(scene_judge(scene, NULL));
    scene->passed = true;
}

static void group__of_two_takes_in_a_third_and_loses_one(void **state)
{
    struct scene *scene;
    open_three(state, "group", &scene);
    cardwatch_start(&scene->services[0]);
    cardwatch_start(&scene->services[1]);
    work(scene);
    await_any_running(scene, 0, 0);
    await_any_running(scene, 1, 0);
    workload_send(&scene->workload, portion());
    cardwatch_start(&scene->services[2]);
    work(scene);
    await_any_running(scene, 2, 0);
    workload_send(&scene->workload, portion());
    cardwatch_kill(&scene->services[0]);
    finish(scene);
}

static void group__takes_a_killed_process_back(void **state)
{
    struct scene *scene;
    open_three(state, "return", &scene);
    cardwatch_start(&scene->services[0]);
    cardwatch_start(&scene->services[1]);
    work(scene);
    await_any_running(scene, 0, 0);
    await_any_running(scene, 1, 0);
    workload_send(&scene->workload, portion());
    cardwatch_kill(&scene->services[1]);
    size_t from = cardwatch_log_size(&scene->services[1]);
    cardwatch_start(&scene->services[1]);
    await_any_running(scene, 1, from);
    finish(scene);
}

static void group__of_dynamic_members_hands_over_when_one_leaves(void **state)
{
    struct scene *scene;
    open_three(state, "dynamic", &scene);
    for (size_t i = 0; i < 3; i++)
        cardwatch_set(&scene->services[i], "processing.static_membership=false");
    cardwatch_start(&scene->services[0]);
    work(scene);
    cardwatch_start(&scene->services[1]);
    await_any_running(scene, 1, 0);
    workload_send(&scene->workload, portion());
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
    finish(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(group__of_two_takes_in_a_third_and_loses_one),
        stage_test(group__takes_a_killed_process_back),
        stage_test(group__of_dynamic_members_hands_over_when_one_leaves),
    };
    return stage_run(tests);
}
