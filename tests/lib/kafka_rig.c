// SPDX-License-Identifier: Apache-2.0
#include "lib/kafka_rig.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "broker/kafka_client.h"
#include "lib/plain_client.h"

static void stop(const char *what, const char *text)
{
    fprintf(stderr, "test rig: %s: %s\n", what, text);
    ensure(what == NULL);
}

void rig_ok(enum status status, const struct error *err)
{
    if (status != STATUS_OK)
        stop(status_name(status), err->text);
}

void kafka_rig_property(struct kafka_rig *rig, const char *name, const char *value)
{
    ensure(rig->property_count < RIG_PROPERTIES_MAX);
    rig->properties[rig->property_count++] = (struct kafka_property){name, value};
}

void kafka_rig_open_named(struct kafka_rig *rig, const char *servers, const char *input,
                          const char *const *outputs)
{
    *rig = (struct kafka_rig){.servers = servers, .group_id = "cardwatch-test", .input = input};
    memcpy(rig->outputs, outputs, sizeof(rig->outputs));
    kafka_rig_property(rig, "bootstrap.servers", servers);
    kafka_rig_property(rig, "session.timeout.ms", "6000");
    kafka_rig_property(rig, "heartbeat.interval.ms", "300");
    kafka_rig_property(rig, "fetch.wait.max.ms", "10");
    rig->writer = PLAIN_CLIENT(RD_KAFKA_PRODUCER, {"bootstrap.servers", servers},
                               {"log_level", "0"}, {"linger.ms", "0"});
    // Known before the connection is made, they are looked up at once.
    rig->held[0] = rd_kafka_topic_new(rig->writer, rig->input, NULL);
    rig->held[1] = rd_kafka_topic_new(rig->writer, rig->outputs[OUTPUT_CHANGELOG], NULL);
}

void kafka_rig_open(struct kafka_rig *rig, const char *servers)
{
    static const char *const outputs[OUTPUT_TOPICS] = {"alerts-avro", "alerts-json", "dead",
                                                       "changelog"};
    kafka_rig_open_named(rig, servers, "purchases", outputs);
}

void kafka_rig_open_cluster(struct kafka_rig *rig)
{
    struct error err;
    rig_ok(kafka_cluster_open(rig->properties, rig->property_count, &rig->cluster, &err), &err);
}

void kafka_rig_close(struct kafka_rig *rig)
{
    kafka_cluster_close(rig->cluster);
    for (int i = 0; i < 2; i++)
        rd_kafka_topic_destroy(rig->held[i]);
    rd_kafka_destroy(rig->writer);
}

struct broker *kafka_rig_broker(struct kafka_rig *rig, const char *instance_id,
                                const char *transactional_id)
{
    if (rig->cluster == NULL)
        kafka_rig_open_cluster(rig);
    struct kafka_settings settings = {
        .properties = rig->properties,
        .property_count = rig->property_count,
        .group_id = rig->group_id,
        .group_instance_id = instance_id,
        .transactional_id = transactional_id,
        .input_topic = rig->input,
        .table_topic = rig->table,
    };
    memcpy(settings.outputs, rig->outputs, sizeof(settings.outputs));
    struct broker *broker = NULL;
    struct error err;
    rig_ok(broker_kafka_open(rig->cluster, &settings, &broker, &err), &err);
    return broker;
}

static void put_async(struct kafka_rig *rig, const char *topic, int32_t partition, const char *key,
                      const char *value)
{
    rd_kafka_resp_err_t code = rd_kafka_producev(
        rig->writer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(key, (key != NULL ? strlen(key) : 0)),
        RD_KAFKA_V_VALUE((void *)(uintptr_t)value, (value != NULL ? strlen(value) : 0)),
        RD_KAFKA_V_END);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        stop("writing", rd_kafka_err2str(code));
}

static void put_all(struct kafka_rig *rig)
{
    rd_kafka_resp_err_t code = rd_kafka_flush(rig->writer, RIG_WAIT_MS);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        stop("flushing", rd_kafka_err2str(code));
}

int64_t kafka_rig_put(struct kafka_rig *rig, const char *topic, int32_t partition, const char *key,
                      const char *value)
{
    put_async(rig, topic, partition, key, value);
    put_all(rig);
    int64_t low = 0;
    int64_t high = 0;
    rd_kafka_query_watermark_offsets(rig->writer, topic, partition, &low, &high, RIG_WAIT_MS);
    return high - 1;
}

