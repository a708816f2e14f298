// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_writer.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "broker/kafka_cluster.h"
#include "broker/kafka_errors.h"

enum { FULL_STEP_MS = 20 };

struct kafka_writer {
    struct kafka_client client;
    char *topic;
    bool failed;
    int32_t failed_partition;
    struct kafka_fault failure; // the first one
};

// Inside rd_kafka_poll and flush: the writer's own thread.
static void take_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    struct kafka_writer *writer = ((struct kafka_client *)opaque)->owner;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        kafka_client_up(&writer->client);
        return;
    }
    if (writer->failed)
        return;
    writer->failed = true;
    writer->failure = kafka_fault_of_code(message->err, rd_kafka_message_errstr(message));
    writer->failed_partition = message->partition;
}

enum status kafka_writer_open(const struct kafka_writer_settings *settings,
                              struct kafka_writer **out, struct error *err)
{
    const struct kafka_properties properties = {settings->properties, settings->property_count};
    rd_kafka_conf_t *conf = NULL;
    enum status status = kafka_properties_conf(&properties, KAFKA_KIND_PRODUCER, &conf, err);
    if (status != STATUS_OK)
        return status;
    rd_kafka_conf_set_dr_msg_cb(conf, take_report);
    struct kafka_writer *writer = memory_zeroed(1, sizeof(*writer));
    status = kafka_client_open(&writer->client, RD_KAFKA_PRODUCER, conf, writer, err);
    if (status != STATUS_OK) {
        free(writer);
        return status;
    }
    writer->topic = memory_text(settings->topic);
    *out = writer;
    return STATUS_OK;
}

void kafka_writer_close(struct kafka_writer *writer)
{
    if (writer == NULL)
        return;
    rd_kafka_purge(writer->client.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    kafka_client_close(&writer->client);
    free(writer->topic);
    free(writer);
}

static enum status explain_failure(struct kafka_writer *writer, struct error *err)
{
    enum status ignored = kafka_fault_report(&writer->failure, KAFKA_STAGE_FLUSH, err,
                                             "a record for %s/%" PRId32 " was not written",
                                             writer->topic, writer->failed_partition);
    (void)ignored;
    return STATUS_FATAL;
}

static enum status explain_wait(struct kafka_writer *writer, struct error *err)
{
    rd_kafka_resp_err_t code;
    char text[512];
    if (kafka_client_is_down(&writer->client, &code, text, sizeof(text)))
        return error_set(err, STATUS_RETRY, "no Kafka broker can be reached: %s", text);
    return error_set(err, STATUS_RETRY, "%d records for topic %s wait for the brokers",
                     rd_kafka_outq_len(writer->client.rk), writer->topic);
}

static rd_kafka_headers_t *headers_of(const struct kafka_writer_record *record)
{
    if (record->header_count == 0)
        return NULL;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);
    for (size_t i = 0; i < record->header_count; i++)
        rd_kafka_header_add(headers, record->headers[i].name, -1, record->headers[i].value.data,
                            (ssize_t)record->headers[i].value.size);
    return headers;
}

static struct kafka_fault produce(struct kafka_writer *writer,
                                  const struct kafka_writer_record *record)
{
    rd_kafka_headers_t *headers = headers_of(record);
    // const is cast away for va_arg's sake: RD_KAFKA_MSG_F_COPY only reads.
    void *value = (void *)(uintptr_t)record->value.data;
    const void *key = record->key.data;
    rd_kafka_vu_t items[] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = writer->topic},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)key, record->key.size}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {value, record->value.size}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP,
         .u.i64 = record->timestamp_ms > 0 ? record->timestamp_ms : 0},
        {.vtype = RD_KAFKA_VTYPE_PARTITION,
         .u.i32 = record->has_partition ? record->partition : RD_KAFKA_PARTITION_UA},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    size_t count = sizeof(items) / sizeof(items[0]) - (headers == NULL ? 1 : 0);
    rd_kafka_error_t *error = rd_kafka_produceva(writer->client.rk, items, count);
    if (error == NULL)
        return (struct kafka_fault){.code = RD_KAFKA_RESP_ERR_NO_ERROR};
    if (headers != NULL)
        rd_kafka_headers_destroy(headers);
    return kafka_fault_take(error);
}

static enum status explain_refusal(struct kafka_writer *writer, const struct kafka_fault *fault,
                                   struct error *err)
{
    enum status status = kafka_fault_report(fault, KAFKA_STAGE_FLUSH, err,
                                            "cannot write to topic %s", writer->topic);
    return status == STATUS_RECORD ? STATUS_RECORD : STATUS_FATAL;
}

enum status kafka_writer_write(struct kafka_writer *writer,
                               const struct kafka_writer_record *record, int timeout_ms,
                               struct error *err)
{
    int64_t deadline_ms = clock_now_ms() + timeout_ms;
    for (;;) {
        rd_kafka_poll(writer->client.rk, 0);
        if (writer->failed)
            return explain_failure(writer, err);
        struct kafka_fault fault = produce(writer, record);
        if (fault.code == RD_KAFKA_RESP_ERR_NO_ERROR)
            return STATUS_OK;
        if (fault.code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            return explain_refusal(writer, &fault, err);
        if (clock_now_ms() >= deadline_ms)
            return explain_wait(writer, err);
        rd_kafka_poll(writer->client.rk, FULL_STEP_MS);
    }
}

enum status kafka_writer_flush(struct kafka_writer *writer, int timeout_ms, struct error *err)
{
    rd_kafka_resp_err_t code = rd_kafka_flush(writer->client.rk, timeout_ms);
    if (writer->failed)
        return explain_failure(writer, err);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? STATUS_OK : explain_wait(writer, err);
}

int64_t kafka_writer_waiting(struct kafka_writer *writer)
{
    return rd_kafka_outq_len(writer->client.rk);
}
