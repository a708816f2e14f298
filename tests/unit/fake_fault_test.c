// SPDX-License-Identifier: Apache-2.0
// The fake broker's faults: countdowns, fates, outages, crashes, and torture of a small
// exactly-once copier that must get through every one of them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/fake_rig.h"

static struct fake_rig rig;
static struct error err;

static int open_rig(void **state)
{
    (void)state;
    fake_rig_open(&rig, 1);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    fake_rig_close(&rig);
    return 0;
}

static struct broker *worker_in_transaction(void)
{
    struct broker *broker = fake_rig_static(&rig, "w");
    fake_rig_take(broker);
    assert_int_equal(broker->ops->begin(broker, &err), STATUS_OK);
    assert_int_equal(fake_rig_alert(broker, "k", "a"), STATUS_OK);
    return broker;
}

static void assert_alerts(const char *expected)
{
    char text[256];
    assert_string_equal(fake_rig_values(&rig, "alerts-avro", text), expected);
}

static void assert_committed(struct broker *broker, enum status expected, int64_t expected_offset)
{
    int64_t offset = -2;
    assert_int_equal(fake_rig_committed(broker, 0, &offset), expected);
    assert_int_equal(offset, expected_offset);
}

static void fail_commit(enum status status, enum fake_fate fate)
{
    fake_fault_add(
        rig.cluster,
        (struct fake_fault){
            .op = FAKE_COMMIT, .countdown = 1, .status = status, .fate = fate, .delay_ms = 100});
}

static void fault__the_kth_call_fails(void **state)
{
    (void)state;
    struct broker *broker = worker_in_transaction();
    fake_fault_add(rig.cluster,
                   (struct fake_fault){
                       .op = FAKE_COMMITTED, .countdown = 2, .times = 2, .status = STATUS_RETRY});
    assert_committed(broker, STATUS_OK, -1);
    assert_committed(broker, STATUS_RETRY, -2);
    assert_int_equal(fake_faults_left(rig.cluster), 1);
    assert_committed(broker, STATUS_RETRY, -2);
    assert_int_equal(fake_faults_left(rig.cluster), 0);
    assert_committed(broker, STATUS_OK, -1);
    assert_int_equal(fake_calls(rig.cluster, NULL, FAKE_COMMITTED), 4);
    assert_int_equal(fake_calls(rig.cluster, broker, FAKE_COMMITTED), 4);
}

static void fault__faults_can_be_for_one_broker_or_any_call(void **state)
{
    (void)state;
    struct broker *a = worker_in_transaction();
    struct broker *b = fake_rig_static(&rig, "b");
    fake_fault_add(
        rig.cluster,
        (struct fake_fault){.op = FAKE_ANY, .countdown = 1, .status = STATUS_FATAL, .broker = b});
    assert_committed(a, STATUS_OK, -1);
    assert_committed(b, STATUS_FATAL, -2);
    assert_committed(b, STATUS_OK, -1);
    assert_true(fake_calls(rig.cluster, a, FAKE_ANY) > fake_calls(rig.cluster, b, FAKE_ANY));
}

static void fault__a_failed_produce_dooms_the_transaction(void **state)
{
    (void)state;
    struct broker *broker = worker_in_transaction();
    fake_fault_add(rig.cluster,
                   (struct fake_fault){.op = FAKE_PRODUCE, .countdown = 1, .status = STATUS_ABORT});
    assert_int_equal(fake_rig_alert(broker, "k", "b"), STATUS_ABORT);
    assert_int_equal(fake_rig_alert(broker, "k", "c"), STATUS_ABORT);
    assert_int_equal(fake_rig_commit(broker, 0, 1), STATUS_ABORT);
    assert_int_equal(broker->ops->abort(broker, &err), STATUS_OK);
    assert_alerts("");
    assert_int_equal(broker->ops->begin(broker, &err), STATUS_OK);
}

