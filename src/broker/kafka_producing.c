// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_producing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"
#include "broker/kafka_cluster.h"

enum {
    RECORD_BYTES_DEFAULT = 1048588, // max.message.bytes of a topic that says nothing
    RECORD_BYTES_MIN = 1024,        // of what a limit can sensibly be
    RECORD_BYTES_MAX = 1000000000,  // librdkafka's largest
    RECORD_OVERHEAD_BYTES = 128,    // batch header (61) and the record's own varints
    HEADER_OVERHEAD_BYTES = 10,     // two varints a header
    CHANGELOG_BATCH_MAX = 1024,
    SERVE_EVERY_COUNT = 512,
    ROOM_MS = 10000,
    ROOM_STEP_MS = 20,
};

static void note_failure(struct kafka_producing *producing, const rd_kafka_message_t *message,
                         enum output_topic topic)
{
    bool purged = message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
                  message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
    if (producing->failed || purged) // what is thrown away by an abort is no failure
        return;
    producing->failed = true;
    producing->failure = kafka_fault_of_code(message->err, NULL);
    producing->failure_topic = topic;
    producing->failure_partition = message->partition;
}

static void note_delivered(struct kafka_producing *producing, int32_t partition, int64_t offset)
{
    if (partition < 0 || partition >= PARTITIONS_MAX || offset < 0)
        return;
    if (partition >= producing->delivered_count) {
        producing->delivered = memory_resized(producing->delivered, (size_t)partition + 1,
                                              sizeof(producing->delivered[0]));
        for (int32_t i = producing->delivered_count; i <= partition; i++)
            producing->delivered[i] = -1;
        producing->delivered_count = partition + 1;
    }
    if (offset + 1 > producing->delivered[partition])
        producing->delivered[partition] = offset + 1;
}

// Runs in the worker's thread, inside rd_kafka_poll, flush and commit. A message's opaque is its
// output topic.
static void take_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    struct kafka_client *client = opaque;
    struct kafka_producing *producing = client->owner;
    enum output_topic topic = (enum output_topic)(uintptr_t)message->_private;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        note_failure(producing, message, topic);
    else if (topic == OUTPUT_CHANGELOG)
        note_delivered(producing, message->partition, message->offset);
}

void kafka_limits_init(struct kafka_limits *limits)
{
    for (int i = 0; i < OUTPUT_TOPICS; i++) {
        limits->record_bytes[i] = RECORD_BYTES_DEFAULT;
        limits->known[i] = false;
    }
}

static bool limit_ask(struct kafka_limits *limits, int topic, struct kafka_cluster *cluster,
                      const struct kafka_setting_query *query)
{
    char text[32];
    struct error ignored;
    if (kafka_topic_setting_within(cluster, query, text, sizeof(text), &ignored) != STATUS_OK)
        return false;
    long long bytes = strtoll(text, NULL, 10);
    if (bytes >= RECORD_BYTES_MIN && bytes <= RECORD_BYTES_MAX)
        limits->record_bytes[topic] = (size_t)bytes;
    return true;
}

bool kafka_limits_ask(struct kafka_limits *limits, struct kafka_cluster *cluster,
                      const struct kafka_settings *settings, int timeout_ms)
{
    int64_t deadline_ms = clock_now_ms() + timeout_ms;
    kafka_limits_init(limits);
    for (int i = 0; i < OUTPUT_TOPICS; i++) {
        if (settings->outputs[i] == NULL)
            continue;
        struct kafka_setting_query query = {settings->outputs[i], "max.message.bytes", timeout_ms};
        limits->known[i] = limit_ask(limits, i, cluster, &query);
        if (!limits->known[i] && clock_now_ms() >= deadline_ms)
            return false;
    }
    return true;
}

// A batch must not be larger than the smallest of the topics' limits; a single record may be as
// large as the largest of them.
static void set_sizes(rd_kafka_conf_t *conf, struct kafka_producing *producing,
                      const struct kafka_properties *properties)
{
    struct kafka_limits *limits = &producing->limits;
    long user_bytes = kafka_properties_number(properties, "message.max.bytes", RECORD_BYTES_MAX);
    size_t smallest = RECORD_BYTES_MAX;
    size_t largest = RECORD_BYTES_MIN;
    for (int i = 0; i < OUTPUT_TOPICS; i++) {
        if (producing->names[i] == NULL)
            continue;
        if (user_bytes >= RECORD_BYTES_MIN && limits->record_bytes[i] > (size_t)user_bytes)
            limits->record_bytes[i] = (size_t)user_bytes;
        smallest = limits->record_bytes[i] < smallest ? limits->record_bytes[i] : smallest;
        largest = limits->record_bytes[i] > largest ? limits->record_bytes[i] : largest;
    }
    char text[32];
    snprintf(text, sizeof(text), "%zu", largest);
    kafka_conf_set(conf, "message.max.bytes", text);
    long batch_bytes = kafka_properties_number(properties, "batch.size", 1000000);
    if (batch_bytes < 1 || (size_t)batch_bytes > smallest - RECORD_OVERHEAD_BYTES)
        batch_bytes = (long)(smallest - RECORD_OVERHEAD_BYTES);
    snprintf(text, sizeof(text), "%ld", batch_bytes);
    kafka_conf_set(conf, "batch.size", text);
}

