// SPDX-License-Identifier: Apache-2.0
#include "lib/fake_log.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/fnv.h"
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

// The keys of committed records, seen from the log's end: slots of record indexes + 1.
struct seen_keys {
    uint32_t *slots;
    size_t mask;
};

static uint64_t key_hash(struct view key)
{
    uint64_t hash = fnv_add(FNV_START, key.data, key.size);
    return hash ^ (hash >> 32);
}

// True when the key was there already.
static bool seen_before(struct seen_keys *seen, const struct fake_log *log, size_t at)
{
    struct view key = log->records[at].key;
    size_t slot = (size_t)key_hash(key) & seen->mask;
    for (; seen->slots[slot] != 0; slot = (slot + 1) & seen->mask) {
        if (view_equal(log->records[seen->slots[slot] - 1].key, key))
            return true;
    }
    seen->slots[slot] = (uint32_t)at + 1;
    return false;
}

static bool is_kept(const struct fake_log *log, size_t at, struct seen_keys *seen,
                    int64_t dropped_before_ms)
{
    const struct fake_record *record = &log->records[at];
    bool old = record->timestamp_ms < dropped_before_ms;
    if (record->kind != FAKE_DATA)
        return !old;
    if (record->outcome == OUTCOME_ABORTED)
        return false;
    if (record->key.data == NULL)
        return true;
    return !seen_before(seen, log, at) && !(record->value.data == NULL && old);
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

void fake_log_clean(struct fake_log *log, int64_t until, int64_t dropped_before_ms)
{
    int64_t stable = fake_log_stable(log);
    size_t end = index_of(log, until < stable ? until : stable);
    size_t size = 16;
    while (size < 2 * log->count)
        size *= 2;
    struct seen_keys seen = {memory_zeroed(size, sizeof(uint32_t)), size - 1};
    bool *keep = memory_zeroed(log->count, sizeof(*keep));
    for (size_t i = log->count; i > 0; i--)
        keep[i - 1] = i > end || is_kept(log, i - 1, &seen, dropped_before_ms);
    records_keep(log, keep);
    free(keep);
    free(seen.slots);
}

void fake_log_compact(struct fake_log *log, bool drop_tombstones)
{
    fake_log_clean(log, INT64_MAX, drop_tombstones ? INT64_MAX : INT64_MIN);
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