static void fault__a_commit_that_did_not_happen_is_settled_by_reset(void **state)
{
    (void)state;
    struct broker *broker = worker_in_transaction();
    fail_commit(STATUS_RESET, FATE_NOTHING);
    assert_int_equal(fake_rig_commit(broker, 0, 1), STATUS_RESET);
    assert_committed(broker, STATUS_OK, -1);
    assert_int_equal(broker->ops->begin(broker, &err), STATUS_RESET);
    assert_int_equal(broker->ops->reset(broker, &err), STATUS_OK);
    assert_alerts("");
    assert_committed(broker, STATUS_OK, -1);
}

static void fault__a_commit_whose_answer_was_lost_did_happen(void **state)
{
    (void)state;
    struct broker *broker = worker_in_transaction();
    fail_commit(STATUS_RESET, FATE_DONE);
    assert_int_equal(fake_rig_commit(broker, 0, 1), STATUS_RESET);
    assert_alerts("a");
    assert_int_equal(broker->ops->reset(broker, &err), STATUS_OK);
    assert_committed(broker, STATUS_OK, 1);
}

static void fault__half_a_commit_leaves_offsets_pending(void **state)
{
    (void)state;
    struct broker *broker = worker_in_transaction();
    fail_commit(STATUS_RESET, FATE_HALF);
    assert_int_equal(fake_rig_commit(broker, 0, 1), STATUS_RESET);
    assert_committed(broker, STATUS_RETRY, -2);
    assert_int_equal(broker->ops->reset(broker, &err), STATUS_OK);
    assert_committed(broker, STATUS_OK, -1);
    assert_alerts("");
}

static void fault__a_late_commit_counts_when_it_arrives_in_time(void **state)
{
    (void)state;
    struct broker *broker = worker_in_transaction();
    fail_commit(STATUS_RESET, FATE_LATER);
    assert_int_equal(fake_rig_commit(broker, 0, 1), STATUS_RESET);
    assert_committed(broker, STATUS_RETRY, -2);
    fake_clock_advance(rig.cluster, 100);
    assert_committed(broker, STATUS_OK, 1);
    assert_int_equal(broker->ops->reset(broker, &err), STATUS_OK);
    assert_alerts("a");
}

static void fault__a_late_commit_is_fenced_by_reset(void **state)
{
    (void)state;
    struct broker *broker = worker_in_transaction();
    fail_commit(STATUS_RESET, FATE_LATER);
    assert_int_equal(fake_rig_commit(broker, 0, 1), STATUS_RESET);
    assert_int_equal(broker->ops->reset(broker, &err), STATUS_OK);
    assert_int_equal(broker->ops->begin(broker, &err), STATUS_OK);
    assert_int_equal(fake_rig_alert(broker, "k", "b"), STATUS_OK);
    fake_clock_advance(rig.cluster, 100);
    assert_alerts("");
    assert_int_equal(fake_rig_commit(broker, 0, 2), STATUS_OK);
    assert_alerts("b");
}

static void fault__an_outage_is_waited_out(void **state)
{
    (void)state;
    int64_t low, high;
    struct broker *broker = worker_in_transaction();
    fake_outage(rig.cluster, 3);
    assert_int_equal(fake_rig_poll_status(broker), STATUS_RETRY);
    assert_committed(broker, STATUS_RETRY, -2);
    // What is queued locally works on.
    assert_int_equal(fake_rig_alert(broker, "k", "b"), STATUS_OK);
    assert_int_equal(broker->ops->input_watermarks(broker, 0, &low, &high, &err), STATUS_RETRY);
    assert_int_equal(fake_rig_poll_status(broker), STATUS_OK);
    fake_outage(rig.cluster, 1);
    assert_int_equal(fake_rig_commit(broker, 0, 1), STATUS_RESET);
    assert_int_equal(broker->ops->reset(broker, &err), STATUS_OK);
    assert_alerts("");
}

