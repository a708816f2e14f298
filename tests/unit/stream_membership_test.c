// SPDX-License-Identifier: Apache-2.0
// The group gives and takes: pauses, lost heartbeats, split networks, storms of rebalances.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/stream_fixture.h"

static void purchases(struct stream_fixture *f, size_t count, uint64_t seed)
{
    struct random random;
    random_seed(&random, seed);
    fixture_purchases(f, count, 50, &random);
}

static void worker_without_heartbeats__loses_its_partitions_and_comes_back(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 4});
    fixture_start(&f, 0);
    fixture_start(&f, 1);
    purchases(&f, 1000, 1);
    fixture_settle(&f);
    for (int round = 0; round < 3; round++) {
        fake_broker_mute(f.processes[0].broker, true);
        purchases(&f, 500, 2);
        fixture_step_for(&f, 15000); // past the session time-out: a zombie that still works
        fake_broker_mute(f.processes[0].broker, false);
        purchases(&f, 500, 3);
        fixture_settle(&f);
    }
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void worker_cut_off_from_the_cluster__waits_and_loses_nothing(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 2});
    fixture_start(&f, 0);
    purchases(&f, 1000, 1);
    fixture_settle(&f);
    for (int64_t cut_ms = 10; cut_ms < 40000; cut_ms *= 3) {
        purchases(&f, 100, (uint64_t)cut_ms);
        assert_int_equal(fixture_step(&f), STATUS_OK); // in the middle of a transaction
        fake_broker_disconnect(f.processes[0].broker, true);
        fixture_step_for(&f, cut_ms);
        fake_broker_disconnect(f.processes[0].broker, false);
        fixture_settle(&f);
    }
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void storm_of_rebalances__keeps_tasks_warm(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 4});
    fixture_start(&f, 0);
    fixture_start(&f, 1);
    for (int round = 0; round < 30; round++) {
        purchases(&f, 100, (uint64_t)round);
        assert_int_equal(fixture_step(&f), STATUS_OK);
        fake_group_rebalance(f.cluster, "cardwatch");
    }
    fixture_settle(&f);
    fixture_expect_alerts(&f, false);
    // The same partitions come back each time: nothing has to be restored for that.
    uint64_t restored =
        fixture_counters(&f, 0).restore_records + fixture_counters(&f, 1).restore_records;
    assert_in_range(restored, 0, 100);
    stream_fixture_close(&f);
}

static void second_process_of_the_same_name__makes_the_first_one_leave(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 2});
    fixture_start(&f, 0);
    purchases(&f, 500, 1);
    fixture_settle(&f);
    // The same instance id and transactional id, another machine.
    f.processes[3] = f.processes[0];
    f.processes[0] = (struct fixture_process){0};
    fixture_start(&f, 0);
    purchases(&f, 500, 2);
    enum status status = STATUS_OK;
    for (int i = 0; i < 2000 && status == STATUS_OK; i++)
        status = fixture_step(&f);
    assert_int_equal(status, STATUS_FATAL);
    assert_null(f.processes[3].worker);
    fixture_settle(&f);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void more_processes_than_partitions__idle_until_needed(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 1});
    for (size_t i = 0; i < 3; i++)
        fixture_start(&f, i);
    purchases(&f, 300, 1);
    fixture_settle(&f);
    for (size_t i = 0; i < 2; i++) {
        fixture_crash(&f, i, true);
        purchases(&f, 300, 2 + i);
        fixture_settle(&f);
    }
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

// One worker alone goes on for so long.
static void step_alone_for(struct stream_fixture *f, size_t index, int64_t ms)
{
    int64_t until_ms = fake_clock_ms(f->cluster) + ms;
    while (fake_clock_ms(f->cluster) < until_ms)
        if (worker_step(f->processes[index].worker, &f->err) != STATUS_OK)
            fail_msg("worker %zu left: %s", index, f->err.text);
}

static void suspended_task__is_not_resumed_when_somebody_else_has_had_it(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 1});
    fixture_start(&f, 0);
    purchases(&f, 300, 1);
    fixture_settle(&f);
    fixture_start(&f, 1);
    fake_group_rebalance(f.cluster, "cardwatch");
    struct worker *worker = f.processes[0].worker;
    for (int i = 0; i < 1000 && worker->tasks[0]->state != TASK_SUSPENDED; i++)
        assert_int_equal(worker_step(worker, &f.err), STATUS_OK);
    assert_int_equal(worker->tasks[0]->state, TASK_SUSPENDED);
    // It is cut off for longer than a session: the other one works meanwhile.
    fake_broker_mute(f.processes[0].broker, true);
    purchases(&f, 300, 2);
    step_alone_for(&f, 1, 30000);
    assert_true(fixture_is_settled(&f));
    assert_int_equal(worker->tasks[0]->state, TASK_SUSPENDED);
    fake_broker_mute(f.processes[0].broker, false);
    fixture_crash(&f, 1, true);
    purchases(&f, 300, 3);
    fixture_settle(&f);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worker_without_heartbeats__loses_its_partitions_and_comes_back),
        cmocka_unit_test(worker_cut_off_from_the_cluster__waits_and_loses_nothing),
        cmocka_unit_test(storm_of_rebalances__keeps_tasks_warm),
        cmocka_unit_test(suspended_task__is_not_resumed_when_somebody_else_has_had_it),
        cmocka_unit_test(second_process_of_the_same_name__makes_the_first_one_leave),
        cmocka_unit_test(more_processes_than_partitions__idle_until_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
