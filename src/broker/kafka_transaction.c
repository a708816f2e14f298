// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_transaction.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "broker/kafka_bounded.h"
#include "broker/kafka_cluster.h"
#include "broker/kafka_errors.h"
#include "broker/kafka_offsets.h"

enum {
    INIT_STEP_MS = 1000,
    LIMIT_MS = 500,
    FENCE_MS = 5000,
    // A transaction that takes longer is aborted by the broker anyway (transaction.timeout.ms).
    OFFSETS_MS = 10000,
    COMMIT_MS = 10000,
    ABORT_MS = 10000,
    FLUSH_MS = 30000,
    CLOSE_STUCK_MS = 1000,
    FENCES_WITHIN_MS = 60000,
    // Long enough for a heartbeat to say whether a second process has taken our place in the group.
    FENCED_WAIT_MS = 2500,
};

static const char *id_of(const struct kafka_transaction *transaction)
{
    return transaction->settings->transactional_id;
}

void kafka_transaction_init(struct kafka_transaction *transaction, struct kafka_cluster *cluster,
                            const struct kafka_settings *settings)
{
    *transaction = (struct kafka_transaction){.cluster = cluster, .settings = settings};
    kafka_limits_init(&transaction->limits);
}

// ---------------------------------------------------------------------------------------------
// The unbounded call

struct offsets_call {
    rd_kafka_t *rk;
    rd_kafka_topic_partition_list_t *list;
    struct kafka_identity *identity;
    rd_kafka_error_t *error;
};

static void offsets_send(void *context)
{
    struct offsets_call *call = context;
    call->error = rd_kafka_send_offsets_to_transaction(call->rk, call->list,
                                                       call->identity->metadata, OFFSETS_MS);
}

static void offsets_call_free(struct offsets_call *call)
{
    rd_kafka_topic_partition_list_destroy(call->list);
    kafka_identity_drop(call->identity);
    if (call->error != NULL)
        rd_kafka_error_destroy(call->error);
    free(call);
}

static void stuck_free(struct kafka_stuck *stuck)
{
    kafka_bounded_close(stuck->bounded);
    offsets_call_free(stuck->call);
    kafka_producing_close(stuck->producing);
    free(stuck->producing);
}

// Frees what has come back.
static void stuck_reap(struct kafka_transaction *transaction)
{
    size_t kept = 0;
    for (size_t i = 0; i < transaction->stuck_count; i++) {
        if (kafka_bounded_idle(transaction->stuck[i].bounded))
            stuck_free(&transaction->stuck[i]);
        else
            transaction->stuck[kept++] = transaction->stuck[i];
    }
    transaction->stuck_count = kept;
}

static void put_aside(struct kafka_transaction *transaction, struct offsets_call *call)
{
    ensure(transaction->stuck_count < KAFKA_STUCK_MAX);
    transaction->stuck[transaction->stuck_count++] =
        (struct kafka_stuck){transaction->producing, transaction->bounded, call};
    transaction->producing = NULL;
    transaction->bounded = NULL;
    transaction->ready = false;
    transaction->open = false;
}

// ---------------------------------------------------------------------------------------------
// The producer's life

static void producer_close(struct kafka_transaction *transaction)
{
    if (transaction->producing != NULL)
        kafka_producing_close(transaction->producing);
    free(transaction->producing);
    transaction->producing = NULL;
    transaction->ready = false;
    transaction->open = false;
}

void kafka_transaction_release(struct kafka_transaction *transaction)
{
    producer_close(transaction);
    kafka_bounded_close(transaction->bounded);
    transaction->bounded = NULL;
    int64_t deadline_ms = clock_now_ms() + CLOSE_STUCK_MS;
    stuck_reap(transaction);
    while (transaction->stuck_count > 0 && clock_now_ms() < deadline_ms)
        stuck_reap(transaction);
    if (transaction->stuck_count > 0)
        log_warn("kafka", "a call of librdkafka hangs: its producer is left behind",
                 LOG_TEXT("transactional_id", id_of(transaction)));
}

static enum status producer_open(struct kafka_transaction *transaction, struct error *err)
{
    if (transaction->bounded == NULL && id_of(transaction) != NULL)
        transaction->bounded = kafka_bounded_open("transaction");
    if (transaction->bounded == NULL && id_of(transaction) != NULL)
        return error_set(err, STATUS_RETRY, KAFKA_BOUNDED_NONE);
    if (!transaction->limits_known)
        transaction->limits_known = kafka_limits_ask(&transaction->limits, transaction->cluster,
                                                     transaction->settings, LIMIT_MS);
    struct kafka_producing *producing = memory_zeroed(1, sizeof(*producing));
    enum status status = kafka_producing_open(producing, transaction->settings, id_of(transaction),
                                              &transaction->limits, err);
    if (status != STATUS_OK) {
        free(producing);
        return status;
    }
    transaction->producing = producing;
    return STATUS_OK;
}

