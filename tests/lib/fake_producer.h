// SPDX-License-Identifier: Apache-2.0
// The producer inside a broker object: what it queues, and the state of its transaction.
//
//   DEAD --reset--> IDLE --begin--> OPEN --commit, abort--> IDLE
//                                   OPEN --STATUS_ABORT--> DOOMED --abort--> IDLE
//                    any --STATUS_RESET--> DEAD
//
// It is DEAD at first. DOOMED answers STATUS_ABORT and DEAD answers STATUS_RESET to whatever else
// is asked. Without a transactional.id the first reset makes it IDLE, and it stays so.
#ifndef LIB_FAKE_PRODUCER_H
#define LIB_FAKE_PRODUCER_H

#include "lib/fake_txn.h"

enum fake_producer_state {
    PRODUCER_DEAD,
    PRODUCER_IDLE,
    PRODUCER_OPEN,
    PRODUCER_DOOMED,
};

struct fake_queued {
    const char *topic;
    bool changelog;
    struct fake_record record;
};

struct fake_producer {
    struct fake_txns *txns;
    struct fake_topics *topics;
    char *transactional_id; // NULL: at least once
    int64_t epoch;
    enum fake_producer_state state;
    struct fake_queued *queue;
    size_t queue_count;
    int64_t *delivered; // by changelog partition; -1: nothing
    size_t delivered_count;
};

void fake_producer_init(struct fake_producer *producer, struct fake_topics *topics,
                        struct fake_txns *txns, const char *transactional_id);
void fake_producer_release(struct fake_producer *producer);

// A new producer under the same id: forgets the queue and the deliveries, settles what was open.
// STATUS_RETRY as fake_txn_init.
enum status fake_producer_reset(struct fake_producer *producer, int64_t timeout_ms,
                                struct error *err) MUST_USE;
// STATUS_OK when a transaction takes records (or none is needed); else what the state answers.
// Stops the process when there is no transaction at all.
enum status fake_producer_check(const struct fake_producer *producer, struct error *err) MUST_USE;

// Puts a copy of the record behind the queue; the topic's name must outlive the producer.
void fake_producer_queue(struct fake_producer *producer, const char *topic, bool changelog,
                         const struct fake_record *record);
// Writes the first `count` of the queue into the logs and forgets the rest of it.
enum status fake_producer_write(struct fake_producer *producer, size_t count,
                                struct error *err) MUST_USE;
void fake_producer_forget_queue(struct fake_producer *producer);

struct fake_txn_owner fake_producer_owner(const struct fake_producer *producer);
// Moves the state as the answer to a call demands, and returns that answer.
enum status fake_producer_note(struct fake_producer *producer, enum status status);
int64_t fake_producer_delivered(const struct fake_producer *producer, int32_t partition);

#endif