static void fault__polls_in_an_outage_move_the_clock(void **state)
{
    (void)state;
    struct batch batch;
    struct broker *broker = fake_rig_static(&rig, "w");
    fake_outage(rig.cluster, 1);
    assert_int_equal(broker->ops->poll(broker, 70, &batch, &err), STATUS_RETRY);
    assert_int_equal(fake_clock_ms(rig.cluster), 70);
    assert_non_null(strstr(err.text, "out of reach"));
}

static void fault__half_a_flush_writes_the_first_half(void **state)
{
    (void)state;
    fake_cluster_knobs(rig.cluster)->linger = true;
    struct broker *broker = fake_rig_at_least_once(&rig);
    assert_int_equal(fake_rig_alert(broker, "k", "a"), STATUS_OK);
    assert_int_equal(fake_rig_alert(broker, "k", "b"), STATUS_OK);
    fake_fault_add(rig.cluster, (struct fake_fault){.op = FAKE_FLUSH,
                                                    .countdown = 1,
                                                    .status = STATUS_RESET,
                                                    .fate = FATE_HALF});
    assert_int_equal(broker->ops->flush(broker, &err), STATUS_RESET);
    assert_int_equal(broker->ops->flush(broker, &err), STATUS_OK);
    assert_alerts("a");
}

static void fault__a_crash_ends_all_calls(void **state)
{
    (void)state;
    struct broker *broker = worker_in_transaction();
    fake_fault_add(
        rig.cluster,
        (struct fake_fault){.op = FAKE_COMMIT, .countdown = 1, .crash = true, .fate = FATE_DONE});
    assert_int_equal(fake_rig_commit(broker, 0, 1), STATUS_FATAL);
    assert_alerts("a");
    assert_int_equal(fake_rig_poll_status(broker), STATUS_FATAL);
    assert_int_equal(fake_rig_alert(broker, "k", "b"), STATUS_FATAL);
    assert_int_equal(broker->ops->reset(broker, &err), STATUS_FATAL);
    broker->ops->changelog_close(broker, 0);
    broker->ops->close(broker);
    assert_alerts("a");
}

// A worker that copies each purchase into an alert, exactly once, in transactions of one batch.
struct copier {
    struct broker *broker;
    bool assigned;
    bool taking;
    bool resetting;
    bool open;
};

static void copier_recover(struct copier *copier, enum status status)
{
    struct broker *broker = copier->broker;
    if (status == STATUS_ABORT && copier->open)
        status = broker->ops->abort(broker, &err);
    copier->open = false;
    copier->taking = copier->assigned;
    copier->resetting = copier->resetting || status == STATUS_RESET;
    if (status != STATUS_FATAL)
        return;
    // Stands for the supervisor, which starts the service again.
    broker->ops->close(broker);
    *copier = (struct copier){.broker = fake_rig_fresh(&rig, "w"), .resetting = true};
}

static enum status copier_take(struct copier *copier)
{
    struct broker *broker = copier->broker;
    int64_t offset;
    enum status status = fake_rig_committed(broker, 0, &offset);
    if (status == STATUS_OK)
        status = broker->ops->start(broker, 0, offset < 0 ? 0 : offset, &err);
    copier->taking = status != STATUS_OK;
    return status;
}

static enum status copier_event(struct copier *copier, enum membership_event event)
{
    enum status status = copier->broker->ops->accept(copier->broker, &err);
    if (status != STATUS_OK)
        return status;
    copier->assigned = event == EVENT_ASSIGNED;
    copier->taking = copier->assigned;
    return status;
}

