// SPDX-License-Identifier: Apache-2.0
// Purchases taken again, by the code that takes them in the service (evaluate.h), from an empty
// state on, and without a trace: what would be written goes to a listener, and the cards that do
// not fit in memory go to a store that nobody else uses. Used by one thread.
#ifndef STREAM_REPLAY_H
#define STREAM_REPLAY_H

#include "stream/metrics.h"
#include "stream/replay_broker.h"
#include "stream/settings.h"

struct replay;

// `settings` must outlive it; of the bounds in it cache_bytes alone counts. `stores` is scratch
// space: what lies there of a partition is removed when the partition is started.
struct replay *replay_open(const struct stream_settings *settings, struct store_dir *stores,
                           const struct schema_source *schemas,
                           const struct replay_listener *listener);
void replay_close(struct replay *replay);

// Begins a partition at `offset`, with no card known. STATUS_FATAL: the scratch space cannot be
// used.
enum status replay_start(struct replay *replay, int32_t partition, int64_t offset,
                         struct error *err) MUST_USE;

// Takes messages of started partitions, in offset order within each. STATUS_RETRY: a writer schema
// is not at hand (the source has answered that it is pending): nothing behind that message is
// taken. STATUS_FATAL: the scratch space cannot be used.
enum status replay_take(struct replay *replay, const struct message *messages, size_t count,
                        struct error *err) MUST_USE;

// What has been taken so far, counted as the service's metrics are.
const struct counters *replay_counters(const struct replay *replay);
// One past the last message of the partition that was taken.
int64_t replay_position(const struct replay *replay, int32_t partition);
struct optional_ms replay_stream_time(const struct replay *replay, int32_t partition);

// Hands every card of the partition that still matters to `each`, in the changelog's encoding, by
// token.
enum status replay_each_card(struct replay *replay, int32_t partition, store_scan_fn *each,
                             void *context, struct error *err) MUST_USE;

#endif
