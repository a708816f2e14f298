// SPDX-License-Identifier: Apache-2.0
// The test's side of the fake cluster: topics, records in, records out.
#ifndef LIB_FAKE_TOPIC_H
#define LIB_FAKE_TOPIC_H

#include "lib/fake_broker.h"
#include "lib/fake_log.h"

void fake_topic_create(struct fake_cluster *cluster, const char *topic, int32_t partition_count);
// Gone with its records and the groups' offsets; it may be created again.
void fake_topic_delete(struct fake_cluster *cluster, const char *topic);
void fake_topic_grow(struct fake_cluster *cluster, const char *topic, int32_t partition_count);
// Retention: the log starts at `offset`.
void fake_topic_truncate(struct fake_cluster *cluster, const char *topic, int32_t partition,
                         int64_t offset);
// The log cleaner: the newest committed record of each key stays; see fake_log_compact.
void fake_compact(struct fake_cluster *cluster, const char *topic, int32_t partition,
                  bool drop_tombstones);
// The same with an active segment and an age of tombstones; see fake_log_clean.
void fake_clean(struct fake_cluster *cluster, const char *topic, int32_t partition, int64_t until,
                int64_t dropped_before_ms);

struct fake_input {
    const char *topic;
    int32_t partition;
    struct view key;
    struct view value;
    int64_t timestamp_ms;
    bool no_timestamp;
    const struct header *headers;
    size_t header_count;
};

// Appends a record and returns its offset.
int64_t fake_produce(struct fake_cluster *cluster, const struct fake_input *input);
// The same in the open transaction of a stranger, begun by the first such record: readers stop in
// front of it until fake_foreign_end or its time-out, a minute later.
int64_t fake_foreign_produce(struct fake_cluster *cluster, const char *transactional_id,
                             const struct fake_input *input);
void fake_foreign_end(struct fake_cluster *cluster, const char *transactional_id, bool commit);
// The transaction also holds a group's offset: committed() answers RETRY until it is settled.
void fake_foreign_offset(struct fake_cluster *cluster, const char *transactional_id,
                         const char *group, int32_t partition, int64_t offset);

// What a read_committed reader finds in the topic now, partition after partition. The records are
// borrowed until the cluster's next change; the caller frees the array with fake_records_release.
struct fake_records {
    const struct fake_record **items;
    size_t count;
};
struct fake_records fake_read(struct fake_cluster *cluster, const char *topic);
// The same of everything in the log: open and aborted records, markers.
struct fake_records fake_read_raw(struct fake_cluster *cluster, const char *topic);
void fake_records_release(struct fake_records *records);

// The partition's log, for a look at its offsets; NULL when there is none.
const struct fake_log *fake_topic_log(struct fake_cluster *cluster, const char *topic,
                                      int32_t partition);

#endif
