// SPDX-License-Identifier: Apache-2.0
// The fake broker stops the process when the port is used against its contract. Each misuse runs in
// a child process.
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/fake_rig.h"

static struct fake_rig rig;
static struct error err;

static int open_rig(void **state)
{
    (void)state;
    fake_rig_open(&rig, 2);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    fake_rig_close(&rig);
    return 0;
}

// Reads both partitions from their start.
static struct broker *reading_worker(void)
{
    struct broker *broker = fake_rig_static(&rig, "w");
    fake_rig_take(broker);
    return broker;
}

static void misuse_start_unassigned(struct broker *broker)
{
    (void)!broker->ops->start(broker, 5, 0, &err);
}

static void misuse_accept_without_event(struct broker *broker)
{
    (void)!broker->ops->accept(broker, &err);
}

static void misuse_produce_outside(struct broker *broker)
{
    (void)!fake_rig_alert(broker, "k", "v");
}

static void misuse_commit_outside(struct broker *broker)
{
    (void)!fake_rig_commit(broker, 0, 1);
}

static void misuse_abort_outside(struct broker *broker)
{
    (void)!broker->ops->abort(broker, &err);
}

static void misuse_begin_twice(struct broker *broker)
{
    (void)!broker->ops->begin(broker, &err);
    (void)!broker->ops->begin(broker, &err);
}

static void misuse_commit_unassigned(struct broker *broker)
{
    (void)!broker->ops->begin(broker, &err);
    (void)!fake_rig_commit(broker, 5, 1);
}

static void misuse_flush_in_transactions(struct broker *broker)
{
    (void)!broker->ops->flush(broker, &err);
}

static void misuse_changelog_opened_twice(struct broker *broker)
{
    (void)!broker->ops->changelog_open(broker, 0, 0, &err);
    (void)!broker->ops->changelog_open(broker, 0, 0, &err);
}

static void misuse_position_of_closed(struct broker *broker)
{
    (void)broker->ops->changelog_position(broker, 0);
}

static void misuse_after_close(struct broker *broker)
{
    broker->ops->close(broker);
    (void)!fake_rig_poll_status(broker);
}

static void use_well(struct broker *broker)
{
    (void)!broker->ops->begin(broker, &err);
    (void)!fake_rig_alert(broker, "k", "v");
    (void)!fake_rig_commit(broker, 0, 1);
    broker->ops->close(broker);
}

static bool stops(void (*misuse)(struct broker *), struct broker *broker)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        misuse(broker);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void misuse__reading_within_the_rules_goes_on(void **state)
{
    (void)state;
    assert_false(stops(use_well, reading_worker()));
}

static void misuse__starting_an_unassigned_partition_stops(void **state)
{
    (void)state;
    assert_true(stops(misuse_start_unassigned, reading_worker()));
}

static void misuse__accepting_without_an_event_stops(void **state)
{
    (void)state;
    assert_true(stops(misuse_accept_without_event, reading_worker()));
}

static void misuse__producing_outside_of_a_transaction_stops(void **state)
{
    (void)state;
    assert_true(stops(misuse_produce_outside, reading_worker()));
}

static void misuse__committing_outside_of_a_transaction_stops(void **state)
{
    (void)state;
    assert_true(stops(misuse_commit_outside, reading_worker()));
}

static void misuse__aborting_outside_of_a_transaction_stops(void **state)
{
    (void)state;
    assert_true(stops(misuse_abort_outside, reading_worker()));
}

static void misuse__beginning_twice_stops(void **state)
{
    (void)state;
    assert_true(stops(misuse_begin_twice, reading_worker()));
}

static void misuse__committing_an_unassigned_partition_stops(void **state)
{
    (void)state;
    assert_true(stops(misuse_commit_unassigned, reading_worker()));
}

static void misuse__flushing_with_transactions_stops(void **state)
{
    (void)state;
    assert_true(stops(misuse_flush_in_transactions, reading_worker()));
}

static void misuse__opening_a_changelog_twice_stops(void **state)
{
    (void)state;
    assert_true(stops(misuse_changelog_opened_twice, reading_worker()));
}

static void misuse__asking_the_position_of_a_closed_changelog_stops(void **state)
{
    (void)state;
    assert_true(stops(misuse_position_of_closed, reading_worker()));
}

static void misuse__calling_a_closed_broker_stops(void **state)
{
    (void)state;
    assert_true(stops(misuse_after_close, reading_worker()));
}

#define misuse_test(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        misuse_test(misuse__reading_within_the_rules_goes_on),
        misuse_test(misuse__starting_an_unassigned_partition_stops),
        misuse_test(misuse__accepting_without_an_event_stops),
        misuse_test(misuse__producing_outside_of_a_transaction_stops),
        misuse_test(misuse__committing_outside_of_a_transaction_stops),
        misuse_test(misuse__aborting_outside_of_a_transaction_stops),
        misuse_test(misuse__beginning_twice_stops),
        misuse_test(misuse__committing_an_unassigned_partition_stops),
        misuse_test(misuse__flushing_with_transactions_stops),
        misuse_test(misuse__opening_a_changelog_twice_stops),
        misuse_test(misuse__asking_the_position_of_a_closed_changelog_stops),
        misuse_test(misuse__calling_a_closed_broker_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
