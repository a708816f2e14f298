// SPDX-License-Identifier: Apache-2.0
// Reading partitions where the worker likes, against librdkafka's mock cluster.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/random.h"
#include "broker/kafka_client.h"
#include "lib/mock_stage.h"

enum { RECORDS = 20000, PARTITIONS = 3 };

static int setup(void **state)
{
    static const char *const topics[] = {"purchases", "changelog", NULL};
    struct mock_stage *fixture = mock_stage_open(2, PARTITIONS, topics);
    fixture->broker = kafka_rig_broker(&fixture->rig, NULL, NULL);
    *state = fixture;
    return 0;
}

static void start(struct mock_stage *fixture, int32_t partition, int64_t offset)
{
    rig_ok(fixture->broker->ops->start(fixture->broker, partition, offset, &fixture->err),
           &fixture->err);
}

static int value_of(const struct message *message)
{
    char text[16] = "";
    memcpy(text, message->value.data, message->value.size);
    return (int)strtol(text, NULL, 10);
}

static void reading__begins_at_the_offset_asked_for(void **state)
{
    struct mock_stage *fixture = *state;
    kafka_rig_fill(&fixture->rig, "purchases", 1, 100);
    start(fixture, 1, 40);
    int64_t expected = 40;
    while (expected < 100) {
        struct batch batch = rig_await_records(fixture->broker);
        for (size_t i = 0; i < batch.message_count; i++, expected++) {
            assert_int_equal(batch.messages[i].partition, 1);
            assert_int_equal(batch.messages[i].offset, expected);
            assert_int_equal(value_of(&batch.messages[i]), expected);
            assert_true(batch.messages[i].has_timestamp);
        }
    }
    assert_int_equal(expected, 100);
}

static void reading__brings_nothing_of_partitions_not_started(void **state)
{
    struct mock_stage *fixture = *state;
    kafka_rig_fill(&fixture->rig, "purchases", 0, 10);
    kafka_rig_fill(&fixture->rig, "purchases", 1, 10);
    start(fixture, 1, 0);
    for (int count = 0; count < 10;) {
        struct batch batch = rig_await_records(fixture->broker);
        for (size_t i = 0; i < batch.message_count; i++)
            assert_int_equal(batch.messages[i].partition, 1);
        count += (int)batch.message_count;
    }
}

static void reading__tells_null_from_empty(void **state)
{
    struct mock_stage *fixture = *state;
    kafka_rig_put(&fixture->rig, "purchases", 0, NULL, "");
    kafka_rig_put(&fixture->rig, "purchases", 0, "", NULL);
    start(fixture, 0, 0);
    struct batch batch = rig_await_records(fixture->broker);
    assert_null(batch.messages[0].key.data);
    assert_non_null(batch.messages[0].value.data);
    assert_int_equal(batch.messages[0].value.size, 0);
    if (batch.message_count == 1) {
        batch = rig_await_records(fixture->broker);
        assert_non_null(batch.messages[0].key.data);
        assert_null(batch.messages[0].value.data);
        return;
    }
    assert_non_null(batch.messages[1].key.data);
    assert_null(batch.messages[1].value.data);
}

// The heart of it: partitions are stopped and moved at random while their records pour in, and
// after each start nothing but that start's records may come, from its offset on, without a gap.
static void reading__never_brings_what_an_earlier_start_had_under_way(void **state)
{
    struct mock_stage *fixture = *state;
    struct random random;
    random_seed(&random, 7);
    int64_t next[PARTITIONS];
    bool reading[PARTITIONS] = {false};
    for (int32_t i = 0; i < PARTITIONS; i++)
        kafka_rig_fill(&fixture->rig, "purchases", i, RECORDS);
    int64_t until_ms = clock_now_ms() + 3000;
    int moves = 0;
    long seen = 0;
    while (clock_now_ms() < until_ms || moves < 200) {
        int32_t partition = (int32_t)random_below(&random, PARTITIONS);
        if (random_below(&random, 4) == 0) {
            rig_ok(fixture->broker->ops->stop(fixture->broker, partition, &fixture->err),
                   &fixture->err);
            reading[partition] = false;
        } else {
            next[partition] = (int64_t)random_below(&random, RECORDS);
            start(fixture, partition, next[partition]);
            reading[partition] = true;
        }
        moves++;
        for (uint64_t polls = random_below(&random, 4); polls > 0; polls--) {
            struct batch batch;
            rig_ok(fixture->broker->ops->poll(fixture->broker, (int)random_below(&random, 20),
                                              &batch, &fixture->err),
                   &fixture->err);
            if (batch.event != EVENT_NONE)
                rig_ok(fixture->broker->ops->accept(fixture->broker, &fixture->err), &fixture->err);
            for (size_t i = 0; i < batch.message_count; i++) {
                const struct message *message = &batch.messages[i];
                assert_true(reading[message->partition]);
                assert_int_equal(message->offset, next[message->partition]++);
                assert_int_equal(value_of(message), message->offset);
                seen++;
            }
        }
    }
    assert_true(seen > RECORDS);
}

