// SPDX-License-Identifier: Apache-2.0
// The demo's purchases: made up and sent by a thread, and the score of what was planted in them.
#ifndef CLI_DEMO_FEED_H
#define CLI_DEMO_FEED_H

#include <pthread.h>
#include <stdatomic.h>

#include "broker/kafka_writer.h"
#include "cli/demo_stage.h"
#include "demo/score.h"
#include "demo/traffic.h"

struct demo_feed {
    struct traffic_plan traffic;
    struct kafka_writer *writer;
    pthread_mutex_t lock; // of the score, and so that no alert is seen before its purchase counts
    struct score *score;
    uint64_t ahead_max;     // how many may be sent and not processed; 0: any number
    atomic_ullong sent;     // messages
    atomic_ullong position; // processed, as demo_feed_tell last said
    atomic_bool stop;
    atomic_bool ended;
    pthread_t thread;
    bool started;
    struct traffic_counts counts;
    enum status status;
    struct error err;
};

// Opens the writer. demo_feed_close after a failure too.
enum status demo_feed_open(struct demo_feed *feed, const struct demo_stage *stage,
                           const struct demo_plan *plan, struct error *err) MUST_USE;
void demo_feed_close(struct demo_feed *feed);

// Begins to send.
void demo_feed_start(struct demo_feed *feed);
// True when all has been sent, or sending has failed.
bool demo_feed_has_ended(struct demo_feed *feed);
// How much has been processed.
void demo_feed_tell(struct demo_feed *feed, uint64_t position);
// Stops sending, and waits until what was sent is on the brokers.
enum status demo_feed_finish(struct demo_feed *feed, struct error *err) MUST_USE;

// True when the alert is about a planted burst.
bool demo_feed_judge(struct demo_feed *feed, const struct seen_alert *alert);
struct score_result demo_feed_score(struct demo_feed *feed);

#endif
