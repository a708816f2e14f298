// SPDX-License-Identifier: Apache-2.0
// The table's part of the port on the fake.
#include <inttypes.h>

#include "base/assert.h"
#include "lib/fake_ops.h"
#include "lib/fake_parts.h"

static const struct fake_topic *topic_of(const struct fake_broker *broker)
{
    ensure(broker->table_topic != NULL);
    return fake_topics_find(&broker->cluster->topics, broker->table_topic);
}

enum status fake_op_table_facts(struct broker *base, struct table_facts *facts, struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_TABLE_FACTS);
    const struct fake_topic *topic = topic_of(broker); // others may have made it anew meanwhile
    *facts = (struct table_facts){
        .partition_count = topic == NULL ? -1 : topic->partition_count,
        .delete_retention_ms = broker->cluster->knobs.table_retention_ms,
    };
    return fake_fault_leave(broker, FAKE_TABLE_FACTS, &verdict, STATUS_OK, err);
}

enum status fake_op_table_watermarks(struct broker *base, int32_t partition, int64_t *low,
                                     int64_t *high, struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    ensure(broker->table_topic != NULL);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_TABLE_WATERMARKS);
    if (fake_verdict_skips(&verdict))
        return fake_fault_leave(broker, FAKE_TABLE_WATERMARKS, &verdict, STATUS_OK, err);
    fake_cluster_settle(broker->cluster);
    const struct fake_log *log =
        fake_topics_log(&broker->cluster->topics, broker->table_topic, partition);
    enum status status = STATUS_OK;
    if (log == NULL)
        status = error_set(err, STATUS_RETRY, "%s[%" PRId32 "]: there is no such partition",
                           broker->table_topic, partition);
    *low = log == NULL ? -1 : log->low;
    *high = log == NULL ? -1 : log->high;
    return fake_fault_leave(broker, FAKE_TABLE_WATERMARKS, &verdict, status, err);
}

enum status fake_op_table_open(struct broker *base, int32_t partition, int64_t offset,
                               struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    ensure(broker->table_topic != NULL);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_TABLE_OPEN);
    if (broker->crashed || fake_verdict_skips(&verdict))
        return fake_fault_leave(broker, FAKE_TABLE_OPEN, &verdict, STATUS_OK, err);
    ensure(fake_reader_find(&broker->table, partition) == NULL);
    enum status status = fake_reader_start(&broker->table, partition, offset, err);
    return fake_fault_leave(broker, FAKE_TABLE_OPEN, &verdict, status, err);
}

// Who stands outside of the log is not read any more.
static void stop_strays(struct fake_broker *broker)
{
    for (size_t i = broker->table.reading_count; i > 0; i--) {
        const struct fake_reading *reading = &broker->table.readings[i - 1];
        const struct fake_log *log =
            fake_topics_log(&broker->cluster->topics, broker->table_topic, reading->partition);
        if (log != NULL && (reading->position < log->low || reading->position > log->high))
            fake_reader_stop(&broker->table, reading->partition);
    }
}

enum status fake_op_table_poll(struct broker *base, int timeout_ms, struct changelog_batch *batch,
                               struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    ensure(broker->table_topic != NULL && timeout_ms == 0); // nobody waits for the table
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_TABLE_POLL);
    *batch = (struct changelog_batch){0};
    fake_reader_clear(&broker->table);
    fake_cluster_settle(broker->cluster);
    enum status status = STATUS_OK;
    if (!fake_verdict_skips(&verdict))
        status =
            fake_reader_gather(&broker->table, broker->cluster->knobs.changelog_batch_max, err);
    if (status == STATUS_RESET)
        stop_strays(broker);
    status = fake_fault_leave(broker, FAKE_TABLE_POLL, &verdict, status, err);
    if (status != STATUS_OK)
        return status;
    batch->messages = broker->table.messages;
    batch->message_count = broker->table.message_count;
    return STATUS_OK;
}

int64_t fake_op_table_position(struct broker *base, int32_t partition)
{
    struct fake_broker *broker = fake_of(base);
    ensure(!broker->closed);
    const struct fake_reading *reading = fake_reader_find(&broker->table, partition);
    return reading == NULL ? -1 : reading->position;
}

void fake_op_table_close(struct broker *base, int32_t partition)
{
    struct fake_broker *broker = fake_of(base);
    ensure(!broker->closed);
    fake_reader_stop(&broker->table, partition);
}
