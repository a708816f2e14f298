// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_writer.h"

#include <stdlib.h>

#include "base/memory.h"
#include "broker/kafka_cluster.h"
#include "broker/kafka_errors.h"

enum { SERVE_EVERY_COUNT = 512, ROOM_MS = 20 };

struct kafka_writer {
    struct kafka_client client;
    rd_kafka_topic_t *topic;
    uint64_t acknowledged;
    uint32_t unserved; // records since reports were last served
    bool failed;
    struct kafka_fault failure; // of the first record that was given up
};

// In the thread of the writer's caller, inside of a poll.
static void take_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    struct kafka_client *client = opaque;
    struct kafka_writer *writer = client->owner;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        writer->acknowledged++;
        return;
    }
    if (!writer->failed)
        writer->failure = kafka_fault_of_code(message->err, NULL);
    writer->failed = true;
}

enum status kafka_writer_open(struct kafka_cluster *cluster,
                              const struct kafka_writer_settings *settings,
                              struct kafka_writer **out, struct error *err)
{
    const struct kafka_properties properties = {settings->properties, settings->property_count};
    rd_kafka_conf_t *conf = NULL;
    enum status status = kafka_properties_conf(&properties, KAFKA_KIND_PRODUCER, &conf, err);
    if (status != STATUS_OK)
        return status;
    rd_kafka_conf_set_dr_msg_cb(conf, take_report);
    struct kafka_writer *writer = memory_zeroed(1, sizeof(*writer));
    status = kafka_client_open(&writer->client, RD_KAFKA_PRODUCER, conf, kafka_cluster_log(cluster),
                               writer, err);
    if (status == STATUS_OK)
        writer->topic = rd_kafka_topic_new(writer->client.rk, settings->topic, NULL);
    if (status == STATUS_OK && writer->topic == NULL)
        status = error_set(err, STATUS_FATAL, "'%s' cannot be written: %s", settings->topic,
                           rd_kafka_err2str(rd_kafka_last_error()));
    if (status != STATUS_OK) {
        kafka_writer_close(writer);
        return status;
    }
    *out = writer;
    return STATUS_OK;
}

void kafka_writer_close(struct kafka_writer *writer)
{
    if (writer == NULL)
        return;
    if (writer->topic != NULL)
        rd_kafka_topic_destroy(writer->topic);
    kafka_client_close(&writer->client);
    free(writer);
}

void kafka_writer_serve(struct kafka_writer *writer)
{
    writer->unserved = 0;
    rd_kafka_poll(writer->client.rk, 0);
}

static enum status report(struct kafka_writer *writer, struct kafka_fault fault, struct error *err)
{
    kafka_fault_deepen(writer->client.rk, &fault);
    (void)!kafka_fault_report(&fault, KAFKA_STAGE_FLUSH, err, "cannot write to topic %s",
                              rd_kafka_topic_name(writer->topic));
    return STATUS_FATAL;
}

static rd_kafka_resp_err_t put(struct kafka_writer *writer, const struct kafka_written *record)
{
    rd_kafka_vu_t units[6] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = writer->topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = record->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY,
         .u.mem = {(void *)(uintptr_t)record->key.data, record->key.size}},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
         .u.mem = {(void *)(uintptr_t)record->value.data, record->value.size}},
    };
    size_t count = 5;
    if (record->timestamp_ms >= 0)
        units[count++] =
            (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = record->timestamp_ms};
    rd_kafka_error_t *error = rd_kafka_produceva(writer->client.rk, units, count);
    rd_kafka_resp_err_t code = rd_kafka_error_code(error); // of NULL: none
    if (error != NULL)
        rd_kafka_error_destroy(error);
    return code;
}

enum status kafka_writer_send(struct kafka_writer *writer, const struct kafka_written *record,
                              struct error *err)
{
    if (++writer->unserved >= SERVE_EVERY_COUNT)
        kafka_writer_serve(writer);
    if (writer->failed)
        return report(writer, writer->failure, err);
    rd_kafka_resp_err_t code = put(writer, record);
    switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return STATUS_OK;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
        rd_kafka_poll(writer->client.rk, ROOM_MS);
        return error_set(err, STATUS_RETRY, "the queue for topic %s is full",
                         rd_kafka_topic_name(writer->topic));
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        return error_set(err, STATUS_RECORD, "a record of %zu bytes is too large for topic %s",
                         record->value.size, rd_kafka_topic_name(writer->topic));
    default:
        return report(writer, kafka_fault_of_code(code, NULL), err);
    }
}

enum status kafka_writer_flush(struct kafka_writer *writer, int timeout_ms, struct error *err)
{
    rd_kafka_resp_err_t code = rd_kafka_flush(writer->client.rk, timeout_ms);
    if (writer->failed)
        return report(writer, writer->failure, err);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return STATUS_OK;
    return error_set(err, STATUS_RETRY, "%d records for topic %s are not on the brokers yet",
                     rd_kafka_outq_len(writer->client.rk), rd_kafka_topic_name(writer->topic));
}

uint64_t kafka_writer_acknowledged(const struct kafka_writer *writer)
{
    return writer->acknowledged;
}