static void reading__out_of_range_asks_for_taking_the_partitions_again(void **state)
{
    struct mock_stage *fixture = *state;
    kafka_rig_fill(&fixture->rig, "purchases", 0, 10);
    start(fixture, 0, 5000);
    struct batch batch;
    enum status status = STATUS_OK;
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    while (status == STATUS_OK && clock_now_ms() < deadline_ms) {
        status = fixture->broker->ops->poll(fixture->broker, 100, &batch, &fixture->err);
        if (batch.event != EVENT_NONE)
            rig_ok(fixture->broker->ops->accept(fixture->broker, &fixture->err), &fixture->err);
    }
    assert_int_equal(status, STATUS_RESET);
    assert_non_null(strstr(fixture->err.text, "purchases/0 at offset 5000"));
    start(fixture, 0, 3); // and it can be read again
    batch = rig_await_records(fixture->broker);
    assert_int_equal(batch.messages[0].offset, 3);
}

static void changelog__position_reaches_the_end_of_the_log(void **state)
{
    struct mock_stage *fixture = *state;
    struct broker *broker = fixture->broker;
    kafka_rig_fill(&fixture->rig, "changelog", 2, 500);
    int64_t low = -1;
    int64_t high = -1;
    rig_ok(broker->ops->changelog_watermarks(broker, 2, &low, &high, &fixture->err), &fixture->err);
    assert_int_equal(low, 0);
    assert_int_equal(high, 500);
    assert_int_equal(broker->ops->changelog_position(broker, 2), -1);
    rig_ok(broker->ops->changelog_open(broker, 2, 100, &fixture->err), &fixture->err);
    assert_int_equal(broker->ops->changelog_position(broker, 2), 100);
    size_t seen = 0;
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    while (broker->ops->changelog_position(broker, 2) < high) {
        struct changelog_batch batch;
        rig_ok(broker->ops->changelog_poll(broker, 100, &batch, &fixture->err), &fixture->err);
        seen += batch.message_count;
        assert_true(clock_now_ms() < deadline_ms);
    }
    assert_int_equal(seen, 400);
    broker->ops->changelog_close(broker, 2);
    // Nothing of the former reading counts for the next one.
    rig_ok(broker->ops->changelog_open(broker, 2, 7, &fixture->err), &fixture->err);
    assert_int_equal(broker->ops->changelog_position(broker, 2), 7);
}

static void changelog__an_empty_tail_is_reported_too(void **state)
{
    struct mock_stage *fixture = *state;
    struct broker *broker = fixture->broker;
    kafka_rig_fill(&fixture->rig, "changelog", 0, 3);
    rig_ok(broker->ops->changelog_open(broker, 0, 3, &fixture->err), &fixture->err);
    struct changelog_batch batch;
    rig_ok(broker->ops->changelog_poll(broker, 100, &batch, &fixture->err), &fixture->err);
    assert_int_equal(batch.message_count, 0);
    assert_int_equal(broker->ops->changelog_position(broker, 0), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reading__begins_at_the_offset_asked_for, setup,
                                        mock_stage_end),
        cmocka_unit_test_setup_teardown(reading__brings_nothing_of_partitions_not_started, setup,
                                        mock_stage_end),
        cmocka_unit_test_setup_teardown(reading__tells_null_from_empty, setup, mock_stage_end),
        cmocka_unit_test_setup_teardown(reading__never_brings_what_an_earlier_start_had_under_way,
                                        setup, mock_stage_end),
        cmocka_unit_test_setup_teardown(reading__out_of_range_asks_for_taking_the_partitions_again,
                                        setup, mock_stage_end),
        cmocka_unit_test_setup_teardown(changelog__position_reaches_the_end_of_the_log, setup,
                                        mock_stage_end),
        cmocka_unit_test_setup_teardown(changelog__an_empty_tail_is_reported_too, setup,
                                        mock_stage_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
