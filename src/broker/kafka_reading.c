// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_reading.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"
#include "broker/kafka_cluster.h"
#include "broker/kafka_errors.h"

enum { WAKE_EVERY_MS = 20 };

static enum status client_open(struct kafka_reading *reading, const struct kafka_reading_plan *plan,
                               struct error *err)
{
    rd_kafka_conf_t *conf = NULL;
    enum status status = kafka_properties_conf(&plan->properties, plan->kind, &conf, err);
    if (status != STATUS_OK)
        return status;
    kafka_conf_set(conf, "group.id", plan->group_id);
    if (plan->uncommitted)
        kafka_conf_set(conf, "isolation.level", "read_uncommitted");
    return kafka_client_open(&reading->client, RD_KAFKA_CONSUMER, conf, reading, err);
}

enum status kafka_reading_open(struct kafka_reading *reading, const struct kafka_reading_plan *plan,
                               struct error *err)
{
    *reading = (struct kafka_reading){.topic = plan->topic};
    enum status status = client_open(reading, plan, err);
    if (status != STATUS_OK)
        return status;
    reading->handle = rd_kafka_topic_new(reading->client.rk, plan->topic, NULL);
    if (reading->handle == NULL) {
        kafka_client_close(&reading->client);
        return error_set(err, STATUS_FATAL, "'%s' cannot be a topic's name", plan->topic);
    }
    rd_kafka_poll_set_consumer(reading->client.rk);
    reading->queue = rd_kafka_queue_get_consumer(reading->client.rk);
    reading->waker = kafka_waker_open(reading->client.rk, plan->topic);
    reading->natives = memory_zeroed(KAFKA_BATCH_MESSAGES_MAX, sizeof(reading->natives[0]));
    reading->messages = memory_zeroed(KAFKA_BATCH_MESSAGES_MAX, sizeof(reading->messages[0]));
    return STATUS_OK;
}

static void let_go(struct kafka_reading *reading)
{
    for (size_t i = 0; i < reading->native_count; i++)
        rd_kafka_message_destroy(reading->natives[i]);
    reading->native_count = 0;
    reading->message_count = 0;
}

void kafka_reading_close(struct kafka_reading *reading)
{
    if (reading->client.rk == NULL)
        return;
    let_go(reading);
    kafka_waker_close(reading->waker);
    rd_kafka_queue_destroy(reading->queue);
    rd_kafka_topic_destroy(reading->handle);
    kafka_client_close(&reading->client);
    free(reading->natives);
    free(reading->messages);
    free(reading->places);
    *reading = (struct kafka_reading){.topic = NULL};
}

static struct kafka_place *place_of(struct kafka_reading *reading, int32_t partition)
{
    return partition >= 0 && partition < reading->place_count ? &reading->places[partition] : NULL;
}

static struct kafka_place *place_made(struct kafka_reading *reading, int32_t partition)
{
    ensure(partition >= 0 && partition < PARTITIONS_MAX);
    if (partition >= reading->place_count) {
        reading->places =
            memory_resized(reading->places, (size_t)partition + 1, sizeof(reading->places[0]));
        for (int32_t i = reading->place_count; i <= partition; i++)
            reading->places[i] = (struct kafka_place){.end = -1};
        reading->place_count = partition + 1;
    }
    return &reading->places[partition];
}

// Adds the partition to the handle's assignment, or takes it out (`offset` < 0).
static enum status assign(struct kafka_reading *reading, int32_t partition, int64_t offset,
                          struct error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *item =
        rd_kafka_topic_partition_list_add(list, reading->topic, partition);
    rd_kafka_error_t *error = NULL;
    if (offset >= 0) {
        item->offset = offset;
        error = rd_kafka_incremental_assign(reading->client.rk, list);
    } else {
        error = rd_kafka_incremental_unassign(reading->client.rk, list);
    }
    rd_kafka_topic_partition_list_destroy(list);
    if (error == NULL)
        return STATUS_OK;
    struct kafka_fault fault = kafka_fault_take(error);
    return kafka_fault_report(&fault, KAFKA_STAGE_QUERY, err, "cannot %s reading %s/%" PRId32,
                              offset >= 0 ? "begin" : "end", reading->topic, partition);
}

enum status kafka_reading_stop(struct kafka_reading *reading, int32_t partition, struct error *err)
{
    struct kafka_place *place = place_of(reading, partition);
    if (place == NULL || !place->started)
        return STATUS_OK;
    enum status status = assign(reading, partition, -1, err);
    if (status != STATUS_OK)
        return status;
    place->started = false;
    reading->started_count--;
    return STATUS_OK;
}

enum status kafka_reading_start(struct kafka_reading *reading, int32_t partition, int64_t offset,
                                struct error *err)
{
    ensure(offset >= 0);
    enum status status = kafka_reading_stop(reading, partition, err);
    if (status == STATUS_OK)
        status = assign(reading, partition, offset, err);
    if (status != STATUS_OK)
        return status;
    *place_made(reading, partition) =
        (struct kafka_place){.started = true, .next = offset, .end = -1};
    reading->started_count++;
    return STATUS_OK;
}