static enum status topics_open(struct kafka_producing *producing, struct error *err)
{
    for (int i = 0; i < OUTPUT_TOPICS; i++) {
        if (producing->names[i] == NULL)
            continue;
        producing->topics[i] = rd_kafka_topic_new(producing->client.rk, producing->names[i], NULL);
        if (producing->topics[i] == NULL)
            return error_set(err, STATUS_FATAL, "topic '%s' cannot be written: %s",
                             producing->names[i], rd_kafka_err2str(rd_kafka_last_error()));
    }
    return STATUS_OK;
}

enum status kafka_producing_open(struct kafka_producing *producing,
                                 const struct kafka_settings *settings,
                                 const char *transactional_id, const struct kafka_limits *limits,
                                 struct error *err)
{
    *producing =
        (struct kafka_producing){.transactional = transactional_id != NULL, .limits = *limits};
    memcpy(producing->names, settings->outputs, sizeof(producing->names));
    struct kafka_properties properties = {settings->properties, settings->property_count};
    rd_kafka_conf_t *conf = NULL;
    enum status status = kafka_properties_conf(&properties, KAFKA_KIND_PRODUCER, &conf, err);
    if (status != STATUS_OK)
        return status;
    set_sizes(conf, producing, &properties);
    if (transactional_id != NULL) {
        kafka_conf_set(conf, "transactional.id", transactional_id);
        kafka_echo_watch(&producing->echo, conf);
    }
    // Without a callback, the flush inside of a commit looks for reports each 10 ms only.
    rd_kafka_conf_set_dr_msg_cb(conf, take_report);
    status = kafka_client_open(&producing->client, RD_KAFKA_PRODUCER, conf, producing, err);
    if (status == STATUS_OK)
        status = topics_open(producing, err);
    if (status != STATUS_OK) {
        kafka_producing_close(producing);
        return status;
    }
    producing->batch = memory_zeroed(CHANGELOG_BATCH_MAX, sizeof(producing->batch[0]));
    kafka_held_init(&producing->held);
    return STATUS_OK;
}

void kafka_producing_close(struct kafka_producing *producing)
{
    for (int i = 0; i < OUTPUT_TOPICS; i++)
        if (producing->topics[i] != NULL)
            rd_kafka_topic_destroy(producing->topics[i]);
    kafka_client_close(&producing->client);
    kafka_held_release(&producing->held);
    free(producing->batch);
    free(producing->delivered);
    *producing = (struct kafka_producing){.transactional = false};
}

void kafka_producing_serve(struct kafka_producing *producing)
{
    producing->queued_count = 0;
    if (producing->client.rk != NULL)
        rd_kafka_poll(producing->client.rk, 0);
}

bool kafka_producing_flush(struct kafka_producing *producing, int timeout_ms)
{
    return rd_kafka_flush(producing->client.rk, timeout_ms) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

int64_t kafka_producing_delivered(const struct kafka_producing *producing, int32_t partition)
{
    return partition >= 0 && partition < producing->delivered_count
               ? producing->delivered[partition]
               : -1;
}

void kafka_producing_explain(const struct kafka_producing *producing, struct error *err)
{
    if (!producing->failed || err == NULL)
        return;
    size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof(err->text) - used,
             "; first failed record: %s/%" PRId32 ": %s (%s)",
             producing->names[producing->failure_topic], producing->failure_partition,
             producing->failure.text, rd_kafka_err2name(producing->failure.code));
}

void kafka_producing_forgive(struct kafka_producing *producing)
{
    producing->failed = false;
}

static enum kafka_stage stage_of(const struct kafka_producing *producing)
{
    return producing->transactional ? KAFKA_STAGE_TRANSACTION : KAFKA_STAGE_FLUSH;
}

