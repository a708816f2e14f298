// SPDX-License-Identifier: Apache-2.0
// A worker's producer and its transactions: what to do when one fails, when the outcome is unknown,
// and when the producer is dead. In at-least-once mode the same object without transactions.
//
//   no producer --reset--> initialising --reset--> ready --begin--> open --commit--> ready
//        ^                 (STATUS_RETRY)            ^---- abort ----|
//        `------------- any STATUS_RESET: the producer is not used again -----'
//
// Why a new producer after an unknown outcome: no version of librdkafka has the second transaction
// protocol (KIP-890), so a delayed EndTxn of this transaction could end the next one. A new
// producer's init_transactions raises the epoch, and what is late is refused.
#ifndef BROKER_KAFKA_TRANSACTION_H
#define BROKER_KAFKA_TRANSACTION_H

#include "broker/kafka_membership.h"
#include "broker/kafka_producing.h"

struct kafka_bounded;

// The producer and the thread that its unbounded call runs in. When that call hangs, both are put
// aside until it returns: librdkafka must not be torn down under it.
struct kafka_stuck {
    struct kafka_producing *producing;
    struct kafka_bounded *bounded;
    void *call;
};

enum { KAFKA_STUCK_MAX = 4, KAFKA_FENCES_MAX = 5 };

struct kafka_transaction {
    struct kafka_cluster *cluster;
    const struct kafka_settings *settings; // borrowed
    struct kafka_producing *producing;     // NULL: none
    struct kafka_bounded *bounded;
    bool ready;        // init_transactions is done
    bool open;         // between begin and commit or abort
    bool limits_known; // asked for once, and again when a record was too large
    struct kafka_limits limits;
    struct kafka_stuck stuck[KAFKA_STUCK_MAX];
    size_t stuck_count;
    int64_t fenced_ms[KAFKA_FENCES_MAX]; // the last times, oldest first
    size_t fenced_count;
    int64_t wait_until_ms; // no new producer before that
};

void kafka_transaction_init(struct kafka_transaction *transaction, struct kafka_cluster *cluster,
                            const struct kafka_settings *settings);
void kafka_transaction_release(struct kafka_transaction *transaction);

// See struct broker_ops for these.
enum status kafka_transaction_reset(struct kafka_transaction *transaction,
                                    struct error *err) MUST_USE;
enum status kafka_transaction_begin(struct kafka_transaction *transaction,
                                    struct error *err) MUST_USE;
// STATUS_RESET when there is no producer to write with.
enum status kafka_transaction_ready(const struct kafka_transaction *transaction,
                                    struct error *err) MUST_USE;
enum status kafka_transaction_commit(struct kafka_transaction *transaction,
                                     const struct kafka_membership *membership,
                                     const struct partition_offset *offsets, size_t count,
                                     struct error *err) MUST_USE;
enum status kafka_transaction_abort(struct kafka_transaction *transaction,
                                    struct error *err) MUST_USE;
enum status kafka_transaction_flush(struct kafka_transaction *transaction,
                                    struct error *err) MUST_USE;
enum status kafka_transaction_fence(struct kafka_transaction *transaction,
                                    const char *transactional_id, struct error *err) MUST_USE;

#endif
