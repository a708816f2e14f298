// SPDX-License-Identifier: Apache-2.0
// The broker port: the handful of operations that one worker of the stream runtime needs of a
// Kafka cluster. Implemented on librdkafka (broker_kafka.h) and in memory in the tests. One broker
// object belongs to one worker thread and is used by it alone. Blocking calls have deadlines.
//
// Reading is separate from membership: the group tells which partitions this worker owns
// (EVENT_ASSIGNED), and the worker starts and stops reading each of them at an offset of its
// choice.
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

enum output_topic {
    OUTPUT_ALERTS_AVRO,
    OUTPUT_ALERTS_JSON,
    OUTPUT_DEAD_LETTERS,
    OUTPUT_CHANGELOG,
    OUTPUT_MASKED_PURCHASES, // optional, as those behind it
    OUTPUT_PURCHASE_COUNTS,
    OUTPUT_TOPICS,
};

struct header {
    const char *name;
    struct view value;
};

// A record read from the input, the changelog or the table. Borrowed: valid until the next poll of
// the same kind. key/value .data NULL: null.
struct message {
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    bool has_timestamp;
    struct view key;
    struct view value;
    const void *native; // the implementation's own, for copy_headers_of
};

// A record to write. Bytes are copied before produce returns.
struct record {
    enum output_topic topic;
    int32_t partition;    // -1: murmur2 of the key, a null key any
    int64_t timestamp_ms; // -1: now
    struct view key;
    struct view value;
    const struct header *headers;
    size_t header_count;
    const struct message *copy_headers_of; // its headers go in front of `headers`; NULL: none
};

struct partition_offset {
    int32_t partition;
    int64_t offset;
};

enum membership_event {
    EVENT_NONE,
    EVENT_ASSIGNED, // `partitions` is the complete new assignment
    EVENT_REVOKED,  // everything is taken away; commits made before `accept` still count, unless
                    // the group has not waited for us (STATUS_ABORT)
    EVENT_LOST,     // everything has been taken away already: commits will fail
};

// What a poll brought. Owned by the broker, valid until the next poll.
struct batch {
    enum membership_event event;
    const int32_t *partitions;
    size_t partition_count;
    const struct message *messages; // in offset order within a partition; gaps are legal
    size_t message_count;
    bool full; // as many as a batch can hold: there is probably more waiting
};

// What the cluster says of the table's topic.
struct table_facts {
    int32_t partition_count;     // -1: there is no such topic
    int64_t delete_retention_ms; // -1: not to be known (no right to see it, no settings)
};

struct changelog_batch {
    const struct message *messages;
    size_t message_count;
};

struct broker {
    const struct broker_ops *ops;
};

struct broker_ops {
    // Clocks of the port, so that a simulation can turn them: monotonic, and Unix epoch.
    int64_t (*now_ms)(struct broker *broker);
    int64_t (*wall_ms)(struct broker *broker);

    // Serves the group, and waits up to `timeout_ms` for input records or an event. An event comes
    // alone, without messages, and again at each poll until it is accepted. STATUS_FATAL: fenced by
    // another process with our group.instance.id, no permission, topic gone for good, ...;
    // STATUS_RETRY: the cluster is out of reach (the sentence says which), poll again.
    // STATUS_RESET: a partition cannot be read on where it stands (retention has overtaken it, a
    // damaged batch): take the partitions again from their committed offsets. Call it at least
    // every 30 s.
    enum status (*poll)(struct broker *broker, int timeout_ms, struct batch *batch,
                        struct error *err) MUST_USE;
    // The last event has been acted on: the group may go on.
    enum status (*accept)(struct broker *broker, struct error *err) MUST_USE;
    // Begins (or moves) reading of an input partition at `offset`: the first record that later
    // polls bring of it is the first one at or behind `offset`; what was under way from before is
    // dropped inside. STATUS_RETRY: not yet possible, call again.
    enum status (*start)(struct broker *broker, int32_t partition, int64_t offset,
                         struct error *err) MUST_USE;
    // Ends reading of a partition: no record of it comes from later polls.
    enum status (*stop)(struct broker *broker, int32_t partition, struct error *err) MUST_USE;