// The record cannot be queued and waiting does not help.
static enum status refuse(struct kafka_producing *producing, enum output_topic topic,
                          int32_t partition, rd_kafka_resp_err_t code, struct error *err)
{
    const char *name = producing->names[topic];
    if (code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
        return error_set(err, STATUS_FATAL,
                         "cannot write to %s/%" PRId32 ": the topic has no such partition; it must "
                         "exist, and a changelog must have as many partitions as the input",
                         name, partition);
    struct kafka_fault fault = kafka_fault_of_code(code, NULL);
    kafka_fault_deepen(producing->client.rk, &fault);
    // librdkafka refuses to queue when it has already given up the transaction.
    fault.abortable = code == RD_KAFKA_RESP_ERR__STATE && producing->transactional;
    enum status status = kafka_fault_report(&fault, stage_of(producing), err,
                                            "cannot write to %s/%" PRId32, name, partition);
    kafka_producing_explain(producing, err);
    return status;
}

// Waits until the queue has become shorter, or the time is up.
static bool make_room(struct kafka_producing *producing, int64_t deadline_ms)
{
    rd_kafka_poll(producing->client.rk, ROOM_STEP_MS);
    return clock_now_ms() < deadline_ms;
}

static size_t record_bytes(const struct record *record, rd_kafka_headers_t *headers)
{
    size_t bytes = RECORD_OVERHEAD_BYTES + record->key.size + record->value.size;
    const char *name = NULL;
    const void *value = NULL;
    size_t size = 0;
    for (size_t i = 0;
         headers != NULL &&
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         i++)
        bytes += strlen(name) + size + HEADER_OVERHEAD_BYTES;
    return bytes;
}

static rd_kafka_headers_t *headers_of(const struct record *record)
{
    rd_kafka_headers_t *headers = NULL;
    rd_kafka_headers_t *original = NULL;
    if (record->copy_headers_of != NULL &&
        rd_kafka_message_headers(record->copy_headers_of->native, &original) ==
            RD_KAFKA_RESP_ERR_NO_ERROR)
        headers = rd_kafka_headers_copy(original);
    if (headers == NULL && record->header_count > 0)
        headers = rd_kafka_headers_new(record->header_count);
    for (size_t i = 0; i < record->header_count; i++) {
        const struct header *header = &record->headers[i];
        rd_kafka_header_add(headers, header->name, -1, header->value.data,
                            (ssize_t)header->value.size);
    }
    return headers;
}

// `headers` pass to librdkafka on success only.
static rd_kafka_resp_err_t put_once(struct kafka_producing *producing, const struct record *record,
                                    rd_kafka_headers_t *headers)
{
    rd_kafka_vu_t units[8] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = producing->topics[record->topic]},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = record->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY,
         .u.mem = {(void *)(uintptr_t)record->key.data, record->key.size}},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
         .u.mem = {(void *)(uintptr_t)record->value.data, record->value.size}},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = (void *)(uintptr_t)record->topic},
    };
    size_t count = 6;
    if (record->timestamp_ms >= 0)
        units[count++] =
            (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = record->timestamp_ms};
    if (headers != NULL)
        units[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers};
    rd_kafka_error_t *error = rd_kafka_produceva(producing->client.rk, units, count);
    if (error == NULL)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    return code;
}

// `headers` are taken in any case.
static enum status put_now(struct kafka_producing *producing, const struct record *record,
                           rd_kafka_headers_t *headers, struct error *err)
{
    rd_kafka_resp_err_t code;
    int64_t deadline_ms = clock_now_ms() + ROOM_MS;
    do
        code = put_once(producing, record, headers);
    while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && make_room(producing, deadline_ms));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (headers != NULL)
            rd_kafka_headers_destroy(headers);
        return refuse(producing, record->topic, record->partition, code, err);
    }
    if (++producing->queued_count >= SERVE_EVERY_COUNT)
        kafka_producing_serve(producing);
    return STATUS_OK;
}

void kafka_producing_hold(struct kafka_producing *producing)
{
    kafka_held_clear(&producing->held);
    producing->holding = true;
}

void kafka_producing_drop_held(struct kafka_producing *producing)
{
    kafka_held_clear(&producing->held);
    producing->holding = false;
}

enum status kafka_producing_send_held(struct kafka_producing *producing, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < producing->held.count && status == STATUS_OK; i++) {
        struct record record = kafka_held_record(&producing->held, i);
        status = put_now(producing, &record, kafka_held_headers(&producing->held, i), err);
    }
    kafka_held_clear(&producing->held);
    producing->holding = false;
    return status;
}

