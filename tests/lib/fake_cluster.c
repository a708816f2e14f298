// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "lib/fake_parts.h"

static const int64_t WALL_AT_START_MS = 1700000000000;

struct fake_cluster *fake_cluster_open(void)
{
    struct fake_cluster *cluster = memory_zeroed(1, sizeof(*cluster));
    cluster->knobs = (struct fake_knobs){
        .batch_max = 500,
        .changelog_batch_max = 500,
        .record_bytes_max = 1024 * 1024,
        .idle_advances = true,
        .session_timeout_ms = 10000,
        .poll_interval_max_ms = 120000,
        .transaction_timeout_ms = 10000,
        .table_retention_ms = 86400000,
    };
    fake_topics_init(&cluster->topics);
    fake_txns_init(&cluster->txns, &cluster->topics);
    cluster->txns.wall_base_ms = WALL_AT_START_MS;
    return cluster;
}

static void broker_release(struct fake_broker *broker)
{
    for (size_t i = 0; i < OUTPUT_TOPICS; i++)
        free(broker->outputs[i]);
    free(broker->input_topic);
    free(broker->table_topic);
    fake_member_release(&broker->member);
    fake_reader_release(&broker->input);
    fake_reader_release(&broker->changelog);
    fake_reader_release(&broker->table);
    fake_producer_release(&broker->producer);
    free(broker);
}

void fake_cluster_close(struct fake_cluster *cluster)
{
    for (size_t i = 0; i < cluster->broker_count; i++)
        broker_release(cluster->brokers[i]);
    free(cluster->brokers);
    for (size_t i = 0; i < cluster->group_count; i++) {
        fake_group_release(cluster->groups[i]);
        free(cluster->groups[i]);
    }
    fake_txns_release(&cluster->txns);
    fake_topics_release(&cluster->topics);
    free(cluster);
}

struct fake_knobs *fake_cluster_knobs(struct fake_cluster *cluster)
{
    return &cluster->knobs;
}

int64_t fake_clock_ms(const struct fake_cluster *cluster)
{
    return cluster->now_ms;
}

int64_t fake_clock_wall_ms(const struct fake_cluster *cluster)
{
    return WALL_AT_START_MS + cluster->now_ms;
}

void fake_cluster_settle(struct fake_cluster *cluster)
{
    cluster->txns.marker_delay_ms = cluster->knobs.marker_delay_ms;
    fake_txns_expire(&cluster->txns, cluster->now_ms);
    for (size_t i = 0; i < cluster->group_count; i++) {
        cluster->groups[i]->session_timeout_ms = cluster->knobs.session_timeout_ms;
        cluster->groups[i]->poll_interval_max_ms = cluster->knobs.poll_interval_max_ms;
        fake_group_expire(cluster->groups[i], cluster->now_ms);
    }
}

int64_t fake_cluster_next_due_ms(const struct fake_cluster *cluster)
{
    int64_t due_ms = fake_txns_next_due_ms(&cluster->txns);
    for (size_t i = 0; i < cluster->group_count; i++) {
        int64_t theirs_ms = fake_group_next_due_ms(cluster->groups[i]);
        if (theirs_ms < due_ms)
            due_ms = theirs_ms;
    }
    return due_ms;
}

void fake_clock_advance(struct fake_cluster *cluster, int64_t ms)
{
    ensure(ms >= 0);
    int64_t until_ms = cluster->now_ms + ms;
    fake_cluster_settle(cluster);
    while (cluster->now_ms < until_ms) {
        int64_t due_ms = fake_cluster_next_due_ms(cluster);
        ensure(due_ms > cluster->now_ms);
        cluster->now_ms = due_ms < until_ms ? due_ms : until_ms;
        fake_cluster_settle(cluster);
    }
}

static struct fake_group *group_find(struct fake_cluster *cluster, const char *name)
{
    for (size_t i = 0; i < cluster->group_count; i++) {
        if (strcmp(cluster->groups[i]->name, name) == 0)
            return cluster->groups[i];
    }
    return NULL;
}

struct fake_group *fake_cluster_group(struct fake_cluster *cluster, const char *name,
                                      const char *topic)
{
    struct fake_group *group = group_find(cluster, name);
    if (group != NULL) {
        ensure(strcmp(group->topic, topic) == 0);
        return group;
    }
    ensure(cluster->group_count < FAKE_GROUPS_MAX);
    group = memory_zeroed(1, sizeof(*group));
    fake_group_init(group, name, topic, &cluster->topics);
    cluster->groups[cluster->group_count++] = group;
    fake_cluster_settle(cluster);
    return group;
}

int64_t fake_group_committed(struct fake_cluster *cluster, const char *group, int32_t partition)
{
    const struct fake_group *found = group_find(cluster, group);
    return found == NULL ? -1 : fake_group_offset(found, partition);
}

void fake_group_commit(struct fake_cluster *cluster, const char *group, int32_t partition,
                       int64_t offset)
{
    struct fake_group *found = group_find(cluster, group);
    ensure(found != NULL);
    fake_group_offset_set(found, partition, offset);
}

void fake_group_rebalance(struct fake_cluster *cluster, const char *group)
{
    struct fake_group *found = group_find(cluster, group);
    ensure(found != NULL);
    fake_group_prepare(found, cluster->now_ms);
}

int64_t fake_group_generation(struct fake_cluster *cluster, const char *group)
{
    const struct fake_group *found = group_find(cluster, group);
    return found == NULL ? 0 : found->generation;
}