static enum status init_report(struct kafka_transaction *transaction, const char *id,
                               rd_kafka_error_t *error, struct error *err)
{
    bool resumable = rd_kafka_error_is_retriable(error);
    struct kafka_fault fault = kafka_fault_take(error);
    if (transaction != NULL && !resumable)
        producer_close(transaction);
    return kafka_fault_report(&fault, KAFKA_STAGE_INIT, err,
                              "cannot initialise transactional.id %s", id);
}

// A second process under our name fences the producer, and then takes our place in the group. To
// fence it in turn before the group has spoken would be a duel that none of the two survives.
static void note_fenced(struct kafka_transaction *transaction)
{
    struct kafka_fault fault = kafka_fault_of_code(RD_KAFKA_RESP_ERR_NO_ERROR, NULL);
    kafka_fault_deepen(transaction->producing->client.rk, &fault);
    if (transaction->settings->group_instance_id != NULL && kafka_fault_is_fenced(&fault))
        transaction->wait_until_ms = clock_now_ms() + FENCED_WAIT_MS;
}

enum status kafka_transaction_reset(struct kafka_transaction *transaction, struct error *err)
{
    stuck_reap(transaction);
    if (transaction->stuck_count == KAFKA_STUCK_MAX)
        return error_set(err, STATUS_FATAL,
                         "%d calls of librdkafka hang in transactional.id %s: giving up",
                         KAFKA_STUCK_MAX, id_of(transaction));
    if (transaction->ready) {
        note_fenced(transaction);
        producer_close(transaction);
    }
    if (clock_now_ms() < transaction->wait_until_ms)
        return error_set(err, STATUS_RETRY,
                         "transactional.id %s was fenced: waiting to hear whether another process "
                         "runs with this processing.instance_id",
                         id_of(transaction));
    enum status status =
        transaction->producing == NULL ? producer_open(transaction, err) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    ensure(transaction->producing != NULL);
    if (id_of(transaction) == NULL) {
        transaction->ready = true;
        return STATUS_OK;
    }
    rd_kafka_t *rk = transaction->producing->client.rk;
    rd_kafka_poll(rk, 0);
    rd_kafka_error_t *error = rd_kafka_init_transactions(rk, INIT_STEP_MS);
    if (error != NULL)
        return init_report(transaction, id_of(transaction), error, err);
    transaction->ready = true;
    return STATUS_OK;
}

enum status kafka_transaction_ready(const struct kafka_transaction *transaction, struct error *err)
{
    if (!transaction->ready)
        return error_set(err, STATUS_RESET, "there is no producer to write with yet");
    if (transaction->open || !kafka_echo_possible(&transaction->producing->echo))
        return STATUS_OK;
    // The outcome was known, and yet what librdkafka has sent twice may arrive twice.
    return error_set(err, STATUS_RESET,
                     "a connection broke in the last transaction of transactional.id %s: a "
                     "request of it may still arrive, and must not find another transaction",
                     id_of(transaction));
}

enum status kafka_transaction_fence(struct kafka_transaction *transaction, const char *id,
                                    struct error *err)
{
    struct kafka_producing producing;
    enum status status =
        kafka_producing_open(&producing, transaction->settings, id, &transaction->limits, err);
    if (status != STATUS_OK)
        return status;
    rd_kafka_error_t *error = rd_kafka_init_transactions(producing.client.rk, FENCE_MS);
    if (error != NULL)
        status = init_report(NULL, id, error, err);
    kafka_producing_close(&producing);
    return status;
}

// ---------------------------------------------------------------------------------------------
// Transactions

// Being fenced once is the cure for a slow transaction or the word of a successor; time and again
// it is a second process that works under our name.
static bool fenced_too_often(struct kafka_transaction *transaction)
{
    int64_t now_ms = clock_now_ms();
    if (transaction->fenced_count == KAFKA_FENCES_MAX) {
        memmove(transaction->fenced_ms, transaction->fenced_ms + 1,
                (KAFKA_FENCES_MAX - 1) * sizeof(transaction->fenced_ms[0]));
        transaction->fenced_count--;
    }
    transaction->fenced_ms[transaction->fenced_count++] = now_ms;
    return transaction->fenced_count == KAFKA_FENCES_MAX &&
           now_ms - transaction->fenced_ms[0] <= FENCES_WITHIN_MS;
}

// Folds a failure of a step of the transaction. After STATUS_RESET the producer is not used again.
static enum status failed(struct kafka_transaction *transaction, struct kafka_fault *fault,
                          const char *step, struct error *err)
{
    struct kafka_producing *producing = transaction->producing;
    kafka_fault_deepen(producing->client.rk, fault);
    bool too_large =
        producing->failed && producing->failure.code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    if (too_large)
        transaction->limits_known = false; // somebody has lowered one of them
    enum status status =
        kafka_fault_report(fault, KAFKA_STAGE_TRANSACTION, err, "cannot %s of transactional.id %s",
                           step, id_of(transaction));
    kafka_producing_explain(producing, err);
    if (status == STATUS_RECORD)
        status = STATUS_RESET;
    // What was delivered with an error of the operator's making fails again each time.
    if (producing->failed &&
        kafka_fault_status(&producing->failure, KAFKA_STAGE_TRANSACTION) == STATUS_FATAL)
        status = STATUS_FATAL;
    if (kafka_fault_is_fenced(fault) && fenced_too_often(transaction))
        return error_set(err, STATUS_FATAL,
                         "transactional.id %s has been fenced %d times within %d s: another "
                         "process runs with this processing.instance_id, or transactions take "
                         "longer than kafka.transaction.timeout.ms",
                         id_of(transaction), KAFKA_FENCES_MAX, FENCES_WITHIN_MS / 1000);
    // New limits hold for new producers only.
    return too_large && status == STATUS_ABORT ? STATUS_RESET : status;
}

