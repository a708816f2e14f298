// SPDX-License-Identifier: Apache-2.0
// The writing half of the port on the fake: records, transactions, offsets.
#include <inttypes.h>

#include "base/assert.h"
#include "base/murmur2.h"
#include "lib/fake_ops.h"
#include "lib/fake_parts.h"

static bool is_transactional(const struct fake_broker *broker)
{
    return broker->producer.transactional_id != NULL;
}

// The answer of a call on the producer, which also decides what state it is in afterwards.
static enum status answer(struct fake_broker *broker, enum fake_op op,
                          const struct fake_verdict *verdict, enum status status, struct error *err)
{
    status = fake_fault_leave(broker, op, verdict, status, err);
    return fake_producer_note(&broker->producer, status);
}

static enum status begin_now(struct fake_broker *broker, struct error *err)
{
    struct fake_producer *producer = &broker->producer;
    bool forgiven = broker->cluster->knobs.forgiving_producer && producer->epoch > 0;
    if (producer->state == PRODUCER_DEAD && forgiven)
        producer->state = PRODUCER_IDLE;
    if (producer->state == PRODUCER_DEAD)
        return fake_producer_check(producer, err);
    ensure(producer->state == PRODUCER_IDLE);
    producer->state = PRODUCER_OPEN;
    return STATUS_OK;
}

enum status fake_op_begin(struct broker *base, struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_BEGIN);
    ensure(is_transactional(broker));
    enum status status = STATUS_OK;
    if (!fake_verdict_skips(&verdict))
        status = begin_now(broker, err);
    return answer(broker, FAKE_BEGIN, &verdict, status, err);
}

static enum status queue_record(struct fake_broker *broker, enum output_topic to,
                                struct fake_record *record, struct error *err)
{
    const char *name = broker->outputs[to];
    const struct fake_topic *topic = fake_topics_find(&broker->cluster->topics, name);
    if (topic == NULL || record->partition >= topic->partition_count)
        return error_set(err, STATUS_FATAL, "%s[%" PRId32 "]: there is no such partition", name,
                         record->partition);
    size_t bytes = fake_record_bytes(record);
    if (bytes > broker->cluster->knobs.record_bytes_max)
        return error_set(err, STATUS_RECORD,
                         "%s: a record of %zu bytes is larger than the topic takes (%zu)", name,
                         bytes, broker->cluster->knobs.record_bytes_max);
    if (record->partition < 0 && record->key.data != NULL)
        record->partition = murmur2_partition(record->key, topic->partition_count);
    if (record->partition < 0)
        record->partition = 0;
    fake_producer_queue(&broker->producer, name, to == OUTPUT_CHANGELOG, record);
    return STATUS_OK;
}

// Without linger what is queued is in the logs at once.
static enum status write_unless_lingering(struct fake_broker *broker, struct error *err)
{
    if (broker->cluster->knobs.linger)
        return STATUS_OK;
    return fake_producer_write(&broker->producer, broker->producer.queue_count, err);
}

static enum status produce_now(struct fake_broker *broker, const struct record *from,
                               struct error *err)
{
    ensure(from->topic < OUTPUT_TOPICS && from->partition >= -1);
    struct fake_record record = {
        .partition = from->partition,
        .timestamp_ms =
            from->timestamp_ms == -1 ? fake_clock_wall_ms(broker->cluster) : from->timestamp_ms,
        .has_timestamp = true,
        .key = from->key,
        .value = from->value,
    };
    if (from->copy_headers_of != NULL) {
        const struct fake_record *original = from->copy_headers_of->native;
        ensure(original != NULL);
        fake_record_add_headers(&record, original->headers, original->header_count);
    }
    fake_record_add_headers(&record, from->headers, from->header_count);
    enum status status = queue_record(broker, from->topic, &record, err);
    fake_record_release_headers(&record);
    if (status != STATUS_OK)
        return status;
    return write_unless_lingering(broker, err);
}

enum status fake_op_produce(struct broker *base, const struct record *record, struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_PRODUCE);
    if (broker->crashed)
        return fake_fault_leave(broker, FAKE_PRODUCE, &verdict, STATUS_OK, err);
    enum status status = fake_producer_check(&broker->producer, err);
    if (status == STATUS_OK && !fake_verdict_skips(&verdict))
        status = produce_now(broker, record, err);
    return answer(broker, FAKE_PRODUCE, &verdict, status, err);
}

