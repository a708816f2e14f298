// SPDX-License-Identifier: Apache-2.0
// Being a member of the consumer group, against librdkafka's mock cluster.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "broker/kafka_client.h"
#include "lib/mock_stage.h"

enum { PARTITIONS = 4 };

static int setup(void **state)
{
    static const char *const topics[] = {"purchases", "changelog", NULL};
    struct mock_stage *fixture = mock_stage_open(1, PARTITIONS, topics);
    *state = fixture;
    return 0;
}

static void accept_event(struct broker *broker)
{
    struct error err;
    rig_ok(broker->ops->accept(broker, &err), &err);
}

static void membership__event_comes_again_until_it_is_accepted(void **state)
{
    struct mock_stage *fixture = *state;
    struct broker *broker = kafka_rig_broker(&fixture->rig, NULL, NULL);
    kafka_rig_fill(&fixture->rig, "purchases", 0, 10);
    rig_ok(broker->ops->start(broker, 0, 0, &fixture->err), &fixture->err);
    struct batch batch = rig_await_event(broker, EVENT_ASSIGNED);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(batch.event, EVENT_ASSIGNED);
        assert_int_equal(batch.partition_count, PARTITIONS);
        for (int32_t p = 0; p < PARTITIONS; p++)
            assert_int_equal(batch.partitions[p], p);
        assert_int_equal(batch.message_count, 0);
        rig_ok(broker->ops->poll(broker, 50, &batch, &fixture->err), &fixture->err);
    }
    accept_event(broker);
    rig_ok(broker->ops->poll(broker, 0, &batch, &fixture->err), &fixture->err);
    assert_int_equal(batch.event, EVENT_NONE);
    broker->ops->close(broker);
}

// Both are polled in turn, as two threads would, until each has seen an assignment of its half.
static void membership__two_workers_share_the_partitions(void **state)
{
    struct mock_stage *fixture = *state;
    struct broker *brokers[2];
    brokers[0] = kafka_rig_broker(&fixture->rig, NULL, NULL);
    assert_int_equal(rig_join(brokers[0]), PARTITIONS);
    brokers[1] = kafka_rig_broker(&fixture->rig, NULL, NULL);
    size_t owned[2] = {PARTITIONS, 0};
    bool revoked = false;
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    while (owned[0] != 2 || owned[1] != 2) {
        assert_true(clock_now_ms() < deadline_ms);
        for (int i = 0; i < 2; i++) {
            struct batch batch;
            rig_ok(brokers[i]->ops->poll(brokers[i], 20, &batch, &fixture->err), &fixture->err);
            revoked = revoked || (i == 0 && batch.event == EVENT_REVOKED);
            owned[i] = batch.event != EVENT_NONE ? batch.partition_count : owned[i];
            accept_event(brokers[i]);
        }
    }
    assert_true(revoked);
    brokers[1]->ops->close(brokers[1]); // leaves the group
    assert_int_equal(rig_join(brokers[0]), PARTITIONS);
    brokers[0]->ops->close(brokers[0]);
}

static void membership__forgotten_by_the_group_is_an_assignment_lost(void **state)
{
    struct mock_stage *fixture = *state;
    struct broker *broker = kafka_rig_broker(&fixture->rig, NULL, NULL);
    rig_join(broker);
    mock_cluster_fail(&fixture->mock, MOCK_HEARTBEAT, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, 1);
    rig_await_event(broker, EVENT_LOST);
    // What is committed between the loss and its acceptance must not count.
    struct partition_offset offset = {0, 5};
    assert_int_equal(broker->ops->commit_offsets(broker, &offset, 1, &fixture->err), STATUS_RESET);
    accept_event(broker);
    assert_int_equal(rig_join(broker), PARTITIONS);
    broker->ops->close(broker);
}

static void membership__fenced_instance_is_fatal_and_stays_so(void **state)
{
    struct mock_stage *fixture = *state;
    struct broker *broker = kafka_rig_broker(&fixture->rig, "worker-0", NULL);
    rig_join(broker);
    mock_cluster_fail(&fixture->mock, MOCK_HEARTBEAT, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, 1);
    enum status status = STATUS_OK;
    struct batch batch;
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    while (status != STATUS_FATAL && clock_now_ms() < deadline_ms)
        status = broker->ops->poll(broker, 50, &batch, &fixture->err);
    assert_int_equal(status, STATUS_FATAL);
    assert_non_null(strstr(fixture->err.text, "processing.instance_id"));
    for (int i = 0; i < 3; i++)
        assert_int_equal(broker->ops->poll(broker, 0, &batch, &fixture->err), STATUS_FATAL);
    broker->ops->close(broker);
}

