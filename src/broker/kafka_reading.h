// SPDX-License-Identifier: Apache-2.0
// Reading partitions of one topic at offsets of the caller's choice, in batches: the input and the
// changelog are read by an object of this kind each. Nothing here belongs to a group.
//
// A partition's records between start and stop:
//
//   asked for        next                                     end of the log
//   |  handed out ... |  on their way, or not yet fetched ... |
//
// Offsets only grow, with gaps (transaction markers, compaction). What an earlier start had under
// way never comes out: librdkafka numbers each start of a partition and drops what carries an older
// number, from the moment that starting or stopping returns; offsets below `next` are dropped here.
#ifndef BROKER_KAFKA_READING_H
#define BROKER_KAFKA_READING_H

#include "broker/broker.h"
#include "broker/kafka_client.h"
#include "broker/kafka_waker.h"

struct kafka_cluster;

enum { KAFKA_BATCH_MESSAGES_MAX = 4096 };

struct kafka_place {
    bool started;
    bool seen;    // something of this start has come: librdkafka's position is of this start, too
    int64_t next; // everything from the start's offset up to here has been handed out
    int64_t end;  // where the end of the partition was last reported; -1: not yet
};

struct kafka_reading {
    struct kafka_client client;
    const char *topic; // borrowed
    // Held so that librdkafka looks up the topic when it connects: what it hears of for the first
    // time when a partition is started, it asks about up to a second later.
    rd_kafka_topic_t *handle;
    rd_kafka_queue_t *queue;
    struct kafka_waker *waker;
    int64_t wake_next_ms;
    int32_t wake_next;          // the partition whose turn it is
    struct kafka_place *places; // by partition
    int32_t place_count;
    int32_t started_count;
    rd_kafka_message_t **natives; // what `messages` borrows from
    size_t native_count;
    struct message *messages;
    size_t message_count;
    enum status trouble; // met behind the messages handed out last: the next poll's answer
    struct error trouble_text;
};

// `kind` is KAFKA_KIND_INPUT or KAFKA_KIND_CHANGELOG. `group_id` names us to brokers that restrict
// groups; the group is not joined.
struct kafka_reading_plan {
    enum kafka_kind kind;
    const char *topic;
    const char *group_id;
    struct kafka_properties properties;
    bool uncommitted; // what transactions have not committed (yet) is read too
};
enum status kafka_reading_open(struct kafka_reading *reading, const struct kafka_reading_plan *plan,
                               struct error *err) MUST_USE;
// Closing what is not open does nothing.
void kafka_reading_close(struct kafka_reading *reading);

// Starts or moves a partition.
enum status kafka_reading_start(struct kafka_reading *reading, int32_t partition, int64_t offset,
                                struct error *err) MUST_USE;
enum status kafka_reading_stop(struct kafka_reading *reading, int32_t partition,
                               struct error *err) MUST_USE;

// Fills reading->messages, valid until the next poll. Waits for the first record, not for a full
// batch. STATUS_RESET: a partition cannot be read on where it stands (it is stopped).
enum status kafka_reading_poll(struct kafka_reading *reading, int timeout_ms,
                               struct error *err) MUST_USE;

// Every record below it, from the start's offset on, has been handed out. -1: not started.
int64_t kafka_reading_position(struct kafka_reading *reading, int32_t partition);

// The partition's high watermark as of the last fetch; -1: not known yet. Asks nobody.
int64_t kafka_reading_end(struct kafka_reading *reading, int32_t partition);

#endif
