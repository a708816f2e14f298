// SPDX-License-Identifier: Apache-2.0
// Reads several partitions of one topic, read_committed. What a poll hands out is copied and freed
// by the next poll, so that late use of it is seen.
#ifndef LIB_FAKE_READER_H
#define LIB_FAKE_READER_H

#include "lib/fake_topics.h"

struct fake_reading {
    int32_t partition;
    int64_t position; // every record below it has been handed out
};

struct fake_reader {
    struct fake_topics *topics;
    const char *topic;
    struct fake_reading *readings;
    size_t reading_count;
    size_t turn;                       // the reading that comes first in the next poll
    const struct fake_record **picked; // borrowed from the logs while gathering
    size_t picked_count;
    size_t picked_capacity;
    struct fake_record *records; // copies of what was picked
    struct message *messages;
    size_t message_count;
};

// `topic` must outlive the reader.
void fake_reader_init(struct fake_reader *reader, struct fake_topics *topics, const char *topic);
void fake_reader_release(struct fake_reader *reader);

// NULL when the partition is not being read.
struct fake_reading *fake_reader_find(struct fake_reader *reader, int32_t partition);
// Begins or moves the reading of a partition. STATUS_RETRY: there is no such partition.
enum status fake_reader_start(struct fake_reader *reader, int32_t partition, int64_t offset,
                              struct error *err) MUST_USE;
void fake_reader_stop(struct fake_reader *reader, int32_t partition);

// Forgets what the last poll handed out.
void fake_reader_clear(struct fake_reader *reader);
// Fills reader->messages with at most `max` records. STATUS_RESET: a position is outside of its
// log; STATUS_FATAL: the topic is gone.
enum status fake_reader_gather(struct fake_reader *reader, size_t max, struct error *err) MUST_USE;

#endif
