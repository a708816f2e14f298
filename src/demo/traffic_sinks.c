// SPDX-License-Identifier: Apache-2.0
#include "demo/traffic_sinks.h"

#include "base/assert.h"

enum { ROOM_MS = 200, FRAME_BYTES = 5 };

static enum status write_to_topic(void *context, const struct generated *message, struct error *err)
{
    const struct kafka_writer_record record = {
        .key = message->key,
        .value = message->value,
        .timestamp_ms = message->message_timestamp_ms,
    };
    enum status status = kafka_writer_write(context, &record, ROOM_MS, err);
    return status == STATUS_RECORD ? STATUS_FATAL : status;
}

struct traffic_sink traffic_to_topic(struct kafka_writer *writer)
{
    return (struct traffic_sink){.context = writer, .write = write_to_topic};
}

static enum status write_to_file(void *context, const struct generated *message, struct error *err)
{
    ensure(message->malformed == DEAD_LETTER_NONE && message->value.size > FRAME_BYTES);
    const struct view datum = {message->value.data + FRAME_BYTES,
                               message->value.size - FRAME_BYTES};
    return container_writer_append(context, datum, err);
}

struct traffic_sink traffic_to_file(struct container_writer *writer)
{
    return (struct traffic_sink){.context = writer, .write = write_to_file};
}
