// SPDX-License-Identifier: Apache-2.0
// The one place that looks at librdkafka's errors and says what the caller must do next.
#ifndef BROKER_KAFKA_ERRORS_H
#define BROKER_KAFKA_ERRORS_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#include "base/status.h"

// An error as librdkafka told it. Plain memory.
struct kafka_fault {
    rd_kafka_resp_err_t code;
    bool fatal;     // the handle is dead
    bool abortable; // the transaction must be aborted
    char text[512];
};

// What was being done when it happened: the same code can mean different things.
enum kafka_stage {
    KAFKA_STAGE_QUERY, // metadata, watermarks, committed offsets, settings: harmless to repeat
    KAFKA_STAGE_GROUP, // membership of the group
    KAFKA_STAGE_READ,  // a partition being read
    KAFKA_STAGE_INIT,  // init_transactions
    KAFKA_STAGE_TRANSACTION, // begin, produce, offsets, commit, abort
    KAFKA_STAGE_FLUSH,       // without transactions: produce, flush, offset commits
};

struct kafka_fault kafka_fault_of_code(rd_kafka_resp_err_t code, const char *text);
// Takes ownership of `error`, which must not be NULL.
struct kafka_fault kafka_fault_take(rd_kafka_error_t *error);
// The error that killed the handle, if one did: *fault is replaced by it.
void kafka_fault_deepen(rd_kafka_t *rk, struct kafka_fault *fault);

// What to do about it. Never STATUS_OK.
enum status kafka_fault_status(const struct kafka_fault *fault, enum kafka_stage stage);

// Writes "<what>: <librdkafka's sentence>[; <what to do>]" and returns kafka_fault_status.
enum status kafka_fault_report(const struct kafka_fault *fault, enum kafka_stage stage,
                               struct error *err, const char *what, ...) PRINTF_LIKE(4, 5) MUST_USE;

// True when another producer has taken our transactional.id, or the broker gave it a new epoch
// because a transaction was open for too long: the two look alike.
bool kafka_fault_is_fenced(const struct kafka_fault *fault);

#endif
