// SPDX-License-Identifier: Apache-2.0
#include "lib/fake_topic.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "lib/fake_parts.h"

enum { FOREIGN_TIMEOUT_MS = 60000 };

void fake_topic_create(struct fake_cluster *cluster, const char *topic, int32_t partition_count)
{
    fake_topics_add(&cluster->topics, topic, partition_count);
}

void fake_topic_delete(struct fake_cluster *cluster, const char *topic)
{
    fake_topics_remove(&cluster->topics, topic);
    for (size_t i = 0; i < cluster->group_count; i++) {
        if (strcmp(cluster->groups[i]->topic, topic) == 0)
            fake_group_offsets_forget(cluster->groups[i]);
    }
}

void fake_topic_grow(struct fake_cluster *cluster, const char *topic, int32_t partition_count)
{
    fake_topics_grow(&cluster->topics, topic, partition_count);
}

static struct fake_log *log_of(struct fake_cluster *cluster, const char *topic, int32_t partition)
{
    struct fake_log *log = fake_topics_log(&cluster->topics, topic, partition);
    ensure(log != NULL);
    return log;
}

void fake_topic_truncate(struct fake_cluster *cluster, const char *topic, int32_t partition,
                         int64_t offset)
{
    fake_log_truncate(log_of(cluster, topic, partition), offset);
}

void fake_compact(struct fake_cluster *cluster, const char *topic, int32_t partition,
                  bool drop_tombstones)
{
    fake_log_compact(log_of(cluster, topic, partition), drop_tombstones);
}

void fake_clean(struct fake_cluster *cluster, const char *topic, int32_t partition, int64_t until,
                int64_t dropped_before_ms)
{
    fake_log_clean(log_of(cluster, topic, partition), until, dropped_before_ms);
}

static struct fake_record record_of(const struct fake_input *input)
{
    return (struct fake_record){
        .partition = input->partition,
        .timestamp_ms = input->timestamp_ms,
        .has_timestamp = !input->no_timestamp,
        .key = input->key,
        .value = input->value,
        .headers = (struct header *)input->headers,
        .header_count = input->header_count,
    };
}

int64_t fake_produce(struct fake_cluster *cluster, const struct fake_input *input)
{
    struct fake_record record = record_of(input);
    return fake_log_append(log_of(cluster, input->topic, input->partition), &record);
}

static struct fake_txn_owner foreign_owner(struct fake_cluster *cluster, const char *id)
{
    int64_t epoch = 0;
    fake_cluster_settle(cluster);
    if (!fake_txns_epoch(&cluster->txns, id, &epoch))
        ensure(fake_txn_init(&cluster->txns, id, FOREIGN_TIMEOUT_MS, &epoch, NULL) == STATUS_OK);
    return (struct fake_txn_owner){id, epoch};
}

int64_t fake_foreign_produce(struct fake_cluster *cluster, const char *transactional_id,
                             const struct fake_input *input)
{
    struct fake_record record = record_of(input);
    struct fake_txn_owner owner = foreign_owner(cluster, transactional_id);
    int64_t offset = -1;
    const struct fake_topic *topic = fake_topics_find(&cluster->topics, input->topic);
    ensure(topic != NULL);
    ensure(fake_txn_append(&cluster->txns, owner, topic, &record, &offset, NULL) == STATUS_OK);
    return offset;
}

void fake_foreign_end(struct fake_cluster *cluster, const char *transactional_id, bool commit)
{
    struct fake_txn_owner owner = foreign_owner(cluster, transactional_id);
    ensure(fake_txn_end(&cluster->txns, owner, commit, NULL) == STATUS_OK);
}

void fake_foreign_offset(struct fake_cluster *cluster, const char *transactional_id,
                         const char *group, int32_t partition, int64_t offset)
{
    struct fake_txn_owner owner = foreign_owner(cluster, transactional_id);
    struct fake_pending_offset pending = {.partition = partition, .offset = offset};
    for (size_t i = 0; i < cluster->group_count; i++) {
        if (strcmp(cluster->groups[i]->name, group) == 0)
            pending.group = cluster->groups[i];
    }
    ensure(pending.group != NULL);
    ensure(fake_txn_offset(&cluster->txns, owner, pending, NULL) == STATUS_OK);
}

static void records_add(struct fake_records *records, const struct fake_record *record)
{
    size_t count = records->count;
    if ((count & (count - 1)) == 0) // full: capacities are powers of two
        records->items =
            memory_resized(records->items, count == 0 ? 1 : count * 2, sizeof(*records->items));
    records->items[records->count++] = record;
}

static void log_read(struct fake_records *records, const struct fake_log *log)
{
    int64_t position = log->low;
    const struct fake_record *record;
    while ((record = fake_log_next(log, &position)) != NULL)
        records_add(records, record);
}

struct fake_records fake_read(struct fake_cluster *cluster, const char *topic)
{
    struct fake_records records = {0};
    const struct fake_topic *found = fake_topics_find(&cluster->topics, topic);
    for (int32_t i = 0; found != NULL && i < found->partition_count; i++)
        log_read(&records, &found->logs[i]);
    return records;
}

struct fake_records fake_read_raw(struct fake_cluster *cluster, const char *topic)
{
    struct fake_records records = {0};
    const struct fake_topic *found = fake_topics_find(&cluster->topics, topic);
    for (int32_t i = 0; found != NULL && i < found->partition_count; i++) {
        for (size_t j = 0; j < found->logs[i].count; j++)
            records_add(&records, &found->logs[i].records[j]);
    }
    return records;
}

void fake_records_release(struct fake_records *records)
{
    free(records->items);
    *records = (struct fake_records){0};
}

const struct fake_log *fake_topic_log(struct fake_cluster *cluster, const char *topic,
                                      int32_t partition)
{
    return fake_topics_log(&cluster->topics, topic, partition);
}
