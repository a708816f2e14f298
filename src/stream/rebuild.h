// SPDX-License-Identifier: Apache-2.0
// Writes an application's state anew into its changelog, while no member of its group runs. The
// order makes it safe to be killed anywhere:
//
//   cards of a new incarnation      nobody reads them: the last meta records name the old one
//   meta records, all partitions    in one transaction: from here on the new state is the state
//   tombstones for all others       the old incarnation's cards, and what a killed rebuild left
//
// Without transactions (at least once) the meta records of the partitions are written one after the
// other: killed among them, some partitions have the new state and others the old one, each whole.
#ifndef STREAM_REBUILD_H
#define STREAM_REBUILD_H

#include <stdatomic.h>

#include "stream/replay.h"
#include "stream/settings.h"

struct rebuild;

// The state that a partition is to have.
struct rebuild_target {
    int32_t partition;
    int64_t input_offset; // the next purchase to take
    struct optional_ms stream_time;
};

// `ports` gives the broker, which has a producer of its own and is never polled (so it joins no
// group), and chance. Both are borrowed, `stop` and `settings` too. The settings' fingerprint is
// what the state is for.
struct rebuild *rebuild_open(const struct stream_settings *settings,
                             const struct stream_ports *ports, const atomic_bool *stop);
void rebuild_close(struct rebuild *rebuild); // NULL: nothing happens

// All of these wait out a cluster that is away, up to a minute without an answer. STATUS_RETRY:
// *stop is set. STATUS_FATAL otherwise; until the switch has succeeded the old state holds.

// Reads the partition's changelog whole: *found tells whether there is a meta record, which is then
// in *meta, and notes where the changelog ends. Refuses a topic that holds something else. To be
// called first, for every partition.
enum status rebuild_look(struct rebuild *rebuild, int32_t partition, struct meta *meta, bool *found,
                         struct error *err) MUST_USE;
// Makes the producer, which settles what a former rebuild has left open. Once, before writing.
enum status rebuild_begin(struct rebuild *rebuild, struct error *err) MUST_USE;
// Writes the cards that the replay has of the partition.
enum status rebuild_write(struct rebuild *rebuild, struct replay *replay, int32_t partition,
                          struct error *err) MUST_USE;
// Writes the meta records. STATUS_FATAL when the outcome is unknown, too; the sentence says so.
enum status rebuild_switch(struct rebuild *rebuild, const struct rebuild_target *targets,
                           size_t count, struct error *err) MUST_USE;
// Tombstones what the partition's changelog held when it was looked at.
enum status rebuild_clear(struct rebuild *rebuild, int32_t partition, struct error *err) MUST_USE;

// Cards written, and tombstones.
uint64_t rebuild_card_count(const struct rebuild *rebuild);
uint64_t rebuild_cleared_count(const struct rebuild *rebuild);

#endif
