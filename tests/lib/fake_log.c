// SPDX-License-Identifier: Apache-2.0
#include "lib/fake_log.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

enum { RECORDS_MAX = 16 * 1024 * 1024 };

void fake_log_init(struct fake_log *log, int32_t partition)
{
    *log = (struct fake_log){.partition = partition};
}

void fake_log_release(struct fake_log *log)
{
    for (size_t i = 0; i < log->count; i++)
        fake_record_release(&log->records[i]);
    free(log->records);
    free(log->open);
    *log = (struct fake_log){0};
}

// The producer's first open record; the end of the log when it has none here.
static int64_t open_first(const struct fake_log *log, int64_t producer_id)
{
    for (size_t i = 0; i < log->open_count; i++) {
        if (log->open[i].producer_id == producer_id)
            return log->open[i].first_offset;
    }
    return log->high;
}

static void open_add(struct fake_log *log, int64_t producer_id, int64_t offset)
{
    if (open_first(log, producer_id) < log->high)
        return;
    log->open = memory_resized(log->open, log->open_count + 1, sizeof(*log->open));
    log->open[log->open_count++] = (struct fake_open_span){producer_id, offset};
}

static void open_remove(struct fake_log *log, int64_t producer_id)
{
    for (size_t i = 0; i < log->open_count; i++) {
        if (log->open[i].producer_id != producer_id)
            continue;
        log->open[i] = log->open[--log->open_count];
        return;
    }
}

static struct fake_record *slot_take(struct fake_log *log)
{
    ensure(log->count < RECORDS_MAX);
    if (log->count == log->capacity) {
        log->capacity = log->capacity == 0 ? 16 : log->capacity * 2;
        log->records = memory_resized(log->records, log->capacity, sizeof(*log->records));
    }
    return &log->records[log->count++];
}

int64_t fake_log_append(struct fake_log *log, const struct fake_record *record)
{
    struct fake_record *slot = slot_take(log);
    bool open = record->producer_id != 0 && record->kind == FAKE_DATA;
    fake_record_copy(slot, record);
    slot->partition = log->partition;
    slot->offset = log->high;
    slot->outcome = open ? OUTCOME_OPEN : OUTCOME_COMMITTED;
    if (open)
        open_add(log, record->producer_id, slot->offset);
    log->high++;
    return slot->offset;
}

// The index of the first record at or behind `offset`.
static size_t index_of(const struct fake_log *log, int64_t offset)
{
    size_t from = 0;
    size_t to = log->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (log->records[middle].offset < offset)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

void fake_log_mark(struct fake_log *log, int64_t producer_id, bool commit, int64_t timestamp_ms)
{
    for (size_t i = index_of(log, open_first(log, producer_id)); i < log->count; i++) {
        struct fake_record *record = &log->records[i];
        if (record->producer_id == producer_id && record->outcome == OUTCOME_OPEN)
            record->outcome = commit ? OUTCOME_COMMITTED : OUTCOME_ABORTED;
    }
    open_remove(log, producer_id);
    fake_log_append(log, &(struct fake_record){
                             .kind = commit ? FAKE_COMMIT_MARKER : FAKE_ABORT_MARKER,
                             .producer_id = producer_id,
                             .timestamp_ms = timestamp_ms,
                             .has_timestamp = true,
                         });
}

int64_t fake_log_stable(const struct fake_log *log)
{
    int64_t stable = log->high;
    for (size_t i = 0; i < log->open_count; i++) {
        if (log->open[i].first_offset < stable)
            stable = log->open[i].first_offset;
    }
    ensure(stable >= log->low);
    return stable;
}

const struct fake_record *fake_log_next(const struct fake_log *log, int64_t *position)
{
    int64_t stable = fake_log_stable(log);
    for (size_t i = index_of(log, *position); i < log->count; i++) {
        const struct fake_record *record = &log->records[i];
        if (record->offset >= stable)
            break;
        if (record->kind != FAKE_DATA || record->outcome == OUTCOME_ABORTED)
            continue;
        ensure(record->outcome == OUTCOME_COMMITTED);
        *position = record->offset + 1;
        return record;
    }
    if (*position < stable)
        *position = stable;
    return NULL;
}

static bool is_superseded(const struct fake_log *log, size_t at, int64_t stable)
{
    struct view key = log->records[at].key;
    if (key.data == NULL)
        return false;
    for (size_t i = at + 1; i < log->count && log->records[i].offset < stable; i++) {
        const struct fake_record *later = &log->records[i];
        bool counts = later->kind == FAKE_DATA && later->outcome == OUTCOME_COMMITTED;
        if (counts && later->key.data != NULL && view_equal(later->key, key))
            return true;
    }
    return false;
}

static bool is_kept(const struct fake_log *log, size_t at, int64_t stable, bool drop_tombstones)
{
    const struct fake_record *record = &log->records[at];
    if (record->offset >= stable)
        return true;
    if (record->kind != FAKE_DATA)
        return !drop_tombstones;
    if (record->outcome == OUTCOME_ABORTED)
        return false;
    if (record->value.data == NULL && drop_tombstones)
        return false;
    return !is_superseded(log, at, stable);
}

// Squeezes out the records that `keep` does not name.
static void records_keep(struct fake_log *log, const bool *keep)
{
    size_t kept = 0;
    for (size_t i = 0; i < log->count; i++) {
        if (keep[i])
            log->records[kept++] = log->records[i];
        else
            fake_record_release(&log->records[i]);
    }
    log->count = kept;
}

void fake_log_compact(struct fake_log *log, bool drop_tombstones)
{
    bool *keep = memory_zeroed(log->count, sizeof(*keep));
    int64_t stable = fake_log_stable(log);
    for (size_t i = 0; i < log->count; i++)
        keep[i] = is_kept(log, i, stable, drop_tombstones);
    records_keep(log, keep);
    free(keep);
}

void fake_log_truncate(struct fake_log *log, int64_t offset)
{
    ensure(offset >= log->low && offset <= fake_log_stable(log));
    bool *keep = memory_zeroed(log->count, sizeof(*keep));
    for (size_t i = 0; i < log->count; i++)
        keep[i] = log->records[i].offset >= offset;
    records_keep(log, keep);
    free(keep);
    log->low = offset;
}
