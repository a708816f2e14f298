// SPDX-License-Identifier: Apache-2.0
#include "lib/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "lib/plain_client.h"
#include "lib/process.h"

enum {
    REQUEST_TIMEOUT_MS = 10000,
    COMMITTED_TIMEOUT_MS = 1000,
    SETTLE_TIMEOUT_MS = 60000,
    READ_TIMEOUT_MS = 60000, // without a record
    HEADERS_MAX = 32,
};

static rd_kafka_t *connect_consumer(const char *bootstrap, const char *group, const char *isolation)
{
    return PLAIN_CLIENT(RD_KAFKA_CONSUMER, {"bootstrap.servers", bootstrap}, {"group.id", group},
                        {"isolation.level", isolation}, {"enable.auto.commit", "false"},
                        {"enable.partition.eof", "true"}, {"queued.min.messages", "1000000"},
                        {"fetch.wait.max.ms", "20"}, {"reconnect.backoff.max.ms", "500"});
}

static int32_t partition_count(rd_kafka_t *client, const char *topic)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
    rd_kafka_resp_err_t failed =
        rd_kafka_metadata(client, 0, handle, &metadata, REQUEST_TIMEOUT_MS);
    ensure(failed == RD_KAFKA_RESP_ERR_NO_ERROR && metadata->topic_cnt == 1);
    int32_t count = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
    return count;
}

static int64_t end_of(rd_kafka_t *client, const char *topic, int32_t partition)
{
    int64_t low;
    int64_t high;
    rd_kafka_resp_err_t failed =
        rd_kafka_query_watermark_offsets(client, topic, partition, &low, &high, REQUEST_TIMEOUT_MS);
    return failed == RD_KAFKA_RESP_ERR_NO_ERROR ? high : -1;
}

// Committed markers reach a topic a moment after the transaction's outcome is decided.
static void await_settled(rd_kafka_t *committed, const char *bootstrap, const char *topic,
                          int32_t partitions)
{
    rd_kafka_t *uncommitted = connect_consumer(bootstrap, "records", "read_uncommitted");
    int64_t deadline_ms = process_clock_ms() + SETTLE_TIMEOUT_MS;
    for (int32_t p = 0; p < partitions; p++) {
        for (;;) {
            int64_t end = end_of(uncommitted, topic, p);
            if (end >= 0 && end_of(committed, topic, p) == end)
                break;
            if (process_clock_ms() > deadline_ms) {
                fprintf(stderr, "%s/%d: a transaction stays open\n", topic, p);
                exit(1);
            }
            process_nap();
        }
    }
    rd_kafka_destroy(uncommitted);
}

static struct view copy_of(const void *bytes, size_t size)
{
    if (bytes == NULL)
        return (struct view){NULL, 0};
    return (struct view){memory_copy(bytes, size), size};
}

// A message as a record that borrows from it.
static void show(const rd_kafka_message_t *message, struct topic_header headers[HEADERS_MAX],
                 struct topic_record *record)
{
    rd_kafka_timestamp_type_t kind;
    rd_kafka_headers_t *found;
    *record = (struct topic_record){
        .partition = message->partition,
        .offset = message->offset,
        .timestamp_ms = rd_kafka_message_timestamp(message, &kind),
        .key = {message->key, message->key_len},
        .value = {message->payload, message->len},
        .headers = headers,
    };
    if (rd_kafka_message_headers(message, &found) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    record->header_count = rd_kafka_header_cnt(found);
    ensure(record->header_count <= HEADERS_MAX);
    for (size_t i = 0; i < record->header_count; i++) {
        const char *name;
        const void *value;
        size_t size;
        ensure(rd_kafka_header_get_all(found, i, &name, &value, &size) == 0);
        headers[i] = (struct topic_header){(char *)name, {value, size}};
    }
}

static void visit_all(const struct record_visitor *visitor, rd_kafka_t *consumer, int32_t open)
{
    struct topic_record record;
    struct topic_header headers[HEADERS_MAX];
    int64_t deadline_ms = process_clock_ms() + READ_TIMEOUT_MS;
    while (open > 0) {
        ensure(process_clock_ms() < deadline_ms);
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);
        if (message == NULL)
            continue;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            open--;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            show(message, headers, &record);
            visitor->visit(visitor->context, &record);
            deadline_ms = process_clock_ms() + READ_TIMEOUT_MS;
        }
        rd_kafka_message_destroy(message);
    }
}

// Takes the consumer.
static void visit_topic(const struct record_visitor *visitor, rd_kafka_t *consumer,
                        const char *topic, int32_t partitions)
{
    plain_client_assign(consumer, topic, partitions);
    visit_all(visitor, consumer, partitions);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
}

void records_visit(const struct record_visitor *visitor, const char *bootstrap, const char *topic)
{
    rd_kafka_t *consumer = connect_consumer(bootstrap, "records", "read_committed");
    int32_t partitions = partition_count(consumer, topic);
    await_settled(consumer, bootstrap, topic, partitions);
    visit_topic(visitor, consumer, topic, partitions);
}

void records_visit_uncommitted(const struct record_visitor *visitor, const char *bootstrap,
                               const char *topic)
{
    rd_kafka_t *consumer = connect_consumer(bootstrap, "records", "read_uncommitted");
    visit_topic(visitor, consumer, topic, partition_count(consumer, topic));
}

