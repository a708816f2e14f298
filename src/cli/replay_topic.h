// SPDX-License-Identifier: Apache-2.0
// The purchases topic taken again: every partition from one offset to another, side by side on a
// thread a processor.
#ifndef CLI_REPLAY_TOPIC_H
#define CLI_REPLAY_TOPIC_H

#include "broker/kafka_reader.h"
#include "cli/replay_site.h"

// What is taken of a partition: [from, end).
struct replay_span {
    int64_t low; // where the log begins
    int64_t from;
    int64_t end;       // at most where what is committed ends
    int64_t committed; // the group's offset; -1: none
    // Purchases before `from` may still matter up to here: what is raised below may differ from
    // what the service raised. 0 when everything from offset 0 on is taken.
    int64_t warm_offset;
    struct optional_ms first_ms; // stream time when the first of them had been taken
};

struct replay_lane;

struct replay_topic {
    struct replay_site *site;
    struct replay_listener listener; // called by all threads
    int32_t partition_count;
    struct replay_span *spans; // by partition
    struct replay_lane *lanes;
    size_t lane_count;
    atomic_bool failed; // the lanes are to stop
};

// Asks the cluster where the partitions begin and end, and what the group has committed, as of now;
// spans as the options say. To be closed after a failure too.
enum status replay_topic_open(struct replay_topic *topic, struct replay_site *site,
                              const struct replay_listener *listener, struct error *err) MUST_USE;
void replay_topic_close(struct replay_topic *topic);

// Takes all spans, which may have been changed since. STATUS_RETRY: somebody asked to stop.
enum status replay_topic_run(struct replay_topic *topic, struct error *err) MUST_USE;

// After the run. The replay that has the partition; and what all of them counted.
struct replay *replay_topic_replay(const struct replay_topic *topic, int32_t partition);
struct counters replay_topic_counters(const struct replay_topic *topic);

#endif
