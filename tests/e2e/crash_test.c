// SPDX-License-Identifier: Apache-2.0
// kill -9 at random moments and orderly stops: the same alerts, exactly once; a restart restores
// the changelog's tail alone, and after an orderly stop nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>

#include "base/random.h"
#include "lib/scene.h"
#include "lib/workspace.h"

enum { START_TIMEOUT_MS = 60000, STOP_TIMEOUT_MS = 5000 };

static size_t purchases(void)
{
    return scene_full_size() ? 1000000 : 120000;
}

static int kill_count(void)
{
    return scene_full_size() ? 10 : 3;
}

struct restart {
    size_t from; // in the log
    int64_t began_ms;
};

static struct restart start(struct scene *scene)
{
    struct restart restart = {cardwatch_log_size(&scene->services[0]), process_clock_ms()};
    cardwatch_start(&scene->services[0]);
    return restart;
}

static void await_running(struct scene *scene, const struct restart *restart)
{
    assert_true(cardwatch_await_log(&scene->services[0], restart->from, "partition running",
                                    (size_t)scene->settings.partitions, START_TIMEOUT_MS));
}

static int64_t restored(struct scene *scene, const struct restart *restart)
{
    int64_t records = cardwatch_log_sum(&scene->services[0], restart->from, "partition running",
                                        "restored_records");
    fprintf(stderr, "# at work %lld ms after the start, %lld records restored\n",
            (long long)(process_clock_ms() - restart->began_ms), (long long)records);
    return records;
}

static size_t records_in(struct scene *scene, const char *topic)
{
    struct topic_records records;
    records_read(&records, kafkad_bootstrap(scene->kafka), topic);
    size_t count = records.count;
    records_release(&records);
    return count;
}

// Some moment after the condition that was waited for; not to wait for anything.
static void linger(struct random *random, int64_t longest_ms)
{
    int64_t until_ms = process_clock_ms() + random_range(random, 0, longest_ms);
    while (process_clock_ms() < until_ms)
        process_nap();
}

// How far the group is behind; known once the transaction that the kill left open is settled.
static int64_t known_lag(struct scene *scene)
{
    int64_t deadline_ms = process_clock_ms() + SCENE_CATCH_UP_MS;
    for (;;) {
        int64_t lag = group_watch_lag(scene->watch);
        if (lag >= 0)
            return lag;
        assert_true(process_clock_ms() < deadline_ms);
    }
}

// One start, ended at a random moment: in turn of its work on the portion, of the time after it,
// and of its coming up.
static void start_and_kill(struct scene *scene, struct random *random, int number, size_t portion)
{
    workload_send(&scene->workload, portion);
    struct restart restart = start(scene);
    if (number % 3 != 2) {
        int64_t left = (int64_t)random_below(random, (uint64_t)known_lag(scene) + 1);
        int64_t progress = (int64_t)scene->workload.sent_count - left;
        assert_true(scene_await_progress(scene, progress, SCENE_CATCH_UP_MS));
    }
    const int64_t longest_ms[] = {50, 1500, 1000};
    linger(random, longest_ms[number % 3]);
    cardwatch_kill(&scene->services[0]);
    restored(scene, &restart);
}

// Sends everything in portions; the process is killed once a portion. The last is left to do.
static void send_and_kill(struct scene *scene, size_t total, bool delete_state)
{
    struct random random;
    random_seed(&random, 42);
    size_t portion = total / (size_t)(kill_count() + 1);
    cardwatch_set(&scene->services[0], "processing.commit_interval_ms=100");
    workload_send(&scene->workload, portion);
    for (int i = 0; i < kill_count(); i++) {
        start_and_kill(scene, &random, i, portion);
        if (delete_state)
            workspace_remove(scene->state_dir);
    }
}

// An idle process writes its state down by itself: a kill costs nothing then. How soon is up to it.
static void kill_until_nothing_is_lost(struct scene *scene)
{
    struct random random;
    random_seed(&random, 43);
    for (int64_t idle_ms = 500; idle_ms <= 16000; idle_ms *= 2) {
        struct restart restart = start(scene);
        await_running(scene, &restart);
        if (restored(scene, &restart) == 0)
            return;
        linger(&random, idle_ms);
        cardwatch_kill(&scene->services[0]);
    }
    fail_msg("after 16 s of idleness a kill still costs a restore");
}

static void kill_9__with_the_state_kept_costs_the_tail_alone(void **state)
{
    const struct scene_settings settings = scene_settings_default("killed");
    struct scene *scene = stage_scene(state, &settings);
    struct cardwatch *service = &scene->services[0];
    cardwatch_set(service, "state.checkpoint_interval_ms=300");
    workload_send(&scene->workload, scene_full_size() ? purchases() : 4 * purchases());
    start(scene);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    cardwatch_kill(service);
    kill_until_nothing_is_lost(scene);
    cardwatch_kill(service);
    send_and_kill(scene, scene_full_size() ? purchases() : purchases() / 2, false);
    struct restart last = start(scene);
    await_running(scene, &last);
    int64_t tail = restored(scene, &last);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, NULL));
    assert_int_equal(cardwatch_stop(service, STOP_TIMEOUT_MS), 0);
    size_t whole = records_in(scene, scene->changelog);
    fprintf(stderr, "# the changelog has %zu records\n", whole);
    assert_true(tail < (int64_t)whole / 2);
    scene->passed = true;
}

