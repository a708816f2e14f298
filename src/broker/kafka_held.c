// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_held.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

void kafka_held_init(struct kafka_held *held)
{
    *held = (struct kafka_held){.count = 0};
    held->records = memory_zeroed(HELD_RECORDS_MAX, sizeof(held->records[0]));
    buffer_init(&held->bytes, HELD_BYTES_MAX);
    ensure(buffer_reserve(&held->bytes, 1)); // an empty value has an address, too
}

void kafka_held_clear(struct kafka_held *held)
{
    for (size_t i = 0; i < held->count; i++)
        if (held->records[i].headers != NULL)
            rd_kafka_headers_destroy(held->records[i].headers);
    held->count = 0;
    buffer_clear(&held->bytes);
}

void kafka_held_release(struct kafka_held *held)
{
    kafka_held_clear(held);
    buffer_release(&held->bytes);
    free(held->records);
    held->records = NULL;
}

bool kafka_held_add(struct kafka_held *held, const struct record *record,
                    rd_kafka_headers_t *headers)
{
    if (held->count == HELD_RECORDS_MAX ||
        !buffer_reserve(&held->bytes, record->key.size + record->value.size))
        return false;
    held->records[held->count++] = (struct held_record){
        .topic = record->topic,
        .partition = record->partition,
        .timestamp_ms = record->timestamp_ms,
        .at = held->bytes.size,
        .key_size = record->key.size,
        .value_size = record->value.size,
        .has_key = record->key.data != NULL,
        .has_value = record->value.data != NULL,
        .headers = headers,
    };
    ensure(buffer_append(&held->bytes, record->key.data, record->key.size));
    ensure(buffer_append(&held->bytes, record->value.data, record->value.size));
    return true;
}

struct record kafka_held_record(const struct kafka_held *held, size_t index)
{
    ensure(index < held->count);
    const struct held_record *one = &held->records[index];
    const uint8_t *at = held->bytes.data + one->at;
    return (struct record){
        .topic = one->topic,
        .partition = one->partition,
        .timestamp_ms = one->timestamp_ms,
        .key = {one->has_key ? at : NULL, one->key_size},
        .value = {one->has_value ? at + one->key_size : NULL, one->value_size},
    };
}

rd_kafka_headers_t *kafka_held_headers(struct kafka_held *held, size_t index)
{
    ensure(index < held->count);
    rd_kafka_headers_t *headers = held->records[index].headers;
    held->records[index].headers = NULL;
    return headers;
}