void kafka_rig_fill(struct kafka_rig *rig, const char *topic, int32_t partition, int count)
{
    for (int i = 0; i < count; i++) {
        char text[16];
        snprintf(text, sizeof(text), "%d", i);
        put_async(rig, topic, partition, text, text);
        if (i % 10000 == 9999)
            put_all(rig);
    }
    put_all(rig);
}

void kafka_rig_delete_before(struct kafka_rig *rig, const char *topic, int32_t partition,
                             int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    rd_kafka_DeleteRecords_t *records = rd_kafka_DeleteRecords_new(list);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rig->writer);
    rd_kafka_DeleteRecords(rig->writer, &records, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, RIG_WAIT_MS);
    if (event == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        stop("deleting records", topic);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_DeleteRecords_destroy(records);
    rd_kafka_topic_partition_list_destroy(list);
}

static rd_kafka_t *connect_reader(const struct kafka_rig *rig, const char *isolation)
{
    return PLAIN_CLIENT(RD_KAFKA_CONSUMER, {"bootstrap.servers", rig->servers}, {"log_level", "0"},
                        {"group.id", "rig"}, {"isolation.level", isolation},
                        {"enable.partition.eof", "true"}, {"fetch.wait.max.ms", "20"});
}

static int32_t assign_all(struct kafka_rig *rig, rd_kafka_t *reader, const char *topic)
{
    int32_t count = -1;
    struct error err;
    rig_ok(kafka_topic_partitions(rig->cluster, topic, &count, &err), &err);
    plain_client_assign(reader, topic, count);
    return count;
}

struct rig_records kafka_rig_read(struct kafka_rig *rig, const char *topic, const char *isolation)
{
    struct rig_records records = {.reader = connect_reader(rig, isolation)};
    int32_t open = assign_all(rig, records.reader, topic);
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    while (open > 0) {
        if (clock_now_ms() > deadline_ms)
            stop("reading", topic);
        rd_kafka_message_t *message = rd_kafka_consumer_poll(records.reader, 100);
        if (message == NULL)
            continue;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            records.items = memory_resized(records.items, records.count + 1, sizeof(message));
            records.items[records.count++] = message;
            continue;
        }
        open -= message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
        rd_kafka_message_destroy(message);
    }
    return records;
}

void rig_records_free(struct rig_records *records)
{
    for (size_t i = 0; i < records->count; i++)
        rd_kafka_message_destroy(records->items[i]);
    free(records->items);
    rd_kafka_destroy(records->reader);
}

struct batch rig_await_event(struct broker *broker, enum membership_event event)
{
    struct batch batch;
    struct error err = {""};
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    do {
        enum status status = broker->ops->poll(broker, 100, &batch, &err);
        if (status != STATUS_RETRY)
            rig_ok(status, &err);
        if (clock_now_ms() > deadline_ms)
            stop("the event did not come", err.text);
        if (batch.event != EVENT_NONE && batch.event != event)
            rig_ok(broker->ops->accept(broker, &err), &err);
    } while (batch.event != event);
    return batch;
}

size_t rig_join(struct broker *broker)
{
    struct error err;
    struct batch batch = rig_await_event(broker, EVENT_ASSIGNED);
    rig_ok(broker->ops->accept(broker, &err), &err);
    return batch.partition_count;
}

int64_t rig_committed(struct broker *broker, int32_t partition)
{
    struct error err;
    int64_t offset = -2;
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    enum status status;
    while ((status = broker->ops->committed(broker, partition, &offset, &err)) == STATUS_RETRY)
        if (clock_now_ms() > deadline_ms)
            stop("no committed offset", err.text);
    rig_ok(status, &err);
    return offset;
}

void rig_reset(struct broker *broker)
{
    struct error err;
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    enum status status;
    while ((status = broker->ops->reset(broker, &err)) == STATUS_RETRY)
        if (clock_now_ms() > deadline_ms)
            stop("no producer", err.text);
    rig_ok(status, &err);
}

struct batch rig_await_records(struct broker *broker)
{
    struct batch batch;
    struct error err = {""};
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    do {
        enum status status = broker->ops->poll(broker, 200, &batch, &err);
        if (status != STATUS_RETRY)
            rig_ok(status, &err);
        if (clock_now_ms() > deadline_ms)
            stop("no records", err.text);
        if (batch.event != EVENT_NONE)
            rig_ok(broker->ops->accept(broker, &err), &err);
    } while (batch.message_count == 0);
    return batch;
}
