// SPDX-License-Identifier: Apache-2.0
// What a service manager hears of the program: its start, its watchdog, its end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>

#include "lib/manager.h"
#include "lib/scene.h"
#include "lib/workspace.h"

enum { WAIT_MS = 120000, STOP_TIMEOUT_MS = 60000, PURCHASES = 20000 };

struct supervised {
    struct scene *scene;
    struct manager manager;
    struct cardwatch *service;
};

// Programs that are started later have the manager's variables.
static void supervise(struct supervised *s, void **state, const char *name)
{
    const struct scene_settings settings = scene_settings_default(name);
    s->scene = stage_scene(state, &settings);
    s->service = &s->scene->services[0];
    manager_open(&s->manager, s->scene->dir);
    assert_int_equal(setenv("NOTIFY_SOCKET", s->manager.name, 1), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "1000000", 1), 0);
}

static void release(struct supervised *s)
{
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    manager_close(&s->manager);
    s->scene->passed = true;
}

static void expect_all_taken(struct supervised *s)
{
    char *status =
        workspace_text("STATUS=%d partitions, lag 0; %zu purchases",
                       (int)s->scene->settings.partitions, s->scene->workload.sent_count);
    manager_await(&s->manager, status, WAIT_MS);
    free(status);
}

static void manager__hears_of_start_watchdog_and_stop(void **state)
{
    struct supervised s;
    supervise(&s, state, "supervised");
    workload_send(&s.scene->workload, PURCHASES);
    cardwatch_start(s.service);
    manager_await(&s.manager, "READY=1\n", WAIT_MS);
    // It has its partitions by then.
    assert_int_equal(cardwatch_log_count(s.service, 0, "partition running"),
                     s.scene->settings.partitions);
    expect_all_taken(&s); // told with READY=1 already when they were taken that soon
    manager_forget(&s.manager);
    manager_await(&s.manager, "WATCHDOG=1\n", WAIT_MS);
    assert_false(manager_has_heard(&s.manager, "STOPPING=1"));
    process_signal(&s.service->process, SIGTERM);
    manager_await(&s.manager, "STOPPING=1\n", WAIT_MS);
    assert_int_equal(cardwatch_await_exit(s.service, STOP_TIMEOUT_MS), 0);
    assert_true(scene_judge(s.scene, NULL));
    release(&s);
}

static void start_without_a_cluster__is_told_to_take_long(void **state)
{
    struct supervised s;
    supervise(&s, state, "supervised-alone");
    cardwatch_set(s.service, "kafka.bootstrap.servers=127.0.0.1:1");
    cardwatch_start(s.service);
    manager_await(&s.manager, "STATUS=looking for Kafka", WAIT_MS);
    manager_await(&s.manager, "EXTEND_TIMEOUT_USEC=", WAIT_MS);
    manager_forget(&s.manager);
    manager_await(&s.manager, "EXTEND_TIMEOUT_USEC=", WAIT_MS); // again and again
    assert_false(manager_has_heard(&s.manager, "READY=1"));
    assert_int_equal(cardwatch_stop(s.service, STOP_TIMEOUT_MS), 0);
    manager_await(&s.manager, "STOPPING=1\n", WAIT_MS);
    release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(manager__hears_of_start_watchdog_and_stop),
        stage_test(start_without_a_cluster__is_told_to_take_long),
    };
    return stage_run(tests);
}
