// SPDX-License-Identifier: Apache-2.0
// The table's part of the broker port, against librdkafka's mock cluster.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "lib/mock_stage.h"

enum { RECORDS = 500, PARTITIONS = 3 };

static int setup(void **state)
{
    static const char *const topics[] = {"purchases", "flags", NULL};
    struct mock_stage *fixture = mock_stage_open(1, PARTITIONS, topics);
    fixture->rig.table = "flags";
    fixture->broker = kafka_rig_broker(&fixture->rig, NULL, NULL);
    *state = fixture;
    return 0;
}

static void open_table(struct mock_stage *fixture, int32_t partition, int64_t offset)
{
    rig_ok(fixture->broker->ops->table_open(fixture->broker, partition, offset, &fixture->err),
           &fixture->err);
}

// Polls until the partition has been read up to `end`; how many of its records came, each once and
// in order.
static int read_to(struct mock_stage *fixture, int32_t partition, int64_t from, int64_t end)
{
    struct broker *broker = fixture->broker;
    struct changelog_batch batch;
    int count = 0;
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    while (broker->ops->table_position(broker, partition) < end) {
        assert_true(clock_now_ms() < deadline_ms);
        rig_ok(broker->ops->table_poll(broker, 20, &batch, &fixture->err), &fixture->err);
        for (size_t i = 0; i < batch.message_count; i++) {
            if (batch.messages[i].partition != partition)
                continue;
            assert_true(batch.messages[i].offset == from + count);
            count++;
        }
    }
    return count;
}

static void facts__are_of_the_topic(void **state)
{
    struct mock_stage *fixture = *state;
    struct broker *broker = fixture->broker;
    struct table_facts facts;
    int64_t low = -1, high = -1;
    kafka_rig_fill(&fixture->rig, "flags", 1, RECORDS);
    rig_ok(broker->ops->table_facts(broker, &facts, &fixture->err), &fixture->err);
    assert_int_equal(facts.partition_count, PARTITIONS);
    assert_int_equal(facts.delete_retention_ms, -1); // the mock cluster has no settings
    rig_ok(broker->ops->table_watermarks(broker, 1, &low, &high, &fixture->err), &fixture->err);
    assert_int_equal(low, 0);
    assert_int_equal(high, RECORDS);
}

static void rows__come_from_the_offset_on_and_go_on_coming(void **state)
{
    struct mock_stage *fixture = *state;
    struct broker *broker = fixture->broker;
    kafka_rig_fill(&fixture->rig, "flags", 0, RECORDS);
    kafka_rig_fill(&fixture->rig, "flags", 2, RECORDS);
    assert_int_equal(broker->ops->table_position(broker, 0), -1);
    open_table(fixture, 0, 100);
    assert_int_equal(read_to(fixture, 0, 100, RECORDS), RECORDS - 100);
    kafka_rig_fill(&fixture->rig, "flags", 0, 10);
    assert_int_equal(read_to(fixture, 0, RECORDS, RECORDS + 10), 10);
    open_table(fixture, 2, 0);
    assert_int_equal(read_to(fixture, 2, 0, RECORDS), RECORDS);
    broker->ops->table_close(broker, 0);
    assert_int_equal(broker->ops->table_position(broker, 0), -1);
    open_table(fixture, 0, RECORDS);
    assert_int_equal(read_to(fixture, 0, RECORDS, RECORDS + 10), 10);
}

static void empty_partition__is_read_to_its_end(void **state)
{
    struct mock_stage *fixture = *state;
    open_table(fixture, 1, 0);
    assert_int_equal(read_to(fixture, 1, 0, 0), 0);
}

static void offset_behind_the_end__stops_the_partition(void **state)
{
    struct mock_stage *fixture = *state;
    struct broker *broker = fixture->broker;
    struct changelog_batch batch;
    enum status status = STATUS_OK;
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    kafka_rig_fill(&fixture->rig, "flags", 0, 5);
    open_table(fixture, 0, 50);
    while (status == STATUS_OK && clock_now_ms() < deadline_ms)
        status = broker->ops->table_poll(broker, 20, &batch, &fixture->err);
    assert_int_equal(status, STATUS_RESET);
    assert_int_equal(broker->ops->table_position(broker, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(facts__are_of_the_topic, setup, mock_stage_end),
        cmocka_unit_test_setup_teardown(rows__come_from_the_offset_on_and_go_on_coming, setup,
                                        mock_stage_end),
        cmocka_unit_test_setup_teardown(empty_partition__is_read_to_its_end, setup, mock_stage_end),
        cmocka_unit_test_setup_teardown(offset_behind_the_end__stops_the_partition, setup,
                                        mock_stage_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