static enum status copier_copy(struct copier *copier, const struct batch *batch)
{
    struct broker *broker = copier->broker;
    enum status status = broker->ops->begin(broker, &err);
    copier->open = status == STATUS_OK;
    for (size_t i = 0; i < batch->message_count && status == STATUS_OK; i++) {
        struct record alert = {
            .topic = OUTPUT_ALERTS_AVRO,
            .timestamp_ms = -1,
            .key = batch->messages[i].key,
            .value = batch->messages[i].value,
        };
        status = broker->ops->produce(broker, &alert, &err);
    }
    if (status != STATUS_OK)
        return status;
    int64_t next = batch->messages[batch->message_count - 1].offset + 1;
    status = fake_rig_commit(broker, 0, next);
    if (status == STATUS_OK)
        copier->open = false;
    return status;
}

static enum status copier_poll(struct copier *copier)
{
    struct batch batch;
    enum status status = copier->broker->ops->poll(copier->broker, 10, &batch, &err);
    if (status != STATUS_OK)
        return status;
    if (batch.event != EVENT_NONE)
        return copier_event(copier, batch.event);
    if (batch.message_count == 0 || copier->taking)
        return STATUS_OK;
    return copier_copy(copier, &batch);
}

static void copier_step(struct copier *copier)
{
    struct broker *broker = copier->broker;
    if (copier->resetting) {
        enum status status = broker->ops->reset(broker, &err);
        copier->resetting = status == STATUS_RETRY;
        if (status == STATUS_FATAL)
            copier_recover(copier, status);
        return;
    }
    enum status status = copier->taking ? copier_take(copier) : STATUS_OK;
    if (status == STATUS_OK || status == STATUS_RETRY)
        status = copier_poll(copier);
    if (status != STATUS_OK && status != STATUS_RETRY)
        copier_recover(copier, status);
}

// One run of the copier over five purchases; false when the armed fault did not fire.
static bool run_copier(uint64_t k, unsigned variant, const enum fake_fate *crash, bool linger)
{
    fake_rig_open(&rig, 1);
    fake_cluster_knobs(rig.cluster)->batch_max = 2;
    fake_cluster_knobs(rig.cluster)->linger = linger;
    const char *texts[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < 5; i++)
        fake_rig_purchase(&rig, 0, texts[i]);
    if (crash != NULL)
        fake_torture_crash(rig.cluster, k, *crash);
    else
        fake_torture(rig.cluster, k, variant);
    struct copier copier = {.broker = fake_rig_fresh(&rig, "w"), .resetting = true};
    for (int step = 0; step < 60; step++)
        copier_step(&copier);
    bool fired = fake_torture_fired(rig.cluster);
    char text[256];
    if (strcmp(fake_rig_values(&rig, "alerts-avro", text), "a b c d e") != 0)
        fail_msg("k=%d variant=%u crash=%d: %s", (int)k, variant, crash != NULL, text);
    assert_int_equal(fake_group_committed(rig.cluster, "cardwatch", 0), 5);
    fake_rig_close(&rig);
    return fired;
}

// Fails each second commit, and crashes the worker in the fourth.
struct direction {
    int commits;
    int answers[4];
};

static bool direct(void *context, struct broker *broker, enum fake_op op, struct fake_fault *fault)
{
    struct direction *direction = context;
    (void)broker;
    if (op != FAKE_COMMIT || ++direction->commits % 2 != 0)
        return false;
    *fault = fake_fault_way(FAKE_COMMIT, 1);
    fault->crash = direction->commits == 4;
    return true;
}

static void learn(void *context, struct broker *broker, enum fake_op op, enum status status)
{
    struct direction *direction = context;
    (void)broker;
    if (op == FAKE_COMMIT)
        direction->answers[direction->commits - 1] = (int)status;
}

