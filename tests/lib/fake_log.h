// SPDX-License-Identifier: Apache-2.0
// One partition's log, as a Kafka broker keeps it:
//
//   low .. stable .. high       offsets; gaps after compaction and truncation
//   |      |         +-- the next offset to be given (the true high watermark)
//   |      +-- last stable offset: the first record of the oldest open transaction, else high
//   +-- the log's start
//
// Transactional records are open until their producer's marker comes, which takes an offset too.
#ifndef LIB_FAKE_LOG_H
#define LIB_FAKE_LOG_H

#include "lib/fake_record.h"

struct fake_open_span {
    int64_t producer_id;
    int64_t first_offset;
};

struct fake_log {
    int32_t partition;
    int64_t low;
    int64_t high;
    struct fake_record *records; // in offset order
    size_t count;
    size_t capacity;
    struct fake_open_span *open; // one for each producer with an open transaction here
    size_t open_count;
};

void fake_log_init(struct fake_log *log, int32_t partition);
void fake_log_release(struct fake_log *log);

// Appends a copy and returns its offset. A record with a producer_id belongs to that producer's
// open transaction.
int64_t fake_log_append(struct fake_log *log, const struct fake_record *record);
// Writes the producer's commit or abort marker, which decides its open records.
void fake_log_mark(struct fake_log *log, int64_t producer_id, bool commit, int64_t timestamp_ms);

int64_t fake_log_stable(const struct fake_log *log);

// The first record at or behind *position that a read_committed reader gets, and *position moved
// behind it; NULL when there is none below the last stable offset (*position is then moved there,
// over control records and aborted data).
const struct fake_record *fake_log_next(const struct fake_log *log, int64_t *position);

// What the log cleaner does below the last stable offset: keeps the newest committed record of each
// key, drops aborted data; `drop_tombstones` also drops tombstones and markers. Offsets stay.
void fake_log_compact(struct fake_log *log, bool drop_tombstones);
// The same below offset `until` alone (behind it is the active segment), and tombstones and markers
// are dropped only when they are older than `dropped_before_ms` (delete.retention.ms).
void fake_log_clean(struct fake_log *log, int64_t until, int64_t dropped_before_ms);
// What retention does: the log starts at `offset` (at most the last stable offset).
void fake_log_truncate(struct fake_log *log, int64_t offset);

#endif