static void offsets__committed_without_transaction_are_read_back(void **state)
{
    struct mock_stage *fixture = *state;
    struct broker *broker = kafka_rig_broker(&fixture->rig, NULL, NULL);
    rig_join(broker);
    assert_int_equal(rig_committed(broker, 2), -1);
    struct partition_offset offsets[] = {{2, 4711}, {1, 7}};
    rig_ok(broker->ops->commit_offsets(broker, offsets, 2, &fixture->err), &fixture->err);
    assert_int_equal(rig_committed(broker, 2), 4711);
    assert_int_equal(rig_committed(broker, 1), 7);
    broker->ops->close(broker);
}

static void offsets__commit_under_an_old_generation_asks_for_reset(void **state)
{
    struct mock_stage *fixture = *state;
    struct broker *broker = kafka_rig_broker(&fixture->rig, NULL, NULL);
    rig_join(broker);
    mock_cluster_fail(&fixture->mock, MOCK_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, 1);
    struct partition_offset offset = {2, 4711};
    assert_int_equal(broker->ops->commit_offsets(broker, &offset, 1, &fixture->err), STATUS_RESET);
    broker->ops->close(broker);
}

static void offsets__unstable_is_retried(void **state)
{
    struct mock_stage *fixture = *state;
    struct broker *broker = kafka_rig_broker(&fixture->rig, NULL, NULL);
    mock_cluster_fail(&fixture->mock, MOCK_OFFSET_FETCH, RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT,
                      50);
    int64_t offset = 0;
    assert_int_equal(broker->ops->committed(broker, 2, &offset, &fixture->err), STATUS_RETRY);
    rd_kafka_mock_clear_request_errors(fixture->mock.mock, MOCK_OFFSET_FETCH);
    assert_int_equal(rig_committed(broker, 2), -1);
    broker->ops->close(broker);
}

enum { SLOW_MS = 300 }; // longer than a worker waits for an offset

static void commit_one(struct mock_stage *fixture, struct broker *broker, int64_t offset)
{
    struct partition_offset one = {2, offset};
    rig_ok(broker->ops->commit_offsets(broker, &one, 1, &fixture->err), &fixture->err);
}

static void offsets__that_take_long_are_answered_to_a_later_call(void **state)
{
    struct mock_stage *fixture = *state;
    struct broker *broker = kafka_rig_broker(&fixture->rig, NULL, NULL);
    rig_join(broker);
    commit_one(fixture, broker, 4711);
    rd_kafka_mock_broker_set_rtt(fixture->mock.mock, 1, SLOW_MS);
    int64_t offset = 0;
    assert_int_equal(broker->ops->committed(broker, 2, &offset, &fixture->err), STATUS_RETRY);
    assert_int_equal(broker->ops->committed(broker, 1, &offset, &fixture->err), STATUS_RETRY);
    assert_int_equal(rig_committed(broker, 2), 4711);
    broker->ops->close(broker); // with the other answer on its way
}

static void offsets__asked_for_before_the_assignment_are_asked_again(void **state)
{
    struct mock_stage *fixture = *state;
    struct broker *broker = kafka_rig_broker(&fixture->rig, NULL, NULL);
    rig_join(broker);
    commit_one(fixture, broker, 5);
    rd_kafka_mock_broker_set_rtt(fixture->mock.mock, 1, SLOW_MS);
    int64_t offset = 0;
    assert_int_equal(broker->ops->committed(broker, 2, &offset, &fixture->err), STATUS_RETRY);
    mock_cluster_fail(&fixture->mock, MOCK_HEARTBEAT, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, 1);
    rig_await_event(broker, EVENT_LOST);
    accept_event(broker);
    rd_kafka_mock_broker_set_rtt(fixture->mock.mock, 1, 0);
    assert_int_equal(rig_join(broker), PARTITIONS);
    commit_one(fixture, broker, 9);
    assert_int_equal(rig_committed(broker, 2), 9);
    broker->ops->close(broker);
}

