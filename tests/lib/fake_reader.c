// SPDX-License-Identifier: Apache-2.0
#include "lib/fake_reader.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

void fake_reader_init(struct fake_reader *reader, struct fake_topics *topics, const char *topic)
{
    *reader = (struct fake_reader){.topics = topics, .topic = topic};
}

void fake_reader_clear(struct fake_reader *reader)
{
    for (size_t i = 0; i < reader->message_count; i++)
        fake_record_release(&reader->records[i]);
    free(reader->records);
    free(reader->messages);
    reader->records = NULL;
    reader->messages = NULL;
    reader->message_count = 0;
}

void fake_reader_release(struct fake_reader *reader)
{
    fake_reader_clear(reader);
    free(reader->readings);
    free(reader->picked);
    reader->readings = NULL;
    reader->reading_count = 0;
    reader->picked = NULL;
    reader->picked_capacity = 0;
}

struct fake_reading *fake_reader_find(struct fake_reader *reader, int32_t partition)
{
    for (size_t i = 0; i < reader->reading_count; i++) {
        if (reader->readings[i].partition == partition)
            return &reader->readings[i];
    }
    return NULL;
}

static struct fake_reading *reading_add(struct fake_reader *reader, int32_t partition)
{
    size_t count = reader->reading_count + 1;
    reader->readings = memory_resized(reader->readings, count, sizeof(*reader->readings));
    struct fake_reading *reading = &reader->readings[reader->reading_count++];
    *reading = (struct fake_reading){.partition = partition};
    return reading;
}

static enum status unknown(const struct fake_reader *reader, int32_t partition, struct error *err)
{
    return error_set(err, STATUS_RETRY, "%s[%" PRId32 "]: there is no such partition",
                     reader->topic, partition);
}

enum status fake_reader_start(struct fake_reader *reader, int32_t partition, int64_t offset,
                              struct error *err)
{
    ensure(offset >= 0);
    if (fake_topics_log(reader->topics, reader->topic, partition) == NULL)
        return unknown(reader, partition, err);
    struct fake_reading *reading = fake_reader_find(reader, partition);
    if (reading == NULL)
        reading = reading_add(reader, partition);
    reading->position = offset;
    return STATUS_OK;
}

void fake_reader_stop(struct fake_reader *reader, int32_t partition)
{
    struct fake_reading *reading = fake_reader_find(reader, partition);
    if (reading != NULL)
        *reading = reader->readings[--reader->reading_count];
}

static void pick(struct fake_reader *reader, const struct fake_record *record)
{
    if (reader->picked_count == reader->picked_capacity) {
        reader->picked_capacity = reader->picked_capacity == 0 ? 16 : reader->picked_capacity * 2;
        reader->picked =
            memory_resized(reader->picked, reader->picked_capacity, sizeof(*reader->picked));
    }
    reader->picked[reader->picked_count++] = record;
}

static enum status check_range(const struct fake_reader *reader, const struct fake_log *log,
                               const struct fake_reading *reading, struct error *err)
{
    if (reading->position >= log->low && reading->position <= log->high)
        return STATUS_OK;
    return error_set(err, STATUS_RESET,
                     "%s[%" PRId32 "]: offset %" PRId64 " is outside of the log, %" PRId64
                     " to %" PRId64,
                     reader->topic, reading->partition, reading->position, log->low, log->high);
}

// As a consumer's, the position moves over what is invisible only when nothing was left to hand
// out: the one that the last record leaves may be in front of a marker.
static void gather_one(struct fake_reader *reader, const struct fake_log *log,
                       struct fake_reading *reading, size_t max)
{
    bool any = false;
    while (reader->picked_count < max) {
        int64_t position = reading->position;
        const struct fake_record *record = fake_log_next(log, &position);
        if (record == NULL && any)
            return;
        reading->position = position;
        if (record == NULL)
            return;
        pick(reader, record);
        any = true;
    }
}

static const struct fake_log *log_of(const struct fake_reader *reader,
                                     const struct fake_reading *reading)
{
    return fake_topics_log(reader->topics, reader->topic, reading->partition);
}

static enum status check_all(const struct fake_reader *reader, struct error *err)
{
    for (size_t i = 0; i < reader->reading_count; i++) {
        const struct fake_reading *reading = &reader->readings[i];
        const struct fake_log *log = log_of(reader, reading);
        if (log == NULL)
            return unknown(reader, reading->partition, err);
        enum status status = check_range(reader, log, reading, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static void hand_out_picked(struct fake_reader *reader)
{
    if (reader->picked_count == 0)
        return;
    reader->records = memory_zeroed(reader->picked_count, sizeof(*reader->records));
    reader->messages = memory_zeroed(reader->picked_count, sizeof(*reader->messages));
    reader->message_count = reader->picked_count;
    for (size_t i = 0; i < reader->picked_count; i++) {
        fake_record_copy(&reader->records[i], reader->picked[i]);
        reader->messages[i] = fake_record_message(&reader->records[i]);
    }
}

enum status fake_reader_gather(struct fake_reader *reader, size_t max, struct error *err)
{
    ensure(max > 0);
    fake_reader_clear(reader);
    enum status status = check_all(reader, err);
    if (status != STATUS_OK)
        return status;
    reader->picked_count = 0;
    reader->turn++;
    for (size_t i = 0; i < reader->reading_count; i++) {
        struct fake_reading *reading =
            &reader->readings[(reader->turn + i) % reader->reading_count];
        gather_one(reader, log_of(reader, reading), reading, max);
    }
    hand_out_picked(reader);
    return STATUS_OK;
}