static enum status produce_cards(struct fake_broker *broker, int32_t partition,
                                 const struct view *keys, const struct view *values, size_t count,
                                 struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct fake_record record = {
            .partition = partition,
            .timestamp_ms = fake_clock_wall_ms(broker->cluster),
            .has_timestamp = true,
            .key = keys[i],
            .value = values[i],
        };
        ensure(partition >= 0 && keys[i].data != NULL);
        enum status status = queue_record(broker, OUTPUT_CHANGELOG, &record, err);
        if (status != STATUS_OK) // a card cannot be left out
            return STATUS_FATAL;
    }
    return write_unless_lingering(broker, err);
}

enum status fake_op_produce_changelog(struct broker *base, int32_t partition,
                                      const struct view *keys, const struct view *values,
                                      size_t count, struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_PRODUCE_CHANGELOG);
    if (broker->crashed)
        return fake_fault_leave(broker, FAKE_PRODUCE_CHANGELOG, &verdict, STATUS_OK, err);
    enum status status = fake_producer_check(&broker->producer, err);
    if (fake_verdict_fate(&verdict) == FATE_HALF)
        count /= 2;
    if (status == STATUS_OK && !fake_verdict_skips(&verdict))
        status = produce_cards(broker, partition, keys, values, count, err);
    return answer(broker, FAKE_PRODUCE_CHANGELOG, &verdict, status, err);
}

// Puts the offsets into the transaction, if the group still takes them from this member. As with
// real brokers the transaction's coordinator is asked first.
static enum status send_offsets(struct fake_broker *broker, const struct partition_offset *offsets,
                                size_t count, struct error *err)
{
    if (count == 0)
        return STATUS_OK;
    enum status status =
        fake_txn_check(&broker->cluster->txns, fake_producer_owner(&broker->producer), err);
    if (status == STATUS_OK)
        status = fake_member_check(&broker->member, err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct fake_pending_offset pending = {broker->member.group, offsets[i].partition,
                                              offsets[i].offset};
        status = fake_txn_offset(&broker->cluster->txns, fake_producer_owner(&broker->producer),
                                 pending, err);
    }
    return status;
}

// What an end request does, given what is to become of it.
static enum status end_now(struct fake_broker *broker, bool commit,
                           const struct fake_verdict *verdict, struct error *err)
{
    struct fake_producer *producer = &broker->producer;
    struct fake_txns *txns = &broker->cluster->txns;
    enum fake_fate fate = fake_verdict_fate(verdict);
    if (fate == FATE_HALF)
        return STATUS_OK;
    if (fate == FATE_LATER) {
        fake_txn_end_later(txns, fake_producer_owner(producer), commit,
                           broker->cluster->now_ms + verdict->delay_ms);
        return STATUS_OK;
    }
    enum status status = fake_txn_end(txns, fake_producer_owner(producer), commit, err);
    if (status == STATUS_OK)
        producer->state = PRODUCER_IDLE;
    return status;
}

static void check_ownership(const struct fake_broker *broker,
                            const struct partition_offset *offsets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ensure(fake_member_owns(&broker->member, offsets[i].partition));
        ensure(offsets[i].offset >= 0);
    }
}

static enum status commit_now(struct fake_broker *broker, const struct partition_offset *offsets,
                              size_t count, const struct fake_verdict *verdict, struct error *err)
{
    struct fake_producer *producer = &broker->producer;
    enum status status = fake_producer_write(producer, producer->queue_count, err);
    if (status == STATUS_OK)
        status = send_offsets(broker, offsets, count, err);
    if (status != STATUS_OK)
        return status;
    return end_now(broker, true, verdict, err);
}

enum status fake_op_commit(struct broker *base, const struct partition_offset *offsets,
                           size_t count, struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_COMMIT);
    if (broker->crashed)
        return fake_fault_leave(broker, FAKE_COMMIT, &verdict, STATUS_OK, err);
    ensure(is_transactional(broker));
    check_ownership(broker, offsets, count);
    fake_cluster_settle(broker->cluster);
    enum status status = fake_producer_check(&broker->producer, err);
    if (status == STATUS_OK && !fake_verdict_skips(&verdict))
        status = commit_now(broker, offsets, count, &verdict, err);
    return answer(broker, FAKE_COMMIT, &verdict, status, err);
}

