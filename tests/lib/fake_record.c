// SPDX-License-Identifier: Apache-2.0
#include "lib/fake_record.h"

#include <stdlib.h>

#include "base/memory.h"

static struct view view_copied(struct view from)
{
    if (from.data == NULL)
        return (struct view){NULL, 0};
    uint8_t *bytes = memory_zeroed(from.size, 1);
    if (from.size > 0)
        memcpy(bytes, from.data, from.size);
    return (struct view){bytes, from.size};
}

void fake_record_copy(struct fake_record *to, const struct fake_record *from)
{
    *to = *from;
    to->key = view_copied(from->key);
    to->value = view_copied(from->value);
    to->headers = NULL;
    to->header_count = 0;
    fake_record_add_headers(to, from->headers, from->header_count);
}

void fake_record_release_headers(struct fake_record *record)
{
    for (size_t i = 0; i < record->header_count; i++) {
        free((void *)record->headers[i].name);
        free((void *)record->headers[i].value.data);
    }
    free(record->headers);
    record->headers = NULL;
    record->header_count = 0;
}

void fake_record_release(struct fake_record *record)
{
    free((void *)record->key.data);
    free((void *)record->value.data);
    fake_record_release_headers(record);
    *record = (struct fake_record){0};
}

void fake_record_add_headers(struct fake_record *record, const struct header *headers, size_t count)
{
    if (count == 0)
        return;
    size_t total = record->header_count + count;
    record->headers = memory_resized(record->headers, total, sizeof(*record->headers));
    for (size_t i = 0; i < count; i++)
        record->headers[record->header_count++] = (struct header){
            .name = memory_text(headers[i].name), .value = view_copied(headers[i].value)};
}

struct view fake_record_header(const struct fake_record *record, const char *name)
{
    for (size_t i = 0; i < record->header_count; i++) {
        if (strcmp(record->headers[i].name, name) == 0)
            return record->headers[i].value;
    }
    return (struct view){NULL, 0};
}

size_t fake_record_bytes(const struct fake_record *record)
{
    size_t bytes = record->key.size + record->value.size;
    for (size_t i = 0; i < record->header_count; i++)
        bytes += strlen(record->headers[i].name) + record->headers[i].value.size;
    return bytes;
}

struct message fake_record_message(const struct fake_record *record)
{
    return (struct message){
        .partition = record->partition,
        .offset = record->offset,
        .timestamp_ms = record->timestamp_ms,
        .has_timestamp = record->has_timestamp,
        .key = record->key,
        .value = record->value,
        .native = record,
    };
}