static void take_record(struct kafka_reading *reading, rd_kafka_message_t *native)
{
    struct kafka_place *place = place_of(reading, native->partition);
    if (place == NULL || !place->started || native->offset < place->next)
        return; // under way from before
    place->next = native->offset + 1;
    place->seen = true;
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    int64_t timestamp_ms = rd_kafka_message_timestamp(native, &type);
    reading->messages[reading->message_count++] = (struct message){
        .partition = native->partition,
        .offset = native->offset,
        .timestamp_ms = timestamp_ms,
        // A producer may leave it out: -1 then, with a type all the same.
        .has_timestamp = type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && timestamp_ms >= 0,
        .key = {native->key, native->key != NULL ? native->key_len : 0},
        .value = {native->payload, native->payload != NULL ? native->len : 0},
        .native = native,
    };
}

static void take_end(struct kafka_reading *reading, const rd_kafka_message_t *native)
{
    struct kafka_place *place = place_of(reading, native->partition);
    if (place == NULL || !place->started)
        return;
    place->seen = true;
    place->end = native->offset;
}

// A partition in trouble is stopped: librdkafka would leave it silent, or skip what it cannot read.
static void take_error(struct kafka_reading *reading, const rd_kafka_message_t *native)
{
    struct kafka_fault fault = kafka_fault_of_code(native->err, rd_kafka_message_errstr(native));
    struct kafka_place *place = place_of(reading, native->partition);
    if (native->rkt != NULL && (place == NULL || !place->started))
        return;
    struct error text;
    enum status status = STATUS_RETRY;
    if (native->rkt != NULL && place != NULL)
        status = kafka_fault_report(&fault, KAFKA_STAGE_READ, &text,
                                    "cannot read %s/%" PRId32 " at offset %" PRId64, reading->topic,
                                    native->partition, place->next);
    else
        status = kafka_fault_report(&fault, KAFKA_STAGE_QUERY, &text, "reading topic %s",
                                    reading->topic);
    struct error ignored;
    if (status == STATUS_RESET)
        (void)!kafka_reading_stop(reading, native->partition, &ignored);
    if (reading->trouble >= status)
        return;
    reading->trouble = status;
    reading->trouble_text = text;
}

static void sort_in(struct kafka_reading *reading)
{
    for (size_t i = 0; i < reading->native_count; i++) {
        rd_kafka_message_t *native = reading->natives[i];
        if (native->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            take_record(reading, native);
        else if (native->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            take_end(reading, native);
        else
            take_error(reading, native);
    }
}

static size_t gather(struct kafka_reading *reading, int timeout_ms, size_t count)
{
    ssize_t got = rd_kafka_consume_batch_queue(reading->queue, timeout_ms,
                                               reading->natives + reading->native_count, count);
    size_t gathered = got > 0 ? (size_t)got : 0;
    reading->native_count += gathered;
    return gathered;
}

// One partition after the other, since each may have a leader of its own.
static void wake_fetcher(struct kafka_reading *reading)
{
    int64_t now_ms = clock_now_ms();
    if (now_ms < reading->wake_next_ms || reading->started_count == 0)
        return;
    reading->wake_next_ms = now_ms + WAKE_EVERY_MS;
    do
        reading->wake_next =
            reading->wake_next + 1 < reading->place_count ? reading->wake_next + 1 : 0;
    while (!reading->places[reading->wake_next].started);
    kafka_waker_wake(reading->waker, reading->wake_next);
}

enum status kafka_reading_poll(struct kafka_reading *reading, int timeout_ms, struct error *err)
{
    let_go(reading);
    if (reading->trouble != STATUS_OK) {
        enum status status = error_set(err, reading->trouble, "%s", reading->trouble_text.text);
        reading->trouble = STATUS_OK;
        return status;
    }
    // A batch call with a time-out would wait until the batch is full, so: what is there; or else
    // wait for one record and take what came along with it.
    if (gather(reading, 0, KAFKA_BATCH_MESSAGES_MAX) == 0 && timeout_ms > 0 &&
        gather(reading, timeout_ms, 1) == 1)
        gather(reading, 0, KAFKA_BATCH_MESSAGES_MAX - 1);
    if (reading->native_count == KAFKA_BATCH_MESSAGES_MAX)
        wake_fetcher(reading);
    sort_in(reading);
    if (reading->message_count > 0)
        kafka_client_up(&reading->client);
    if (reading->message_count > 0 || reading->trouble == STATUS_OK)
        return STATUS_OK;
    enum status status = error_set(err, reading->trouble, "%s", reading->trouble_text.text);
    reading->trouble = STATUS_OK;
    return status;
}

static int64_t native_position(struct kafka_reading *reading, int32_t partition)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, reading->topic, partition);
    rd_kafka_resp_err_t code = rd_kafka_position(reading->client.rk, list);
    int64_t position = code == RD_KAFKA_RESP_ERR_NO_ERROR ? list->elems[0].offset : -1;
    rd_kafka_topic_partition_list_destroy(list);
    return position;
}

int64_t kafka_reading_position(struct kafka_reading *reading, int32_t partition)
{
    struct kafka_place *place = place_of(reading, partition);
    if (place == NULL || !place->started)
        return -1;
    // Brokers have been seen that never report the end; librdkafka's own position moves over
    // transaction markers, too. But from 2.2 to 2.12 it counts a reported end as a record.
    if (place->end < 0 && place->seen) {
        int64_t native = native_position(reading, partition);
        return native > place->next ? native : place->next;
    }
    return place->next > place->end ? place->next : place->end;
}

int64_t kafka_reading_end(struct kafka_reading *reading, int32_t partition)
{
    int64_t low;
    int64_t high;
    if (rd_kafka_get_watermark_offsets(reading->client.rk, reading->topic, partition, &low,
                                       &high) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return -1;
    return high >= 0 ? high : -1;
}
