// SPDX-License-Identifier: Apache-2.0
#include "bench/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "base/murmur2.h"

static void keep(struct schedule *schedule, const struct generated *message)
{
    struct shot *shot = &schedule->shots[schedule->count++];
    size_t size = message->key.size + message->value.size;
    if (schedule->capacity - schedule->size < size) {
        schedule->capacity = 2 * schedule->capacity + 65536;
        schedule->bytes = memory_resized(schedule->bytes, schedule->capacity, 1);
    }
    *shot = (struct shot){
        .at = schedule->size,
        .partition = murmur2_partition(message->key, schedule->partitions),
        .timestamp_ms = message->message_timestamp_ms,
        .key_size = (uint16_t)message->key.size,
        .value_size = (uint16_t)message->value.size,
    };
    shot->offset = schedule->ends[shot->partition]++;
    memcpy(schedule->bytes + shot->at, message->key.data, message->key.size);
    memcpy(schedule->bytes + shot->at + message->key.size, message->value.data,
           message->value.size);
    schedule->size += size;
    workload_expect(&schedule->workload, message, shot->partition, shot->offset);
}

void schedule_open(struct schedule *schedule, const struct schedule_settings *settings)
{
    const struct workload_settings workload = {.generator = settings->generator,
                                               .oracle = settings->oracle,
                                               .partitions = settings->partitions};
    size_t partitions = (size_t)settings->partitions;
    *schedule = (struct schedule){.rate = settings->rate, .partitions = settings->partitions};
    schedule->shots = memory_zeroed(settings->count, sizeof(schedule->shots[0]));
    schedule->ends = memory_zeroed(partitions, sizeof(schedule->ends[0]));
    if (settings->ends != NULL)
        memcpy(schedule->ends, settings->ends, partitions * sizeof(schedule->ends[0]));
    workload_open(&schedule->workload, &workload);
    struct generated message;
    while (schedule->count < settings->count) {
        generator_next(schedule->workload.generator, &message);
        keep(schedule, &message);
    }
}

void schedule_close(struct schedule *schedule)
{
    workload_close(&schedule->workload);
    free(schedule->shots);
    free(schedule->bytes);
    free(schedule->ends);
    *schedule = (struct schedule){0};
}
