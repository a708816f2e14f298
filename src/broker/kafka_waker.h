// SPDX-License-Identifier: Apache-2.0
// Keeps a consumer that is slower than its fetcher supplied. librdkafka stops fetching when its
// queue has reached its bound, and before version 2.2 looks again only when something else happens
// in the broker's thread: up to a second later, in which a small queue has long run dry. A query of
// a partition's offsets is such a thing. It may take its time, so a thread of its own sends it.
#ifndef BROKER_KAFKA_WAKER_H
#define BROKER_KAFKA_WAKER_H

#include <librdkafka/rdkafka.h>

struct kafka_waker;

// For the partitions of one topic; both are borrowed until the waker is closed. NULL: this
// librdkafka needs none (fetch.queue.backoff.ms does it), which the other functions take.
struct kafka_waker *kafka_waker_open(rd_kafka_t *rk, const char *topic);
// Waits for a query that is under way: as long as socket.timeout.ms at worst.
void kafka_waker_close(struct kafka_waker *waker);

// Has the fetcher of the partition's leader look at its queue soon; never waits.
void kafka_waker_wake(struct kafka_waker *waker, int32_t partition);

#endif