enum status fake_op_abort(struct broker *base, struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_ABORT);
    if (broker->crashed)
        return fake_fault_leave(broker, FAKE_ABORT, &verdict, STATUS_OK, err);
    ensure(is_transactional(broker));
    enum status status = fake_producer_check(&broker->producer, err);
    if (status == STATUS_ABORT) // that is what it waits for
        status = STATUS_OK;
    fake_producer_forget_queue(&broker->producer);
    if (status == STATUS_OK && !fake_verdict_skips(&verdict))
        status = end_now(broker, false, &verdict, err);
    return answer(broker, FAKE_ABORT, &verdict, status, err);
}

// Without transactions: the old client is gone at once, whether or not a new one can be made. What
// was under way may still arrive, what waited is gone.
static void let_go(struct fake_broker *broker, bool reachable)
{
    struct fake_producer *producer = &broker->producer;
    struct error ignored;
    if (broker->cluster->knobs.stragglers && reachable)
        (void)!fake_producer_write(producer, producer->queue_count / 2, &ignored);
    fake_producer_forget_queue(producer);
}

enum status fake_op_reset(struct broker *base, struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_RESET);
    int64_t timeout_ms = broker->cluster->knobs.transaction_timeout_ms;
    enum status status = STATUS_OK;
    fake_cluster_settle(broker->cluster);
    if (!is_transactional(broker) && !broker->crashed)
        let_go(broker, !verdict.out_of_reach);
    if (!fake_verdict_skips(&verdict))
        status = fake_producer_reset(&broker->producer, timeout_ms, err);
    return answer(broker, FAKE_RESET, &verdict, status, err);
}

enum status fake_op_fence(struct broker *base, const char *transactional_id, struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_FENCE);
    struct fake_cluster *cluster = broker->cluster;
    enum status status = STATUS_OK;
    int64_t epoch;
    fake_cluster_settle(cluster);
    if (!fake_verdict_skips(&verdict))
        status = fake_txn_init(&cluster->txns, transactional_id,
                               cluster->knobs.transaction_timeout_ms, &epoch, err);
    return fake_fault_leave(broker, FAKE_FENCE, &verdict, status, err);
}

enum status fake_op_flush(struct broker *base, struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_FLUSH);
    struct fake_producer *producer = &broker->producer;
    if (broker->crashed)
        return fake_fault_leave(broker, FAKE_FLUSH, &verdict, STATUS_OK, err);
    ensure(!is_transactional(broker));
    size_t count = producer->queue_count;
    if (fake_verdict_fate(&verdict) == FATE_HALF)
        count /= 2;
    enum status status = fake_producer_check(producer, err);
    if (status == STATUS_OK && !fake_verdict_skips(&verdict))
        status = fake_producer_write(producer, count, err);
    return fake_fault_leave(broker, FAKE_FLUSH, &verdict, status, err);
}

enum status fake_op_commit_offsets(struct broker *base, const struct partition_offset *offsets,
                                   size_t count, struct error *err)
{
    struct fake_broker *broker = fake_of(base);
    struct fake_verdict verdict = fake_fault_enter(broker, FAKE_COMMIT_OFFSETS);
    if (broker->crashed)
        return fake_fault_leave(broker, FAKE_COMMIT_OFFSETS, &verdict, STATUS_OK, err);
    ensure(!is_transactional(broker));
    check_ownership(broker, offsets, count);
    fake_cluster_settle(broker->cluster);
    enum status status = fake_member_check(&broker->member, err);
    if (status == STATUS_ABORT) // there is no transaction that could be aborted
        status = STATUS_RESET;
    bool skips = status != STATUS_OK || fake_verdict_skips(&verdict);
    for (size_t i = 0; i < count && !skips; i++)
        fake_group_offset_set(broker->member.group, offsets[i].partition, offsets[i].offset);
    return fake_fault_leave(broker, FAKE_COMMIT_OFFSETS, &verdict, status, err);
}

int64_t fake_op_changelog_delivered(struct broker *base, int32_t partition)
{
    struct fake_broker *broker = fake_of(base);
    ensure(!broker->closed);
    return fake_producer_delivered(&broker->producer, partition);
}