static int by_partition_and_offset(const void *left, const void *right)
{
    const struct topic_record *a = left;
    const struct topic_record *b = right;
    if (a->partition != b->partition)
        return a->partition < b->partition ? -1 : 1;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static void append_copy(void *context, const struct topic_record *record)
{
    struct topic_records *records = context;
    if (records->count == records->capacity) {
        records->capacity = records->capacity == 0 ? 1024 : 2 * records->capacity;
        records->items = memory_resized(records->items, records->capacity, sizeof(*records->items));
    }
    struct topic_record *copy = &records->items[records->count++];
    *copy = *record;
    copy->key = copy_of(record->key.data, record->key.size);
    copy->value = copy_of(record->value.data, record->value.size);
    copy->headers = memory_zeroed(record->header_count + 1, sizeof(*copy->headers));
    for (size_t i = 0; i < record->header_count; i++) {
        const struct topic_header *header = &record->headers[i];
        copy->headers[i] = (struct topic_header){memory_text(header->name),
                                                 copy_of(header->value.data, header->value.size)};
    }
}

void records_read(struct topic_records *records, const char *bootstrap, const char *topic)
{
    *records = (struct topic_records){0};
    const struct record_visitor copier = {append_copy, records};
    records_visit(&copier, bootstrap, topic);
    if (records->count > 0)
        qsort(records->items, records->count, sizeof(*records->items), by_partition_and_offset);
}

void records_release(struct topic_records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        struct topic_record *record = &records->items[i];
        for (size_t h = 0; h < record->header_count; h++) {
            free(record->headers[h].name);
            free((void *)record->headers[h].value.data);
        }
        free(record->headers);
        free((void *)record->key.data);
        free((void *)record->value.data);
    }
    free(records->items);
    *records = (struct topic_records){0};
}

char *record_header(const struct topic_record *record, const char *name)
{
    for (size_t i = 0; i < record->header_count; i++) {
        if (strcmp(record->headers[i].name, name) == 0)
            return memory_copy(record->headers[i].value.data, record->headers[i].value.size);
    }
    return NULL;
}

struct group_watch {
    rd_kafka_t *consumer;
    char *topic;
    int32_t partitions;
};

static struct group_watch *watch_open(rd_kafka_t *consumer, const char *topic, int32_t partitions)
{
    struct group_watch *watch = memory_zeroed(1, sizeof(*watch));
    watch->consumer = consumer;
    watch->topic = memory_text(topic);
    watch->partitions = partitions;
    return watch;
}

struct group_watch *group_watch_open(const char *bootstrap, const char *group, const char *topic,
                                     int32_t partitions)
{
    return watch_open(connect_consumer(bootstrap, group, "read_committed"), topic, partitions);
}

struct group_watch *group_watch_open_prompt(const char *bootstrap, const char *group,
                                            const char *topic, int32_t partitions)
{
    return watch_open(connect_consumer(bootstrap, group, "read_uncommitted"), topic, partitions);
}

void group_watch_close(struct group_watch *watch)
{
    if (watch == NULL)
        return;
    rd_kafka_destroy(watch->consumer);
    free(watch->topic);
    free(watch);
}

// NULL: not known just now, for example because a transaction with offsets is open.
static rd_kafka_topic_partition_list_t *committed_of(struct group_watch *watch)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(watch->partitions);
    for (int32_t p = 0; p < watch->partitions; p++)
        rd_kafka_topic_partition_list_add(list, watch->topic, p);
    rd_kafka_resp_err_t failed = rd_kafka_committed(watch->consumer, list, COMMITTED_TIMEOUT_MS);
    for (int i = 0; i < list->cnt && failed == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
        failed = list->elems[i].err;
    if (failed == RD_KAFKA_RESP_ERR_NO_ERROR)
        return list;
    rd_kafka_topic_partition_list_destroy(list);
    return NULL;
}

int64_t group_watch_committed(struct group_watch *watch, int32_t partition)
{
    rd_kafka_topic_partition_list_t *list = committed_of(watch);
    if (list == NULL)
        return -1;
    rd_kafka_topic_partition_t *found =
        rd_kafka_topic_partition_list_find(list, watch->topic, partition);
    int64_t offset = found == NULL || found->offset < 0 ? -1 : found->offset;
    rd_kafka_topic_partition_list_destroy(list);
    return offset;
}

int64_t group_watch_total(struct group_watch *watch)
{
    rd_kafka_topic_partition_list_t *list = committed_of(watch);
    if (list == NULL)
        return -1;
    int64_t total = 0;
    for (int i = 0; i < list->cnt; i++)
        total += list->elems[i].offset < 0 ? 0 : list->elems[i].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return total;
}

int64_t group_watch_lag(struct group_watch *watch)
{
    rd_kafka_topic_partition_list_t *list = committed_of(watch);
    if (list == NULL)
        return -1;
    int64_t lag = 0;
    for (int i = 0; i < list->cnt && lag >= 0; i++) {
        int64_t end = end_of(watch->consumer, watch->topic, list->elems[i].partition);
        int64_t at = list->elems[i].offset < 0 ? 0 : list->elems[i].offset;
        lag = end < 0 ? -1 : lag + end - at;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return lag;
}
