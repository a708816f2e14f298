// SPDX-License-Identifier: Apache-2.0
// The registry or the broker away in the middle of the work: the program waits, says so in a few
// lines, and loses nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "lib/scene.h"

enum { STOP_TIMEOUT_MS = 5000, PORTION = 20000, PARTITION_WAIT_MS = 60000 };

static int64_t outage_ms(void)
{
    return scene_full_size() ? 30000 : 3000;
}

// The length of the outage, not a wait for something.
static void let_time_pass(int64_t ms)
{
    int64_t until_ms = process_clock_ms() + ms;
    while (process_clock_ms() < until_ms)
        process_nap();
}

// Purchases under a writer schema that the program has not met: see registrar_longer_schema.
static void send_longer(struct scene *scene, size_t count)
{
    struct buffer value;
    struct generated message;
    buffer_init(&value, 4096);
    for (size_t i = 0; i < count; i++) {
        generator_next(scene->workload.generator, &message);
        registrar_lengthen(&scene->schema_ids, &message, &value);
        workload_take(&scene->workload, &message, -1);
    }
    loader_flush(scene->workload.loader);
    buffer_release(&value);
}

static void finish(struct scene *scene)
{
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, NULL));
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
    scene->passed = true;
}

static void registry__away_in_the_middle_costs_time_alone(void **state)
{
    const struct scene_settings settings = scene_settings_default("unregistered");
    struct scene *scene = stage_scene(state, &settings);
    struct cardwatch *service = &scene->services[0];
    cardwatch_start(service);
    workload_send(&scene->workload, PORTION);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    scene_stop_registry(scene);
    size_t from = cardwatch_log_size(service);
    workload_send(&scene->workload, PORTION); // a schema that is known: no registry needed
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    send_longer(scene, PORTION);
    assert_true(cardwatch_await_log(service, from, "waiting for a schema", 1, PARTITION_WAIT_MS));
    let_time_pass(outage_ms());
    assert_true(process_running(&service->process));
    assert_true(group_watch_lag(scene->watch) > 0);
    scene_start_registry(scene);
    finish(scene);
    size_t lines = cardwatch_log_count(service, from, " ");
    fprintf(stderr, "# %zu lines in the log since the registry went away\n", lines);
    assert_true(lines < 100);
}

static void registry__away_at_the_start_is_not_needed_for_what_is_known(void **state)
{
    const struct scene_settings settings = scene_settings_default("known");
    struct scene *scene = stage_scene(state, &settings);
    struct cardwatch *service = &scene->services[0];
    cardwatch_start(service);
    workload_send(&scene->workload, PORTION);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_int_equal(cardwatch_stop(service, STOP_TIMEOUT_MS), 0);
    scene_stop_registry(scene);
    workload_send(&scene->workload, PORTION);
    cardwatch_start(service);
    finish(scene);
}

static void registry__away_at_the_very_first_start_is_waited_for(void **state)
{
    const struct scene_settings settings = scene_settings_default("first");
    struct scene *scene = stage_scene(state, &settings);
    struct cardwatch *service = &scene->services[0];
    scene_stop_registry(scene);
    workload_send(&scene->workload, PORTION);
    cardwatch_start(service);
    assert_true(cardwatch_await_log(service, 0, "waiting for the schema registry", 1, 30000));
    scene_start_registry(scene);
    finish(scene);
}

static void broker__restarted_in_the_middle_loses_nothing(void **state)
{
    const struct scene_settings settings = scene_settings_default("restarted");
    struct scene *scene = stage_scene(state, &settings);
    workload_send(&scene->workload, PORTION);
    cardwatch_start(&scene->services[0]);
    assert_true(scene_await_progress(scene, PORTION / 2, SCENE_CATCH_UP_MS));
    workload_send(&scene->workload, 2 * PORTION);
    kafkad_restart(scene->kafka);
    workload_send(&scene->workload, PORTION);
    finish(scene);
}

static void broker__killed_in_the_middle_loses_nothing(void **state)
{
    struct scene_settings settings = scene_settings_default("crashed");
    settings.threads = 2;
    struct scene *scene = stage_scene(state, &settings);
    workload_send(&scene->workload, PORTION);
    cardwatch_start(&scene->services[0]);
    assert_true(scene_await_progress(scene, PORTION / 2, SCENE_CATCH_UP_MS));
    workload_send(&scene->workload, 2 * PORTION);
    kafkad_kill(scene->kafka);
    let_time_pass(outage_ms());
    kafkad_restart(scene->kafka);
    workload_send(&scene->workload, PORTION);
    finish(scene);
}

static void broker__away_at_the_start_is_waited_for(void **state)
{
    const struct scene_settings settings = scene_settings_default("early");
    struct scene *scene = stage_scene(state, &settings);
    workload_send(&scene->workload, PORTION);
    kafkad_stop(scene->kafka);
    cardwatch_start(&scene->services[0]);
    assert_true(
        cardwatch_await_log(&scene->services[0], 0, "waiting for the Kafka cluster", 1, 30000));
    assert_true(process_running(&scene->services[0].process));
    kafkad_restart(scene->kafka);
    finish(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(registry__away_in_the_middle_costs_time_alone),
        stage_test(registry__away_at_the_start_is_not_needed_for_what_is_known),
        stage_test(registry__away_at_the_very_first_start_is_waited_for),
        stage_test(broker__restarted_in_the_middle_loses_nothing),
        stage_test(broker__killed_in_the_middle_loses_nothing),
        stage_test(broker__away_at_the_start_is_waited_for),
    };
    return stage_run(tests);
}