// Fenced with no member id any more is our own doing: the group is joined anew with another handle,
// while the old one is being asked without end.
static void membership__fenced_without_a_member_id_joins_anew(void **state)
{
    struct mock_stage *fixture = *state;
    struct broker *broker = kafka_rig_broker(&fixture->rig, "worker-0", NULL);
    rig_join(broker);
    commit_one(fixture, broker, 5);
    mock_cluster_fail(&fixture->mock, MOCK_OFFSET_FETCH, RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT,
                      1000);
    mock_cluster_fail(&fixture->mock, MOCK_JOIN_GROUP, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, 1);
    mock_cluster_fail(&fixture->mock, MOCK_HEARTBEAT, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, 1);
    struct batch batch = {.event = EVENT_NONE};
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    while (batch.event != EVENT_ASSIGNED && clock_now_ms() < deadline_ms) {
        int64_t offset = 0;
        assert_int_equal(broker->ops->committed(broker, 2, &offset, &fixture->err), STATUS_RETRY);
        rig_ok(broker->ops->poll(broker, 0, &batch, &fixture->err), &fixture->err);
        if (batch.event == EVENT_LOST)
            accept_event(broker);
    }
    assert_int_equal(batch.event, EVENT_ASSIGNED);
    accept_event(broker);
    rd_kafka_mock_clear_request_errors(fixture->mock.mock, MOCK_OFFSET_FETCH);
    assert_int_equal(rig_committed(broker, 2), 5);
    broker->ops->close(broker);
}

static void membership__lost_cluster_is_a_retry_and_heals(void **state)
{
    struct mock_stage *fixture = *state;
    struct broker *broker = kafka_rig_broker(&fixture->rig, NULL, NULL);
    rig_join(broker);
    rd_kafka_mock_broker_set_down(fixture->mock.mock, 1);
    enum status status = STATUS_OK;
    struct batch batch;
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    while (status == STATUS_OK && clock_now_ms() < deadline_ms)
        status = broker->ops->poll(broker, 50, &batch, &fixture->err);
    assert_int_equal(status, STATUS_RETRY);
    int64_t offset = 0;
    assert_int_equal(broker->ops->committed(broker, 0, &offset, &fixture->err), STATUS_RETRY);
    rd_kafka_mock_broker_set_up(fixture->mock.mock, 1);
    while (status != STATUS_OK && clock_now_ms() < deadline_ms) {
        status = broker->ops->poll(broker, 50, &batch, &fixture->err);
        accept_event(broker);
    }
    assert_int_equal(status, STATUS_OK);
    broker->ops->close(broker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(membership__event_comes_again_until_it_is_accepted, setup,
                                        mock_stage_end),
        cmocka_unit_test_setup_teardown(membership__two_workers_share_the_partitions, setup,
                                        mock_stage_end),
        cmocka_unit_test_setup_teardown(membership__forgotten_by_the_group_is_an_assignment_lost,
                                        setup, mock_stage_end),
        cmocka_unit_test_setup_teardown(membership__fenced_instance_is_fatal_and_stays_so, setup,
                                        mock_stage_end),
        cmocka_unit_test_setup_teardown(offsets__committed_without_transaction_are_read_back, setup,
                                        mock_stage_end),
        cmocka_unit_test_setup_teardown(offsets__commit_under_an_old_generation_asks_for_reset,
                                        setup, mock_stage_end),
        cmocka_unit_test_setup_teardown(offsets__unstable_is_retried, setup, mock_stage_end),
        cmocka_unit_test_setup_teardown(offsets__that_take_long_are_answered_to_a_later_call, setup,
                                        mock_stage_end),
        cmocka_unit_test_setup_teardown(offsets__asked_for_before_the_assignment_are_asked_again,
                                        setup, mock_stage_end),
        cmocka_unit_test_setup_teardown(membership__fenced_without_a_member_id_joins_anew, setup,
                                        mock_stage_end),
        cmocka_unit_test_setup_teardown(membership__lost_cluster_is_a_retry_and_heals, setup,
                                        mock_stage_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
