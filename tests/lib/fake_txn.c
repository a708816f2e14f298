// SPDX-License-Identifier: Apache-2.0
#include "lib/fake_txn.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

enum { TXNS_MAX = 1024 };

void fake_txns_init(struct fake_txns *txns, struct fake_topics *topics)
{
    *txns = (struct fake_txns){.topics = topics};
}

void fake_txns_release(struct fake_txns *txns)
{
    for (size_t i = 0; i < txns->count; i++) {
        free(txns->txns[i]->id);
        free(txns->txns[i]->touched);
        free(txns->txns[i]->offsets);
        free(txns->txns[i]);
    }
    free(txns->txns);
    *txns = (struct fake_txns){0};
}

static struct fake_txn *txn_find(const struct fake_txns *txns, const char *id)
{
    for (size_t i = 0; i < txns->count; i++) {
        if (strcmp(txns->txns[i]->id, id) == 0)
            return txns->txns[i];
    }
    return NULL;
}

static struct fake_txn *txn_add(struct fake_txns *txns, const char *id)
{
    ensure(txns->count < TXNS_MAX);
    txns->txns = memory_resized(txns->txns, txns->count + 1, sizeof(*txns->txns));
    struct fake_txn *txn = memory_zeroed(1, sizeof(*txn));
    txns->txns[txns->count++] = txn;
    txn->id = memory_text(id);
    txn->producer_id = (int64_t)txns->count;
    return txn;
}

// Writes the markers and settles the offsets of a prepared transaction. A topic deleted in the
// meantime is left out.
static void txn_complete(struct fake_txns *txns, struct fake_txn *txn)
{
    ensure(txn->state == TXN_PREPARED);
    int64_t wall_ms = txns->wall_base_ms + txns->now_ms;
    for (size_t i = 0; i < txn->touched_count; i++) {
        struct fake_touched at = txn->touched[i];
        struct fake_log *log = fake_topics_log_by_id(txns->topics, at.topic_id, at.partition);
        if (log != NULL)
            fake_log_mark(log, txn->producer_id, txn->commit, wall_ms);
    }
    for (size_t i = 0; i < txn->offset_count && txn->commit; i++)
        fake_group_offset_set(txn->offsets[i].group, txn->offsets[i].partition,
                              txn->offsets[i].offset);
    txn->touched_count = 0;
    txn->offset_count = 0;
    txn->state = TXN_EMPTY;
}

static void txn_prepare(struct fake_txns *txns, struct fake_txn *txn, bool commit)
{
    ensure(txn->state == TXN_ONGOING);
    txn->state = TXN_PREPARED;
    txn->commit = commit;
    txn->prepared_due_ms = txns->now_ms + txns->marker_delay_ms;
    if (txns->marker_delay_ms == 0)
        txn_complete(txns, txn);
}

enum status fake_txn_init(struct fake_txns *txns, const char *id, int64_t timeout_ms,
                          int64_t *epoch, struct error *err)
{
    struct fake_txn *txn = txn_find(txns, id);
    if (txn == NULL)
        txn = txn_add(txns, id);
    if (txn->state == TXN_ONGOING) {
        txn->epoch++;
        txn_prepare(txns, txn, false);
    }
    if (txn->state == TXN_PREPARED)
        return error_set(err, STATUS_RETRY, "%s: the last transaction is still being completed",
                         id);
    txn->timeout_ms = timeout_ms;
    *epoch = ++txn->epoch;
    return STATUS_OK;
}

static struct fake_txn *txn_of_owner(const struct fake_txns *txns, struct fake_txn_owner owner)
{
    struct fake_txn *txn = txn_find(txns, owner.id);
    ensure(txn != NULL);
    return txn->epoch == owner.epoch ? txn : NULL;
}

static enum status fenced(struct fake_txn_owner owner, struct error *err)
{
    return error_set(err, STATUS_RESET,
                     "%s: the producer was fenced by a newer one or its transaction timed out",
                     owner.id);
}

enum status fake_txn_check(const struct fake_txns *txns, struct fake_txn_owner owner,
                           struct error *err)
{
    return txn_of_owner(txns, owner) == NULL ? fenced(owner, err) : STATUS_OK;
}

// The transaction into which the owner writes, begun if need be; NULL: fenced. Markers still
// outstanding are what a real producer waits for.
static struct fake_txn *txn_open(struct fake_txns *txns, struct fake_txn_owner owner)
{
    struct fake_txn *txn = txn_of_owner(txns, owner);
    if (txn == NULL)
        return NULL;
    if (txn->state == TXN_PREPARED)
        txn_complete(txns, txn);
    if (txn->state == TXN_EMPTY) {
        txn->state = TXN_ONGOING;
        txn->started_ms = txns->now_ms;
    }
    return txn;
}

