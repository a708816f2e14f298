// SPDX-License-Identifier: Apache-2.0
// What stands in a topic, read to its end, and how far a consumer group has come.
#ifndef LIB_RECORDS_H
#define LIB_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

struct topic_header {
    char *name;
    struct view value;
};

// .data NULL in key or value: null.
struct topic_record {
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms; // -1: none
    struct view key;
    struct view value;
    struct topic_header *headers;
    size_t header_count;
};

// In partition order, then offset order. Owns everything that it shows.
struct topic_records {
    struct topic_record *items;
    size_t count;
    size_t capacity;
};

// Reads a topic as read_committed from its start to its end. Waits first until no transaction is
// open on it; the test stops when one stays open for long.
void records_read(struct topic_records *records, const char *bootstrap, const char *topic);
void records_release(struct topic_records *records);

// The same without keeping anything: each record is shown once (it borrows), a partition's in the
// order of their offsets.
struct record_visitor {
    void (*visit)(void *context, const struct topic_record *record);
    void *context;
};
void records_visit(const struct record_visitor *visitor, const char *bootstrap, const char *topic);
// As read_uncommitted: what aborted transactions have left behind is there too.
void records_visit_uncommitted(const struct record_visitor *visitor, const char *bootstrap,
                               const char *topic);

// A header's value as text, the caller's to free(); NULL when there is no such header. The first of
// a name.
char *record_header(const struct topic_record *record, const char *name);

// Watches a group without joining it.
struct group_watch;
struct group_watch *group_watch_open(const char *bootstrap, const char *group, const char *topic,
                                     int32_t partitions);
// The same, but offsets count as committed while a transaction with newer ones is open, so that the
// answer comes at once: for looking often.
struct group_watch *group_watch_open_prompt(const char *bootstrap, const char *group,
                                            const char *topic, int32_t partitions);
void group_watch_close(struct group_watch *watch);
// Messages behind the end of the topic, all partitions together; -1: not known just now. A
// partition without a committed offset counts from its start.
int64_t group_watch_lag(struct group_watch *watch);
// The sum of the committed offsets of all partitions; -1: not known just now.
int64_t group_watch_total(struct group_watch *watch);
// The committed offset of a partition; -1: none or not known just now.
int64_t group_watch_committed(struct group_watch *watch, int32_t partition);

#endif
