// SPDX-License-Identifier: Apache-2.0
#include "lib/fake_broker.h"

#include "base/assert.h"
#include "base/memory.h"
#include "lib/fake_ops.h"
#include "lib/fake_parts.h"

static int64_t now_ms(struct broker *base)
{
    return fake_clock_ms(fake_of(base)->cluster);
}

static int64_t wall_ms(struct broker *base)
{
    return fake_clock_wall_ms(fake_of(base)->cluster);
}

static const char *transactional_id(struct broker *base)
{
    const char *id = fake_of(base)->producer.transactional_id;
    return id == NULL ? "" : id;
}

// The memory stays until the cluster is closed, so that a later call is seen for what it is.
static void broker_close(struct broker *base)
{
    struct fake_broker *broker = fake_of(base);
    ensure(!broker->closed);
    broker->closed = true;
    if (!broker->crashed)
        fake_member_leave(&broker->member, broker->cluster->now_ms);
    fake_producer_forget_queue(&broker->producer);
    fake_reader_release(&broker->input);
    fake_reader_release(&broker->changelog);
    fake_reader_release(&broker->table);
}

static const struct broker_ops ops = {
    .now_ms = now_ms,
    .wall_ms = wall_ms,
    .poll = fake_op_poll,
    .accept = fake_op_accept,
    .start = fake_op_start,
    .stop = fake_op_stop,
    .committed = fake_op_committed,
    .input_watermarks = fake_op_input_watermarks,
    .input_end = fake_op_input_end,
    .changelog_watermarks = fake_op_changelog_watermarks,
    .changelog_open = fake_op_changelog_open,
    .changelog_poll = fake_op_changelog_poll,
    .changelog_position = fake_op_changelog_position,
    .changelog_close = fake_op_changelog_close,
    .table_facts = fake_op_table_facts,
    .table_watermarks = fake_op_table_watermarks,
    .table_open = fake_op_table_open,
    .table_poll = fake_op_table_poll,
    .table_position = fake_op_table_position,
    .table_close = fake_op_table_close,
    .begin = fake_op_begin,
    .produce = fake_op_produce,
    .produce_changelog = fake_op_produce_changelog,
    .commit = fake_op_commit,
    .abort = fake_op_abort,
    .reset = fake_op_reset,
    .fence = fake_op_fence,
    .flush = fake_op_flush,
    .commit_offsets = fake_op_commit_offsets,
    .changelog_delivered = fake_op_changelog_delivered,
    .partition_counts = fake_op_partition_counts,
    .transactional_id = transactional_id,
    .close = broker_close,
};

static void cluster_keep(struct fake_cluster *cluster, struct fake_broker *broker)
{
    ensure(cluster->broker_count < FAKE_BROKERS_MAX);
    size_t count = cluster->broker_count + 1;
    cluster->brokers = memory_resized(cluster->brokers, count, sizeof(struct fake_broker *));
    cluster->brokers[cluster->broker_count++] = broker;
}

struct broker *fake_broker_open(struct fake_cluster *cluster,
                                const struct fake_broker_settings *settings)
{
    struct fake_broker *broker = memory_zeroed(1, sizeof(*broker));
    broker->base.ops = &ops;
    broker->cluster = cluster;
    broker->input_topic = memory_text(settings->input_topic);
    for (size_t i = 0; i < OUTPUT_TOPICS; i++)
        broker->outputs[i] = memory_text(settings->outputs[i]);
    struct fake_group *group =
        fake_cluster_group(cluster, settings->group_id, settings->input_topic);
    fake_member_init(&broker->member, group, settings->group_instance_id);
    fake_reader_init(&broker->input, &cluster->topics, broker->input_topic);
    fake_reader_init(&broker->changelog, &cluster->topics, broker->outputs[OUTPUT_CHANGELOG]);
    if (settings->table_topic != NULL)
        broker->table_topic = memory_text(settings->table_topic);
    fake_reader_init(&broker->table, &cluster->topics, broker->table_topic);
    fake_producer_init(&broker->producer, &cluster->topics, &cluster->txns,
                       settings->transactional_id);
    cluster_keep(cluster, broker);
    return &broker->base;
}

void fake_broker_crash(struct broker *base)
{
    struct fake_broker *broker = fake_of(base);
    ensure(!broker->closed);
    broker->crashed = true;
    fake_member_silence(&broker->member, true, broker->cluster->now_ms);
}

void fake_broker_mute(struct broker *base, bool muted)
{
    struct fake_broker *broker = fake_of(base);
    fake_member_silence(&broker->member, muted, broker->cluster->now_ms);
}

void fake_broker_disconnect(struct broker *base, bool disconnected)
{
    fake_of(base)->disconnected = disconnected;
    fake_broker_mute(base, disconnected);
}

size_t fake_broker_reading_count(const struct broker *base)
{
    return ((const struct fake_broker *)base)->input.reading_count;
}
