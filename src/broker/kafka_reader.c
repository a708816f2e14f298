// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_reader.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/memory.h"
#include "broker/kafka_cluster.h"
#include "broker/kafka_errors.h"
#include "broker/kafka_offsets.h"
#include "broker/kafka_reading.h"

enum { QUERY_MS = 10000 };

struct kafka_reader {
    struct kafka_cluster *cluster;
    struct kafka_reading reading;
    const char *group_id;
};

enum status kafka_reader_open(struct kafka_cluster *cluster,
                              const struct kafka_reader_settings *settings,
                              struct kafka_reader **out, struct error *err)
{
    struct kafka_reader *reader = memory_zeroed(1, sizeof(*reader));
    const struct kafka_reading_plan plan = {
        .kind = KAFKA_KIND_CHANGELOG, // committed records alone, and where partitions end
        .topic = settings->topic,
        .group_id = settings->group_id,
        .properties = {settings->properties, settings->property_count},
    };
    reader->cluster = cluster;
    reader->group_id = settings->group_id;
    enum status status = kafka_reading_open(&reader->reading, &plan, err);
    if (status != STATUS_OK) {
        free(reader);
        return status;
    }
    *out = reader;
    return STATUS_OK;
}

void kafka_reader_close(struct kafka_reader *reader)
{
    if (reader == NULL)
        return;
    kafka_reading_close(&reader->reading);
    free(reader);
}

// The handle reads what is committed, so the end that it is told is the last stable offset.
enum status kafka_reader_bounds(struct kafka_reader *reader, int32_t partition, int64_t *low,
                                int64_t *end, struct error *err)
{
    rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
        reader->reading.client.rk, reader->reading.topic, partition, low, end, QUERY_MS);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return STATUS_OK;
    struct kafka_fault fault = kafka_fault_of_code(code, NULL);
    return kafka_fault_report(&fault, KAFKA_STAGE_QUERY, err,
                              "cannot learn where %s/%" PRId32 " begins and ends",
                              reader->reading.topic, partition);
}

enum status kafka_reader_offset_at(struct kafka_reader *reader, int32_t partition,
                                   int64_t timestamp_ms, int64_t *offset, struct error *err)
{
    return kafka_cluster_offset_at(reader->cluster, reader->reading.topic, partition, timestamp_ms,
                                   offset, err);
}

enum status kafka_reader_committed(struct kafka_reader *reader, int32_t partition, int64_t *offset,
                                   struct error *err)
{
    const struct kafka_offset_query query = {reader->reading.client.rk, reader->group_id,
                                             reader->reading.topic, partition};
    return kafka_offsets_committed(&query, offset, err);
}

enum status kafka_reader_start(struct kafka_reader *reader, int32_t partition, int64_t offset,
                               struct error *err)
{
    return kafka_reading_start(&reader->reading, partition, offset, err);
}

enum status kafka_reader_stop(struct kafka_reader *reader, int32_t partition, struct error *err)
{
    return kafka_reading_stop(&reader->reading, partition, err);
}

enum status kafka_reader_poll(struct kafka_reader *reader, int timeout_ms,
                              const struct message **messages, size_t *count, struct error *err)
{
    enum status status = kafka_reading_poll(&reader->reading, timeout_ms, err);
    *messages = reader->reading.messages;
    *count = status == STATUS_OK ? reader->reading.message_count : 0;
    return status;
}

int64_t kafka_reader_position(struct kafka_reader *reader, int32_t partition)
{
    return kafka_reading_position(&reader->reading, partition);
}
