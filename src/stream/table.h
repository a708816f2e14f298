// SPDX-License-Identifier: Apache-2.0
// The travel_flags table of one partition: which of its cards are travelling. The topic is
// compacted and others write it, so it is its own changelog: the partition's table store holds the
// cards whose flag is on as of some offset, and reading goes on there.
//
//   STORE --> FACTS --> MARKS --> READING --> SCHEMA        SCHEMA: a row waits for its schema
//               ^                    |          |
//               +--- trouble --------+----------+
//
// Before reading goes on, and every now and then, a row that was read before is read again, the
// anchor: it must be what it was, or the topic is another one (deleted and made anew), and
// everything is forgotten and read from the start. The anchor was the last row when the topic was
// known again last: rows behind it may be another topic's already. Everything is forgotten, too,
// when much time has passed since the table was known to be whole: of rows that were deleted
// meanwhile the cleaner may have taken away the tombstones.
//
// What is read is not part of any transaction: a task that goes back to its last commit keeps its
// table. Bounded: rows are in the store, and since the last checkpoint also in memory.
#ifndef STREAM_TABLE_H
#define STREAM_TABLE_H

#include "stream/metrics.h"
#include "stream/schemas.h"
#include "stream/settings.h"
#include "stream/table_news.h"

enum table_step {
    TABLE_STORE,
    TABLE_FACTS,
    TABLE_MARKS,
    TABLE_READING,
    TABLE_SCHEMA,
};

// What the tables of a worker share.
struct table_shared {
    const struct stream_settings *settings;
    const struct stream_ports *ports;
    struct counters *counters;
    struct schemas *schemas;
    struct buffer scratch;
    uint8_t identity[FINGERPRINT_BYTES]; // of the topic's name and the token key
    bool bad_warned;
};

// A row, as it is known again.
struct table_row {
    int64_t offset; // -1: none
    uint64_t print;
};

struct table {
    int32_t partition;
    enum table_step step;
    struct store *store;      // NULL until it is open
    struct table_news staged; // rows for the next checkpoint
    struct table_news frozen; // rows of the one that is running
    bool checkpoint_running;
    int64_t checkpoint_ms; // when the last one was started
    int64_t stored_anchor; // its offset, `next` and `fresh_ms` as of then
    int64_t stored_next;
    int64_t stored_fresh_ms;
    int64_t next;            // every row below it has been read
    struct table_row last;   // that was read
    struct table_row anchor; // by which the topic is known again
    int64_t fresh_ms;        // all that was in the topic at this time (Unix) has been read;
                             // 0: not known
    int64_t low;             // the topic's start when it was looked at last
    int64_t mark;            // the topic's true end,
    int64_t mark_ms;         // and when it was asked for
    int64_t retention_ms;    // the topic's delete.retention.ms
    int64_t moved_to;        // `next` on the way to the mark,
    int64_t moved_ms;        // and when it came there
    bool reading;            // the broker reads
    bool verifying;          // the anchor is still to come again
    bool loaded;             // read to the end that there was when the partition was taken
    bool damaged;            // the store cannot be read
    uint32_t schema_id;      // that is waited for
    int64_t next_try_ms;     // back-off
    int64_t checked_ms;      // when the topic was looked at
    int64_t warned_ms;
    struct error trouble; // why it is not read
};

void table_shared_init(struct table_shared *shared, const struct stream_settings *settings,
                       const struct stream_ports *ports, struct counters *counters);
void table_shared_release(struct table_shared *shared);

struct table *table_open(int32_t partition);
// Ends reading and gives the store back; what is not checkpointed is read again next time.
void table_close(struct table *table, const struct stream_ports *ports);

// The partition is being taken again: the table counts as loaded when all has been read that is in
// the topic from now on.
void table_take(struct table *table);
// Reading has met trouble: where it stood is looked at again.
void table_doubt(struct table *table, const struct stream_ports *ports, const char *reason);

// Does what can be done now, without waiting; asks the cluster, so not to be called with an open
// transaction. STATUS_FATAL: the topic is not partitioned as the input is, or the disk fails.
enum status table_advance(struct table *table, struct table_shared *shared,
                          struct error *err) MUST_USE;
// Takes one row; those of a partition that is not read are ignored.
enum status table_apply(struct table *table, struct table_shared *shared,
                        const struct message *message, struct error *err) MUST_USE;
// Makes a checkpoint when one is due, or, with `force`, of all that has been read, and waits for
// it.
enum status table_checkpoint(struct table *table, struct table_shared *shared, bool force,
                             struct error *err) MUST_USE;

// True when purchases may be taken.
static inline bool table_is_loaded(const struct table *table)
{
    return table->loaded;
}

// True while rows are read as they come.
static inline bool table_is_followed(const struct table *table)
{
    return table->loaded && table->step == TABLE_READING;
}

// Why the table is not loaded; STATUS_RETRY.
enum status table_explain(const struct table *table, const struct stream_settings *settings,
                          struct error *err) MUST_USE;

// Whether the card is travelling, by the rows read so far. STATUS_ABORT: the table is read anew
// (its store is damaged, its topic another one), and the purchase is to be taken again then.
enum status table_lookup(struct table *table, const struct token *token, bool *enabled,
                         struct error *err) MUST_USE;

void table_gauges(const struct table *table, struct partition_gauges *out);

// -- for the files of the table itself --

// Forgets everything, in the store too, and reads from the start.
enum status table_forget(struct table *table, const struct stream_ports *ports, const char *reason,
                         struct error *err) MUST_USE;
void table_stop_reading(struct table *table, const struct stream_ports *ports);

#endif