static void fault__a_director_decides_call_by_call(void **state)
{
    (void)state;
    static const enum status expected[] = {STATUS_OK, STATUS_RESET, STATUS_OK, STATUS_FATAL};
    struct direction direction = {.commits = 0};
    struct broker *broker = worker_in_transaction();
    fake_direct(rig.cluster, &(struct fake_director){direct, learn, &direction});
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(fake_rig_commit(broker, 0, 1), expected[i]);
        assert_int_equal(direction.answers[i], expected[i]);
        if (expected[i] == STATUS_RESET)
            assert_int_equal(broker->ops->reset(broker, &err), STATUS_OK);
        if (i < 3)
            assert_int_equal(broker->ops->begin(broker, &err), STATUS_OK);
    }
    assert_int_equal(broker->ops->begin(broker, &err), STATUS_FATAL);
}

// What the guard against torn transactions guards against.
static void fault__a_forgiving_producer_is_hit_by_its_late_commit(void **state)
{
    (void)state;
    struct broker *broker = worker_in_transaction();
    fake_cluster_knobs(rig.cluster)->forgiving_producer = true;
    fail_commit(STATUS_RESET, FATE_LATER);
    assert_int_equal(fake_rig_commit(broker, 0, 1), STATUS_RESET);
    assert_int_equal(broker->ops->begin(broker, &err), STATUS_OK);
    assert_int_equal(fake_rig_alert(broker, "k", "b"), STATUS_OK);
    fake_clock_advance(rig.cluster, 100);
    assert_alerts("a b"); // the second half of it was never committed
    assert_int_equal(broker->ops->abort(broker, &err), STATUS_OK);
    assert_alerts("a b");
}

static void fault__stragglers_arrive_after_a_reset(void **state)
{
    (void)state;
    struct broker *broker = fake_rig_at_least_once(&rig);
    fake_cluster_knobs(rig.cluster)->linger = true;
    fake_cluster_knobs(rig.cluster)->stragglers = true;
    assert_int_equal(fake_rig_alert(broker, "k", "a"), STATUS_OK);
    assert_int_equal(fake_rig_alert(broker, "k", "b"), STATUS_OK);
    assert_int_equal(broker->ops->reset(broker, &err), STATUS_OK);
    assert_alerts("a");
}

static void fault__torture_fails_each_call_once(void **state)
{
    (void)state;
    size_t runs = 0;
    for (unsigned variant = 0; variant < FAKE_TORTURE_VARIANTS; variant++)
        for (uint64_t k = 1; run_copier(k, variant, NULL, k % 2 == 0); k++)
            runs++;
    // The idle polls at the end are among the calls of the first variant.
    assert_true(runs > 60);
}

static void fault__torture_crashes_in_each_call_once(void **state)
{
    (void)state;
    const enum fake_fate fates[] = {FATE_NOTHING, FATE_HALF, FATE_LATER, FATE_DONE};
    for (size_t i = 0; i < 4; i++)
        for (uint64_t k = 1; run_copier(k, 0, &fates[i], i % 2 == 0); k++)
            assert_true(k < 1000);
}

#define fault_test(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fault_test(fault__the_kth_call_fails),
        fault_test(fault__faults_can_be_for_one_broker_or_any_call),
        fault_test(fault__a_failed_produce_dooms_the_transaction),
        fault_test(fault__a_commit_that_did_not_happen_is_settled_by_reset),
        fault_test(fault__a_commit_whose_answer_was_lost_did_happen),
        fault_test(fault__half_a_commit_leaves_offsets_pending),
        fault_test(fault__a_late_commit_counts_when_it_arrives_in_time),
        fault_test(fault__a_late_commit_is_fenced_by_reset),
        fault_test(fault__an_outage_is_waited_out),
        fault_test(fault__polls_in_an_outage_move_the_clock),
        fault_test(fault__half_a_flush_writes_the_first_half),
        fault_test(fault__a_crash_ends_all_calls),
        fault_test(fault__a_director_decides_call_by_call),
        fault_test(fault__a_forgiving_producer_is_hit_by_its_late_commit),
        fault_test(fault__stragglers_arrive_after_a_reset),
        cmocka_unit_test(fault__torture_fails_each_call_once),
        cmocka_unit_test(fault__torture_crashes_in_each_call_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
