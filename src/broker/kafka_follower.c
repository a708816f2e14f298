// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_follower.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/limits.h"
#include "base/memory.h"
#include "broker/kafka_cluster.h"
#include "broker/kafka_reading.h"

enum { HEADERS_MAX = 64 }; // of one record; what comes behind is not shown

struct kafka_follower {
    struct kafka_cluster *cluster;
    struct kafka_reading reading;
    const char *topic;
    int32_t partition_count;
    int64_t *ends; // by partition, as last noted
    struct kafka_followed *records;
    struct header *headers; // HEADERS_MAX for each record of a poll
    size_t header_capacity;
};

// Where to begin: the log's start, its end, or what has come since a time.
struct beginning {
    enum kafka_follow_from from;
    int64_t from_ms;
};

static enum status start(struct kafka_follower *follower, int32_t partition,
                         struct beginning beginning, struct error *err)
{
    int64_t low = 0;
    int64_t high = 0;
    int64_t found = -1;
    enum status status =
        kafka_cluster_watermarks(follower->cluster, follower->topic, partition, &low, &high, err);
    if (status == STATUS_OK && beginning.from == KAFKA_FOLLOW_TIME)
        status = kafka_cluster_offset_at(follower->cluster, follower->topic, partition,
                                         beginning.from_ms, &found, err);
    if (status != STATUS_OK)
        return status;
    int64_t offset = beginning.from == KAFKA_FOLLOW_BEGINNING ? low : high;
    return kafka_reading_start(&follower->reading, partition, found >= 0 ? found : offset, err);
}

static enum status start_all(struct kafka_follower *follower,
                             const struct kafka_follower_settings *settings, struct error *err)
{
    enum status status =
        kafka_topic_partitions(follower->cluster, follower->topic, &follower->partition_count, err);
    if (status != STATUS_OK)
        return status;
    if (follower->partition_count <= 0)
        return error_set(err, STATUS_FATAL, "the topic %s does not exist", follower->topic);
    if (follower->partition_count > PARTITIONS_MAX)
        return error_set(err, STATUS_FATAL, "the topic %s has more than %d partitions",
                         follower->topic, PARTITIONS_MAX);
    follower->ends = memory_zeroed((size_t)follower->partition_count, sizeof(follower->ends[0]));
    for (int32_t i = 0; i < follower->partition_count && status == STATUS_OK; i++)
        status = start(follower, i, (struct beginning){settings->from, settings->from_ms}, err);
    return status;
}

enum status kafka_follower_open(struct kafka_cluster *cluster,
                                const struct kafka_follower_settings *settings,
                                struct kafka_follower **out, struct error *err)
{
    struct kafka_follower *follower = memory_zeroed(1, sizeof(*follower));
    const struct kafka_reading_plan plan = {
        .kind = KAFKA_KIND_CHANGELOG, // committed records alone, and where partitions end
        .topic = settings->topic,
        .group_id = settings->group_id,
        .properties = {settings->properties, settings->property_count},
        .uncommitted = settings->uncommitted,
    };
    follower->cluster = cluster;
    follower->topic = settings->topic;
    enum status status = kafka_reading_open(&follower->reading, &plan, err);
    if (status == STATUS_OK)
        status = start_all(follower, settings, err);
    if (status != STATUS_OK) {
        kafka_follower_close(follower);
        return status;
    }
    follower->records = memory_zeroed(KAFKA_BATCH_MESSAGES_MAX, sizeof(follower->records[0]));
    *out = follower;
    return STATUS_OK;
}

void kafka_follower_close(struct kafka_follower *follower)
{
    if (follower == NULL)
        return;
    kafka_reading_close(&follower->reading);
    free(follower->ends);
    free(follower->records);
    free(follower->headers);
    free(follower);
}

static size_t read_headers(const rd_kafka_message_t *native, struct header *out)
{
    rd_kafka_headers_t *headers = NULL;
    size_t count = 0;
    const void *value = NULL;
    if (rd_kafka_message_headers(native, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    while (count < HEADERS_MAX &&
           rd_kafka_header_get_all(headers, count, &out[count].name, &value,
                                   &out[count].value.size) == RD_KAFKA_RESP_ERR_NO_ERROR)
        out[count++].value.data = value;
    return count;
}

static void fill_records(struct kafka_follower *follower)
{
    struct kafka_reading *reading = &follower->reading;
    if (reading->message_count > follower->header_capacity) {
        follower->header_capacity = reading->message_count;
        follower->headers = memory_resized(
            follower->headers, follower->header_capacity * HEADERS_MAX, sizeof(struct header));
    }
    for (size_t i = 0; i < reading->message_count; i++) {
        const struct message *message = &reading->messages[i];
        struct header *headers = follower->headers + i * HEADERS_MAX;
        follower->records[i] = (struct kafka_followed){
            .partition = message->partition,
            .offset = message->offset,
            .timestamp_ms = message->timestamp_ms,
            .has_timestamp = message->has_timestamp,
            .key = message->key,
            .value = message->value,
            .headers = headers,
            .header_count = read_headers(message->native, headers),
        };
    }
}

// Partitions that the reading has stopped, which go on from the log's start if it has overtaken us.
static enum status restart_stopped(struct kafka_follower *follower, struct error *err)
{
    enum status status = STATUS_OK;
    for (int32_t i = 0; i < follower->partition_count && status == STATUS_OK; i++) {
        if (kafka_reading_position(&follower->reading, i) < 0)
            status = start(follower, i, (struct beginning){KAFKA_FOLLOW_BEGINNING, 0}, err);
    }
    return status;
}

enum status kafka_follower_poll(struct kafka_follower *follower, int timeout_ms,
                                const struct kafka_followed **records, size_t *count,
                                struct error *err)
{
    *records = follower->records;
    *count = 0;
    enum status status = kafka_reading_poll(&follower->reading, timeout_ms, err);
    if (status == STATUS_RESET)
        return restart_stopped(follower, err);
    if (status != STATUS_OK)
        return status;
    fill_records(follower);
    *count = follower->reading.message_count;
    return STATUS_OK;
}

enum status kafka_follower_note_end(struct kafka_follower *follower, struct error *err)
{
    int64_t low = 0;
    enum status status = STATUS_OK;
    for (int32_t i = 0; i < follower->partition_count && status == STATUS_OK; i++)
        status = kafka_cluster_watermarks(follower->cluster, follower->topic, i, &low,
                                          &follower->ends[i], err);
    return status;
}

bool kafka_follower_at_end(struct kafka_follower *follower)
{
    for (int32_t i = 0; i < follower->partition_count; i++) {
        if (kafka_reading_position(&follower->reading, i) < follower->ends[i])
            return false;
    }
    return true;
}