enum status kafka_transaction_begin(struct kafka_transaction *transaction, struct error *err)
{
    enum status status = kafka_transaction_ready(transaction, err);
    if (status != STATUS_OK || id_of(transaction) == NULL)
        return status;
    kafka_producing_forgive(transaction->producing);
    rd_kafka_error_t *error = rd_kafka_begin_transaction(transaction->producing->client.rk);
    if (error == NULL) {
        transaction->open = true;
        kafka_producing_hold(transaction->producing);
        return STATUS_OK;
    }
    struct kafka_fault fault = kafka_fault_take(error);
    return failed(transaction, &fault, "begin a transaction", err);
}

static enum status send_offsets(struct kafka_transaction *transaction,
                                const struct kafka_membership *membership,
                                const struct partition_offset *offsets, size_t count,
                                struct error *err)
{
    struct offsets_call *call = memory_zeroed(1, sizeof(*call));
    call->rk = transaction->producing->client.rk;
    call->list = kafka_offsets_list(membership->topic, offsets, count);
    call->identity = kafka_identity_keep(membership->identity);
    if (!kafka_bounded_run(transaction->bounded, offsets_send, call, OFFSETS_MS)) {
        put_aside(transaction, call);
        return error_set(err, STATUS_RESET,
                         "no answer for %d s to the input offsets of a transaction of "
                         "transactional.id %s",
                         OFFSETS_MS / 1000, id_of(transaction));
    }
    rd_kafka_error_t *error = call->error;
    call->error = NULL;
    offsets_call_free(call);
    if (error == NULL)
        return STATUS_OK;
    struct kafka_fault fault = kafka_fault_take(error);
    return failed(transaction, &fault, "add the input offsets to a transaction", err);
}

enum status kafka_transaction_commit(struct kafka_transaction *transaction,
                                     const struct kafka_membership *membership,
                                     const struct partition_offset *offsets, size_t count,
                                     struct error *err)
{
    ensure(transaction->open);
    if (count > 0 && (membership->identity == NULL || membership->lost_unsaid))
        return error_set(err, STATUS_ABORT,
                         "consumer group %s has given our partitions away: nothing committed",
                         membership->group_id);
    enum status status =
        count > 0 ? send_offsets(transaction, membership, offsets, count, err) : STATUS_OK;
    if (status == STATUS_OK)
        status = kafka_producing_send_held(transaction->producing, err);
    if (status != STATUS_OK)
        return status;
    ensure(transaction->producing != NULL); // only a call that hangs takes it away
    rd_kafka_error_t *error =
        rd_kafka_commit_transaction(transaction->producing->client.rk, COMMIT_MS);
    if (error == NULL) {
        transaction->open = false;
        return STATUS_OK;
    }
    struct kafka_fault fault = kafka_fault_take(error);
    return failed(transaction, &fault, "commit a transaction", err);
}

enum status kafka_transaction_abort(struct kafka_transaction *transaction, struct error *err)
{
    enum status status = kafka_transaction_ready(transaction, err);
    if (status != STATUS_OK || !transaction->open)
        return status;
    kafka_producing_drop_held(transaction->producing);
    rd_kafka_error_t *error =
        rd_kafka_abort_transaction(transaction->producing->client.rk, ABORT_MS);
    if (error == NULL) {
        transaction->open = false;
        kafka_producing_forgive(transaction->producing);
        return STATUS_OK;
    }
    struct kafka_fault fault = kafka_fault_take(error);
    status = failed(transaction, &fault, "abort a transaction", err);
    return status == STATUS_ABORT ? STATUS_RESET : status;
}

enum status kafka_transaction_flush(struct kafka_transaction *transaction, struct error *err)
{
    enum status status = kafka_transaction_ready(transaction, err);
    if (status != STATUS_OK)
        return status;
    struct kafka_producing *producing = transaction->producing;
    status = kafka_producing_send_held(producing, err);
    if (status != STATUS_OK)
        return status;
    if (!kafka_producing_flush(producing, FLUSH_MS))
        return error_set(err, STATUS_RESET, "records are still not acknowledged after %d s",
                         FLUSH_MS / 1000);
    if (!producing->failed)
        return STATUS_OK;
    if (producing->failure.code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        transaction->limits_known = false;
    status = kafka_fault_status(&producing->failure, KAFKA_STAGE_FLUSH);
    status = error_set(err, status == STATUS_FATAL ? STATUS_FATAL : STATUS_RESET,
                       "a record was not delivered");
    kafka_producing_explain(producing, err);
    return status;
}