    // The group's committed offset of the input partition, with pending transactions resolved; -1
    // when there is none. STATUS_RETRY while a transaction is pending or the coordinator is away.
    enum status (*committed)(struct broker *broker, int32_t partition, int64_t *offset,
                             struct error *err) MUST_USE;
    // The log's start and its true high watermark (read uncommitted), asked of the cluster now.
    enum status (*input_watermarks)(struct broker *broker, int32_t partition, int64_t *low,
                                    int64_t *high, struct error *err) MUST_USE;
    enum status (*changelog_watermarks)(struct broker *broker, int32_t partition, int64_t *low,
                                        int64_t *high, struct error *err) MUST_USE;
    // The input partition's high watermark as of the last fetch, for showing lag; -1: not known
    // yet.
    int64_t (*input_end)(struct broker *broker, int32_t partition);
    // Reads a changelog partition, read_committed, from `offset` on.
    enum status (*changelog_open)(struct broker *broker, int32_t partition, int64_t offset,
                                  struct error *err) MUST_USE;
    // The next records of all open changelog partitions together. STATUS_RETRY and STATUS_RESET as
    // with poll.
    enum status (*changelog_poll)(struct broker *broker, int timeout_ms,
                                  struct changelog_batch *batch, struct error *err) MUST_USE;
    // How far reading has come: every record below it has been handed out (control records and
    // aborted data included): the larger of the position and the last end-of-partition offset.
    int64_t (*changelog_position)(struct broker *broker, int32_t partition);
    void (*changelog_close)(struct broker *broker, int32_t partition);

    // The table: a compacted topic of others, partitioned as the input is, that is read as long as
    // a partition is ours. Of a broker that was opened without one none of these may be called.
    // They are as the changelog's; from a STATUS_RESET of poll the partitions whose position is -1
    // are no longer read.
    enum status (*table_facts)(struct broker *broker, struct table_facts *facts,
                               struct error *err) MUST_USE;
    enum status (*table_watermarks)(struct broker *broker, int32_t partition, int64_t *low,
                                    int64_t *high, struct error *err) MUST_USE;
    enum status (*table_open)(struct broker *broker, int32_t partition, int64_t offset,
                              struct error *err) MUST_USE;
    enum status (*table_poll)(struct broker *broker, int timeout_ms, struct changelog_batch *batch,
                              struct error *err) MUST_USE;
    int64_t (*table_position)(struct broker *broker, int32_t partition);
    void (*table_close)(struct broker *broker, int32_t partition);

    // Transactions. begin is local; produce queues; commit adds the input offsets with the group's
    // metadata and commits; STATUS_ABORT: call abort, then rewind; STATUS_RESET: the outcome is
    // unknown or the producer dead: call reset, then restore. STATUS_FATAL: fenced, or forbidden.
    // A broker is opened without a producer: begin answers STATUS_RESET until reset has been
    // called. Call reset first of all: it settles what a former life of this worker has left open,
    // which committed waits for.
    enum status (*begin)(struct broker *broker, struct error *err) MUST_USE;
    // STATUS_RECORD: larger than the topic takes; nothing was queued.
    enum status (*produce)(struct broker *broker, const struct record *record,
                           struct error *err) MUST_USE;
    // Card records of one changelog partition: `values[i].data` NULL is a tombstone. Keys and
    // values are copied.
    enum status (*produce_changelog)(struct broker *broker, int32_t partition,
                                     const struct view *keys, const struct view *values,
                                     size_t count, struct error *err) MUST_USE;
    enum status (*commit)(struct broker *broker, const struct partition_offset *offsets,
                          size_t count, struct error *err) MUST_USE;
    enum status (*abort)(struct broker *broker, struct error *err) MUST_USE;
    // Destroys the producer and makes a new one under the same transactional.id, which settles
    // what was open. STATUS_RETRY while the cluster is out of reach: call again. A call takes two
    // seconds at most. In at-least-once mode what was not flushed may or may not arrive.
    enum status (*reset)(struct broker *broker, struct error *err) MUST_USE;
    // Fences the owner of another transactional.id, which aborts its open transaction.
    enum status (*fence)(struct broker *broker, const char *transactional_id,
                         struct error *err) MUST_USE;

    // Without transactions: waits until everything produced is on the brokers (STATUS_RESET when a
    // record was refused or the deadline passed), and commits offsets by the group (STATUS_RESET:
    // not a member any more, or no answer).
    enum status (*flush)(struct broker *broker, struct error *err) MUST_USE;
    enum status (*commit_offsets)(struct broker *broker, const struct partition_offset *offsets,
                                  size_t count, struct error *err) MUST_USE;

    // One past the highest changelog offset of the partition that was acknowledged to this
    // producer since it was made; -1 when there is none.
    int64_t (*changelog_delivered)(struct broker *broker, int32_t partition);
    // Partitions of the input and of the changelog as the cluster's metadata has them now.
    enum status (*partition_counts)(struct broker *broker, int32_t *input, int32_t *changelog,
                                    struct error *err) MUST_USE;
    const char *(*transactional_id)(struct broker *broker); // "" in at-least-once mode
    // Leaves the group (static members stay known), destroys everything. No flush, no commit.
    void (*close)(struct broker *broker);
};

#endif
