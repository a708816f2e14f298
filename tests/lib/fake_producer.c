// SPDX-License-Identifier: Apache-2.0
#include "lib/fake_producer.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

enum { QUEUE_MAX = 1024 * 1024 };

void fake_producer_init(struct fake_producer *producer, struct fake_topics *topics,
                        struct fake_txns *txns, const char *transactional_id)
{
    *producer = (struct fake_producer){
        .topics = topics,
        .txns = txns,
        .transactional_id = transactional_id != NULL ? memory_text(transactional_id) : NULL,
        .state = PRODUCER_DEAD,
    };
}

void fake_producer_forget_queue(struct fake_producer *producer)
{
    for (size_t i = 0; i < producer->queue_count; i++)
        fake_record_release(&producer->queue[i].record);
    free(producer->queue);
    producer->queue = NULL;
    producer->queue_count = 0;
}

void fake_producer_release(struct fake_producer *producer)
{
    fake_producer_forget_queue(producer);
    free(producer->delivered);
    free(producer->transactional_id);
    *producer = (struct fake_producer){0};
}

enum status fake_producer_reset(struct fake_producer *producer, int64_t timeout_ms,
                                struct error *err)
{
    fake_producer_forget_queue(producer);
    for (size_t i = 0; i < producer->delivered_count; i++)
        producer->delivered[i] = -1;
    enum status status = STATUS_OK;
    if (producer->transactional_id != NULL)
        status = fake_txn_init(producer->txns, producer->transactional_id, timeout_ms,
                               &producer->epoch, err);
    producer->state = status == STATUS_OK ? PRODUCER_IDLE : PRODUCER_DEAD;
    return status;
}

enum status fake_producer_check(const struct fake_producer *producer, struct error *err)
{
    const char *id = producer->transactional_id;
    if (producer->state == PRODUCER_DEAD)
        return error_set(err, STATUS_RESET, "%s: the producer has to be made (anew)",
                         id == NULL ? "at least once" : id);
    if (id == NULL)
        return STATUS_OK;
    ensure(producer->state != PRODUCER_IDLE);
    if (producer->state == PRODUCER_DOOMED)
        return error_set(err, STATUS_ABORT, "%s: the transaction has to be aborted", id);
    return STATUS_OK;
}

void fake_producer_queue(struct fake_producer *producer, const char *topic, bool changelog,
                         const struct fake_record *record)
{
    ensure(producer->queue_count < QUEUE_MAX);
    size_t count = producer->queue_count;
    if ((count & (count - 1)) == 0) // full: capacities are powers of two
        producer->queue =
            memory_resized(producer->queue, count == 0 ? 1 : count * 2, sizeof(*producer->queue));
    struct fake_queued *queued = &producer->queue[producer->queue_count++];
    *queued = (struct fake_queued){.topic = topic, .changelog = changelog};
    fake_record_copy(&queued->record, record);
}

static void delivered_note(struct fake_producer *producer, int32_t partition, int64_t offset)
{
    size_t needed = (size_t)partition + 1;
    if (needed > producer->delivered_count)
        producer->delivered =
            memory_resized(producer->delivered, needed, sizeof(*producer->delivered));
    for (; producer->delivered_count < needed; producer->delivered_count++)
        producer->delivered[producer->delivered_count] = -1;
    producer->delivered[partition] = offset + 1;
}

static enum status write_one(struct fake_producer *producer, struct fake_queued *queued,
                             struct error *err)
{
    struct fake_topic *topic = fake_topics_find(producer->topics, queued->topic);
    int32_t partition = queued->record.partition;
    if (topic == NULL || partition >= topic->partition_count)
        return error_set(err, STATUS_FATAL, "%s[%d]: there is no such partition", queued->topic,
                         (int)partition);
    int64_t offset = 0;
    if (producer->transactional_id == NULL) {
        offset = fake_log_append(&topic->logs[partition], &queued->record);
    } else {
        enum status status = fake_txn_append(producer->txns, fake_producer_owner(producer), topic,
                                             &queued->record, &offset, err);
        if (status != STATUS_OK)
            return status;
    }
    if (queued->changelog)
        delivered_note(producer, partition, offset);
    return STATUS_OK;
}

enum status fake_producer_write(struct fake_producer *producer, size_t count, struct error *err)
{
    ensure(count <= producer->queue_count);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = write_one(producer, &producer->queue[i], err);
    fake_producer_forget_queue(producer);
    return status;
}

struct fake_txn_owner fake_producer_owner(const struct fake_producer *producer)
{
    ensure(producer->transactional_id != NULL);
    return (struct fake_txn_owner){producer->transactional_id, producer->epoch};
}

enum status fake_producer_note(struct fake_producer *producer, enum status status)
{
    if (producer->transactional_id == NULL)
        return status;
    if (status == STATUS_ABORT)
        producer->state = PRODUCER_DOOMED;
    if (status == STATUS_RESET)
        producer->state = PRODUCER_DEAD;
    return status;
}

int64_t fake_producer_delivered(const struct fake_producer *producer, int32_t partition)
{
    bool known = partition >= 0 && (size_t)partition < producer->delivered_count;
    return known ? producer->delivered[partition] : -1;
}
