// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// Codes that mean the same whatever was being done: an operator has to act. The advice ends the
// sentence.
struct verdict {
    rd_kafka_resp_err_t code;
    const char *advice;
};

static const struct verdict fatal_verdicts[] = {
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
     "grant Read and Describe on the input and the changelog topic, Write and Describe on the "
     "output topics and the changelog"},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
     "grant Read on the consumer group, which is named by application_id"},
    {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
     "grant Write and Describe on the TransactionalIds that start with the application_id"},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
     "grant IdempotentWrite on the cluster (brokers before 2.8), and Create for `init`"},
    {RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
     "another process runs with this processing.instance_id: stop one of the two, or give each an "
     "id of its own"},
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, "check kafka.sasl.*"},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, "check kafka.sasl.mechanism"},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION,
     "check kafka.sasl.* and kafka.security.protocol (SCRAM with Kafka 4 needs librdkafka 2.6.1 or "
     "later)"},
    {RD_KAFKA_RESP_ERR__SSL, "check kafka.ssl.* and kafka.security.protocol"},
    {RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT,
     "the broker's transaction.max.timeout.ms is below kafka.transaction.timeout.ms (default "
     "10000)"},
    {RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT,
     "the broker's group.min.session.timeout.ms and group.max.session.timeout.ms do not allow "
     "kafka.session.timeout.ms (default 10000)"},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT,
     "exactly-once needs message format 2 (brokers from 0.11)"},
    {RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, "the broker is too old for what is asked of it"},
    {RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL,
     "members of another kind are in this consumer group: application_id must be its own"},
};

static const char *fatal_advice(rd_kafka_resp_err_t code)
{
    for (size_t i = 0; i < sizeof(fatal_verdicts) / sizeof(fatal_verdicts[0]); i++)
        if (fatal_verdicts[i].code == code)
            return fatal_verdicts[i].advice;
    return NULL;
}

// What helps without anybody having to leave for it: a clock is set right, a topic's setting is
// changed, and the next attempt goes through.
static const char *advice_of(rd_kafka_resp_err_t code)
{
    if (code == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP)
        return "the record's time is further from the broker's clock than the topic allows: set "
               "the clock of this machine or of the broker right, or the topic's "
               "message.timestamp.after.max.ms and message.timestamp.before.max.ms higher";
    return fatal_advice(code);
}

struct kafka_fault kafka_fault_of_code(rd_kafka_resp_err_t code, const char *text)
{
    struct kafka_fault fault = {.code = code, .fatal = code == RD_KAFKA_RESP_ERR__FATAL};
    bool useful = text != NULL && text[0] != '\0';
    snprintf(fault.text, sizeof(fault.text), "%s", useful ? text : rd_kafka_err2str(code));
    return fault;
}

struct kafka_fault kafka_fault_take(rd_kafka_error_t *error)
{
    struct kafka_fault fault =
        kafka_fault_of_code(rd_kafka_error_code(error), rd_kafka_error_string(error));
    fault.fatal = fault.fatal || rd_kafka_error_is_fatal(error);
    fault.abortable = rd_kafka_error_txn_requires_abort(error);
    rd_kafka_error_destroy(error);
    return fault;
}

void kafka_fault_deepen(rd_kafka_t *rk, struct kafka_fault *fault)
{
    char text[sizeof(fault->text)];
    rd_kafka_resp_err_t code = rd_kafka_fatal_error(rk, text, sizeof(text));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    *fault = kafka_fault_of_code(code, text);
    fault->fatal = true;
}

bool kafka_fault_is_fenced(const struct kafka_fault *fault)
{
    return fault->code == RD_KAFKA_RESP_ERR__FENCED ||
           fault->code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
           fault->code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

// The group has gone on without us, or is about to: what the transaction holds must not count, but
// the producer is sound.
static bool is_membership(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
           code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
           code == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
}

static enum status transaction_status(const struct kafka_fault *fault)
{
    if (fault->code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        return STATUS_RECORD;
    if (fault->fatal || kafka_fault_is_fenced(fault))
        return STATUS_RESET;
    if (fault->abortable || is_membership(fault->code) ||
        fault->code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return STATUS_ABORT;
    // Time-outs, lost connections and whatever else is not known to be harmless: the outcome is
    // unknown, and a late request must not hit the next transaction.
    return STATUS_RESET;
}

// A partition's reading ends with any error that librdkafka does not repair itself.
static enum status read_status(const struct kafka_fault *fault)
{
    switch (fault->code) {
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET: // out of range
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__BAD_MSG: // librdkafka skips the damaged batch: it would be lost
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR__UNDERFLOW:
        return STATUS_RESET;
    default:
        return STATUS_RETRY;
    }
}

static enum status flush_status(const struct kafka_fault *fault)
{
    return fault->code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ? STATUS_RECORD : STATUS_RESET;
}

enum status kafka_fault_status(const struct kafka_fault *fault, enum kafka_stage stage)
{
    if (fatal_advice(fault->code) != NULL)
        return STATUS_FATAL;
    switch (stage) {
    case KAFKA_STAGE_GROUP:
        return fault->fatal ? STATUS_FATAL : STATUS_RETRY;
    case KAFKA_STAGE_READ:
        return read_status(fault);
    case KAFKA_STAGE_TRANSACTION:
        return transaction_status(fault);
    case KAFKA_STAGE_FLUSH:
        return flush_status(fault);
    case KAFKA_STAGE_QUERY:
    case KAFKA_STAGE_INIT:
        break;
    }
    return STATUS_RETRY;
}

enum status kafka_fault_report(const struct kafka_fault *fault, enum kafka_stage stage,
                               struct error *err, const char *what, ...)
{
    char subject[384];
    va_list args;
    va_start(args, what);
    vsnprintf(subject, sizeof(subject), what, args);
    va_end(args);
    const char *advice = advice_of(fault->code);
    return error_set(err, kafka_fault_status(fault, stage), "%s: %s (%s)%s%s", subject, fault->text,
                     rd_kafka_err2name(fault->code), advice != NULL ? "; " : "",
                     advice != NULL ? advice : "");
}