static void touch(struct fake_txn *txn, int64_t topic_id, int32_t partition)
{
    for (size_t i = 0; i < txn->touched_count; i++) {
        if (txn->touched[i].topic_id == topic_id && txn->touched[i].partition == partition)
            return;
    }
    txn->touched = memory_resized(txn->touched, txn->touched_count + 1, sizeof(*txn->touched));
    txn->touched[txn->touched_count++] = (struct fake_touched){topic_id, partition};
}

enum status fake_txn_append(struct fake_txns *txns, struct fake_txn_owner owner,
                            const struct fake_topic *topic, struct fake_record *record,
                            int64_t *offset, struct error *err)
{
    ensure(record->partition >= 0 && record->partition < topic->partition_count);
    struct fake_txn *txn = txn_open(txns, owner);
    if (txn == NULL)
        return fenced(owner, err);
    touch(txn, topic->id, record->partition);
    record->producer_id = txn->producer_id;
    *offset = fake_log_append(&topic->logs[record->partition], record);
    return STATUS_OK;
}

enum status fake_txn_offset(struct fake_txns *txns, struct fake_txn_owner owner,
                            struct fake_pending_offset offset, struct error *err)
{
    struct fake_txn *txn = txn_open(txns, owner);
    if (txn == NULL)
        return fenced(owner, err);
    txn->offsets = memory_resized(txn->offsets, txn->offset_count + 1, sizeof(*txn->offsets));
    txn->offsets[txn->offset_count++] = offset;
    return STATUS_OK;
}

enum status fake_txn_end(struct fake_txns *txns, struct fake_txn_owner owner, bool commit,
                         struct error *err)
{
    struct fake_txn *txn = txn_of_owner(txns, owner);
    if (txn == NULL)
        return fenced(owner, err);
    if (txn->state == TXN_ONGOING)
        txn_prepare(txns, txn, commit);
    return STATUS_OK;
}

void fake_txn_end_later(struct fake_txns *txns, struct fake_txn_owner owner, bool commit,
                        int64_t due_ms)
{
    struct fake_txn *txn = txn_of_owner(txns, owner);
    if (txn == NULL)
        return;
    txn->late = true;
    txn->late_commit = commit;
    txn->late_epoch = owner.epoch;
    txn->late_due_ms = due_ms;
}

bool fake_txns_epoch(const struct fake_txns *txns, const char *id, int64_t *epoch)
{
    const struct fake_txn *txn = txn_find(txns, id);
    if (txn == NULL)
        return false;
    *epoch = txn->epoch;
    return true;
}

bool fake_txns_offset_pending(const struct fake_txns *txns, const struct fake_group *group,
                              int32_t partition)
{
    for (size_t i = 0; i < txns->count; i++) {
        const struct fake_txn *txn = txns->txns[i];
        for (size_t j = 0; j < txn->offset_count; j++) {
            if (txn->offsets[j].group == group && txn->offsets[j].partition == partition)
                return true;
        }
    }
    return false;
}

static int64_t txn_due_ms(const struct fake_txn *txn)
{
    int64_t due_ms = txn->late ? txn->late_due_ms : INT64_MAX;
    if (txn->state == TXN_ONGOING && txn->started_ms + txn->timeout_ms < due_ms)
        due_ms = txn->started_ms + txn->timeout_ms;
    if (txn->state == TXN_PREPARED && txn->prepared_due_ms < due_ms)
        due_ms = txn->prepared_due_ms;
    return due_ms;
}

static void late_end_arrives(struct fake_txns *txns, struct fake_txn *txn)
{
    txn->late = false;
    if (txn->state == TXN_ONGOING && txn->late_epoch == txn->epoch)
        txn_prepare(txns, txn, txn->late_commit);
}

static void txn_expire(struct fake_txns *txns, struct fake_txn *txn)
{
    if (txn->late && txn->late_due_ms <= txns->now_ms)
        late_end_arrives(txns, txn);
    if (txn->state == TXN_ONGOING && txn->started_ms + txn->timeout_ms <= txns->now_ms) {
        txn->epoch++;
        txn_prepare(txns, txn, false);
    }
    if (txn->state == TXN_PREPARED && txn->prepared_due_ms <= txns->now_ms)
        txn_complete(txns, txn);
}

void fake_txns_expire(struct fake_txns *txns, int64_t now_ms)
{
    txns->now_ms = now_ms;
    for (size_t i = 0; i < txns->count; i++)
        txn_expire(txns, txns->txns[i]);
}

int64_t fake_txns_next_due_ms(const struct fake_txns *txns)
{
    int64_t due_ms = INT64_MAX;
    for (size_t i = 0; i < txns->count; i++) {
        int64_t theirs_ms = txn_due_ms(txns->txns[i]);
        if (theirs_ms < due_ms)
            due_ms = theirs_ms;
    }
    return due_ms;
}