static void kill_9__with_the_state_deleted_restores_from_the_changelog(void **state)
{
    const struct scene_settings settings = scene_settings_default("wiped");
    struct scene *scene = stage_scene(state, &settings);
    // A name of its own, not one kept in the state: the group knows it again without waiting.
    cardwatch_set(&scene->services[0], "processing.instance_id=wiped");
    send_and_kill(scene, purchases(), true);
    struct restart last = start(scene);
    await_running(scene, &last);
    assert_true(restored(scene, &last) > 0);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, NULL));
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
    scene->passed = true;
}

static void kill_9__with_three_threads_changes_no_alert(void **state)
{
    struct scene_settings settings = scene_settings_default("killed3");
    settings.threads = 3;
    struct scene *scene = stage_scene(state, &settings);
    send_and_kill(scene, purchases(), false);
    start(scene);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, NULL));
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
    scene->passed = true;
}

static void sigterm__in_the_middle_ends_well_and_leaves_nothing_to_restore(void **state)
{
    const struct scene_settings settings = scene_settings_default("stopped");
    struct scene *scene = stage_scene(state, &settings);
    struct cardwatch *service = &scene->services[0];
    size_t portion = purchases() / 4;
    workload_send(&scene->workload, portion);
    for (int i = 1; i <= 3; i++) {
        struct restart restart = start(scene);
        await_running(scene, &restart);
        assert_int_equal(restored(scene, &restart), 0);
        workload_send(&scene->workload, portion);
        assert_true(scene_await_progress(scene, (int64_t)portion * i, SCENE_CATCH_UP_MS));
        assert_int_equal(cardwatch_stop(service, STOP_TIMEOUT_MS), 0);
        assert_int_equal(cardwatch_log_count(service, restart.from, "service stopped"), 1);
    }
    struct restart last = start(scene);
    await_running(scene, &last);
    assert_int_equal(restored(scene, &last), 0);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, NULL));
    assert_int_equal(cardwatch_stop(service, STOP_TIMEOUT_MS), 0);
    scene->passed = true;
}

// A second signal ends the program at once, which is as safe as a crash.
static void second_signal__is_as_safe_as_a_crash(void **state)
{
    const struct scene_settings settings = scene_settings_default("impatient");
    struct scene *scene = stage_scene(state, &settings);
    struct cardwatch *service = &scene->services[0];
    workload_send(&scene->workload, purchases() / 2);
    struct restart restart = start(scene);
    await_running(scene, &restart);
    assert_true(scene_await_progress(scene, 1, SCENE_CATCH_UP_MS));
    process_signal(&service->process, SIGTERM);
    process_signal(&service->process, SIGTERM);
    assert_true(cardwatch_await_exit(service, STOP_TIMEOUT_MS) >= 0);
    start(scene);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, NULL));
    assert_int_equal(cardwatch_stop(service, STOP_TIMEOUT_MS), 0);
    scene->passed = true;
}

// A state directory from a backup: the changelog brings it up to date.
static void state__from_an_old_copy_is_brought_up_to_date(void **state)
{
    const struct scene_settings settings = scene_settings_default("backup");
    struct scene *scene = stage_scene(state, &settings);
    struct cardwatch *service = &scene->services[0];
    char *copy = workspace_text("%s-copy", scene->state_dir);
    const char *const save[] = {"cp", "-r", scene->state_dir, copy, NULL};
    const char *const bring_back[] = {"mv", copy, scene->state_dir, NULL};
    for (int i = 0; i < 2; i++) {
        workload_send(&scene->workload, purchases() / 4);
        start(scene);
        assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
        assert_int_equal(cardwatch_stop(service, STOP_TIMEOUT_MS), 0);
        if (i == 0)
            assert_int_equal(process_run(save, "/dev/null", START_TIMEOUT_MS), 0);
    }
    workspace_remove(scene->state_dir);
    assert_int_equal(process_run(bring_back, "/dev/null", START_TIMEOUT_MS), 0);
    workload_send(&scene->workload, purchases() / 4);
    struct restart restart = start(scene);
    await_running(scene, &restart);
    assert_true(restored(scene, &restart) > 0);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, NULL));
    assert_int_equal(cardwatch_stop(service, STOP_TIMEOUT_MS), 0);
    free(copy);
    scene->passed = true;
}

static void at_least_once__loses_no_alert_when_killed(void **state)
{
    struct scene_settings settings = scene_settings_default("atleast");
    settings.guarantee = "at_least_once";
    struct scene *scene = stage_scene(state, &settings);
    size_t repeats;
    send_and_kill(scene, purchases(), false);
    start(scene);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, &repeats));
    fprintf(stderr, "# %zu alerts came more than once, both topics together\n", repeats);
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
    scene->passed = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(kill_9__with_the_state_kept_costs_the_tail_alone),
        stage_test(kill_9__with_the_state_deleted_restores_from_the_changelog),
        stage_test(kill_9__with_three_threads_changes_no_alert),
        stage_test(sigterm__in_the_middle_ends_well_and_leaves_nothing_to_restore),
        stage_test(second_signal__is_as_safe_as_a_crash),
        stage_test(state__from_an_old_copy_is_brought_up_to_date),
        stage_test(at_least_once__loses_no_alert_when_killed),
    };
    return stage_run(tests);
}