enum status kafka_producing_put(struct kafka_producing *producing, const struct record *record,
                                struct error *err)
{
    ensure(record->topic < OUTPUT_TOPICS && producing->topics[record->topic] != NULL);
    rd_kafka_headers_t *headers = headers_of(record);
    size_t bytes = record_bytes(record, headers);
    size_t limit = producing->limits.record_bytes[record->topic];
    if (bytes > limit) {
        if (headers != NULL)
            rd_kafka_headers_destroy(headers);
        return error_set(err, STATUS_RECORD,
                         "a record of %zu bytes is larger than topic %s takes (%zu bytes, its "
                         "max.message.bytes)",
                         bytes, producing->names[record->topic], limit);
    }
    if (producing->holding && kafka_held_add(&producing->held, record, headers))
        return STATUS_OK;
    enum status status = kafka_producing_send_held(producing, err);
    if (status == STATUS_OK)
        return put_now(producing, record, headers, err);
    if (headers != NULL)
        rd_kafka_headers_destroy(headers);
    return status;
}

// Queues what the queue takes and moves the rest to the front; returns how many are left.
static size_t put_batch(struct kafka_producing *producing, int32_t partition, size_t count,
                        rd_kafka_resp_err_t *code)
{
    rd_kafka_message_t *batch = producing->batch;
    int good = rd_kafka_produce_batch(producing->topics[OUTPUT_CHANGELOG], partition,
                                      RD_KAFKA_MSG_F_COPY, batch, (int)count);
    if (good == (int)count)
        return 0;
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (batch[i].err == RD_KAFKA_RESP_ERR_NO_ERROR)
            continue;
        *code = batch[i].err;
        batch[left++] = batch[i];
    }
    return left;
}

static enum status put_whole_batch(struct kafka_producing *producing, int32_t partition,
                                   size_t count, struct error *err)
{
    int64_t deadline_ms = clock_now_ms() + ROOM_MS;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    size_t left = put_batch(producing, partition, count, &code);
    while (left > 0 && code == RD_KAFKA_RESP_ERR__QUEUE_FULL && make_room(producing, deadline_ms))
        left = put_batch(producing, partition, left, &code);
    if (left > 0)
        return refuse(producing, OUTPUT_CHANGELOG, partition, code, err);
    kafka_producing_serve(producing);
    return STATUS_OK;
}

static enum status fill_batch(struct kafka_producing *producing, const struct view *keys,
                              const struct view *values, size_t count, struct error *err)
{
    size_t limit = producing->limits.record_bytes[OUTPUT_CHANGELOG];
    for (size_t i = 0; i < count; i++) {
        size_t bytes = RECORD_OVERHEAD_BYTES + keys[i].size + values[i].size;
        if (bytes > limit)
            return error_set(err, STATUS_FATAL,
                             "a card's record of %zu bytes is larger than topic %s takes (%zu "
                             "bytes): raise its max.message.bytes, or lower "
                             "state.max_events_per_card",
                             bytes, producing->names[OUTPUT_CHANGELOG], limit);
        producing->batch[i] = (rd_kafka_message_t){
            .payload = (void *)(uintptr_t)values[i].data,
            .len = values[i].size,
            .key = (void *)(uintptr_t)keys[i].data,
            .key_len = keys[i].size,
            ._private = (void *)(uintptr_t)OUTPUT_CHANGELOG,
        };
    }
    return STATUS_OK;
}

// Holds what there is room for; when that is not all, what was held is sent first.
static enum status hold_changelog(struct kafka_producing *producing, int32_t partition,
                                  const struct view *keys, const struct view *values, size_t count,
                                  size_t *held_count, struct error *err)
{
    size_t limit = producing->limits.record_bytes[OUTPUT_CHANGELOG];
    size_t i = 0;
    for (; producing->holding && i < count; i++) {
        const struct record record = {OUTPUT_CHANGELOG, partition, -1, keys[i],
                                      values[i],        NULL,      0,  NULL};
        if (RECORD_OVERHEAD_BYTES + keys[i].size + values[i].size > limit ||
            !kafka_held_add(&producing->held, &record, NULL))
            break;
    }
    *held_count = i;
    return i < count ? kafka_producing_send_held(producing, err) : STATUS_OK;
}

enum status kafka_producing_put_changelog(struct kafka_producing *producing, int32_t partition,
                                          const struct view *keys, const struct view *values,
                                          size_t count, struct error *err)
{
    size_t held_count = 0;
    enum status held = hold_changelog(producing, partition, keys, values, count, &held_count, err);
    if (held != STATUS_OK)
        return held;
    for (size_t done = held_count; done < count;) {
        size_t size = count - done < CHANGELOG_BATCH_MAX ? count - done : CHANGELOG_BATCH_MAX;
        enum status status = fill_batch(producing, keys + done, values + done, size, err);
        if (status == STATUS_OK)
            status = put_whole_batch(producing, partition, size, err);
        if (status != STATUS_OK)
            return status;
        done += size;
    }
    return STATUS_OK;
}
