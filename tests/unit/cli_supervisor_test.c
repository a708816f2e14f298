// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/supervisor.h"
#include "lib/manager.h"
#include "lib/process.h"

enum { WAIT_MS = 60000, PAUSE_MAX_MS = 3600000 };

struct fixture {
    struct manager manager;
    struct supervisor supervisor;
    struct stream_settings settings;
    struct worker_metrics worker;
    struct exposition exposition;
    atomic_bool stop;
    bool open;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->settings.input_partitions = 1;
    worker_metrics_init(&f->worker, 1);
    // Ahead of the clock: a pause of the test is none of the worker's.
    worker_metrics_turn(&f->worker, clock_now_ms() + PAUSE_MAX_MS);
    f->exposition =
        (struct exposition){.workers = &f->worker, .worker_count = 1, .settings = &f->settings};
    manager_open(&f->manager, NULL);
    *state = f;
    return 0;
}

static void supervise(struct fixture *f, const char *watchdog_usec, const char *watchdog_pid)
{
    const struct supervisor_place place = {f->manager.name, watchdog_usec, watchdog_pid};
    supervisor_open(&f->supervisor, &place, &f->stop);
    f->open = true;
}

static void end(struct fixture *f)
{
    if (f->open)
        supervisor_close(&f->supervisor);
    f->open = false;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    end(f);
    manager_close(&f->manager);
    worker_metrics_release(&f->worker);
    free(f);
    return 0;
}

static void publish(struct fixture *f, bool running)
{
    const struct counters counters = {0};
    const struct partition_gauges gauges = {
        .owned = true, .running = running, .restore_at = 43, .restore_end = 100};
    worker_metrics_publish(&f->worker, &counters, &gauges, running);
}

static void supervise_running(struct fixture *f, const char *watchdog_usec)
{
    supervise(f, watchdog_usec, NULL);
    publish(f, true);
    supervisor_watch(&f->supervisor, &f->exposition);
}

static void start__is_told_step_by_step(void **state)
{
    struct fixture *f = *state;
    supervise(f, NULL, NULL);
    manager_await(&f->manager, "STATUS=looking for Kafka", WAIT_MS);
    manager_await(&f->manager, "EXTEND_TIMEOUT_USEC=60000000\n", WAIT_MS);
    publish(f, false);
    supervisor_watch(&f->supervisor, &f->exposition);
    manager_await(&f->manager, "STATUS=restoring 1 of 1 partitions: 43 %", WAIT_MS);
    assert_false(manager_has_heard(&f->manager, "READY=1"));
    publish(f, true);
    manager_await(&f->manager, "STATUS=1 partitions, lag 0", WAIT_MS);
    manager_await(&f->manager, "READY=1\n", WAIT_MS);
    assert_false(manager_has_heard(&f->manager, "WATCHDOG=1"));
    assert_false(manager_has_heard(&f->manager, "STOPPING=1"));
}

static void what_is_known__is_not_told_again(void **state)
{
    struct fixture *f = *state;
    supervise_running(f, NULL);
    manager_await(&f->manager, "READY=1\n", WAIT_MS);
    manager_forget(&f->manager);
    for (int i = 0; i < 20; i++) // each makes it look again
        supervisor_watch(&f->supervisor, &f->exposition);
    supervisor_leave(&f->supervisor);
    manager_await(&f->manager, "STOPPING=1\n", WAIT_MS);
    assert_int_equal(f->manager.messages, 1);
    end(f);
    manager_listen(&f->manager);
    assert_int_equal(f->manager.messages, 1);
}

static void watchdog__is_fed_while_the_workers_get_on(void **state)
{
    struct fixture *f = *state;
    supervise_running(f, "20000");
    for (int i = 0; i < 3; i++) {
        manager_await(&f->manager, "WATCHDOG=1\n", WAIT_MS);
        manager_forget(&f->manager);
    }
    worker_metrics_turn(&f->worker, clock_now_ms() - HEALTH_STUCK_MS - 5000);
    manager_await(&f->manager, "STATUS=worker 0 has not ended a turn", WAIT_MS);
    manager_forget(&f->manager);
    manager_await(&f->manager, "STATUS=worker 0", WAIT_MS); // a second later
    assert_false(manager_has_heard(&f->manager, "WATCHDOG=1"));
    worker_metrics_turn(&f->worker, clock_now_ms() + PAUSE_MAX_MS);
    manager_await(&f->manager, "WATCHDOG=1\n", WAIT_MS);
}

static void worker_that_is_stuck__is_not_ready(void **state)
{
    struct fixture *f = *state;
    worker_metrics_turn(&f->worker, clock_now_ms() - HEALTH_STUCK_MS - 5000);
    publish(f, true);
    supervise(f, NULL, NULL);
    supervisor_watch(&f->supervisor, &f->exposition);
    manager_await(&f->manager, "STATUS=worker 0 has not ended a turn", WAIT_MS);
    assert_false(manager_has_heard(&f->manager, "READY=1"));
}

static void watchdog_of_another_process__is_not_ours(void **state)
{
    struct fixture *f = *state;
    char ours[32];
    supervise(f, "20000", "1");
    assert_int_equal(f->supervisor.watchdog_ms, 0);
    end(f);
    snprintf(ours, sizeof(ours), "%ld", (long)getpid());
    supervise(f, "20000", ours);
    assert_int_equal(f->supervisor.watchdog_ms, 20);
}

static void stop__is_told_and_the_watchdog_fed_on(void **state)
{
    struct fixture *f = *state;
    supervise_running(f, "20000");
    manager_await(&f->manager, "READY=1\n", WAIT_MS);
    atomic_store(&f->stop, true);
    manager_await(&f->manager, "STOPPING=1\nSTATUS=stopping", WAIT_MS);
    manager_forget(&f->manager);
    worker_metrics_turn(&f->worker, 0);
    manager_await(&f->manager, "WATCHDOG=1\n", WAIT_MS);
    assert_false(manager_has_heard(&f->manager, "STOPPING=1"));
}

static void without_a_manager__nothing_runs(void **state)
{
    struct fixture *f = *state;
    const struct supervisor_place places[] = {{NULL, "20000", NULL}, {"no-socket", NULL, NULL}};
    for (size_t i = 0; i < 2; i++) {
        supervisor_open(&f->supervisor, &places[i], &f->stop);
        supervisor_watch(&f->supervisor, &f->exposition);
        supervisor_leave(&f->supervisor);
        supervisor_close(&f->supervisor);
    }
    assert_false(manager_has_heard(&f->manager, "="));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(start__is_told_step_by_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_known__is_not_told_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(watchdog__is_fed_while_the_workers_get_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(worker_that_is_stuck__is_not_ready, set_up, tear_down),
        cmocka_unit_test_setup_teardown(watchdog_of_another_process__is_not_ours, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(stop__is_told_and_the_watchdog_fed_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_manager__nothing_runs, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
