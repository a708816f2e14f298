// SPDX-License-Identifier: Apache-2.0
#include "lib/schedule.h"

#include <stdlib.h>
#include <string.h>

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
        .partition = murmur2_partition(message->key, schedule->workload->partitions),
        .timestamp_ms = message->message_timestamp_ms,
        .key_size = (uint16_t)message->key.size,
        .value_size = (uint16_t)message->value.size,
    };
    shot->offset = schedule->ends[shot->partition]++;
    memcpy(schedule->bytes + shot->at, message->key.data, message->key.size);
    memcpy(schedule->bytes + shot->at + message->key.size, message->value.data,
           message->value.size);
    schedule->size += size;
    workload_expect(schedule->workload, message, shot->partition, shot->offset);
}

void schedule_open(struct schedule *schedule, struct workload *workload, size_t count, int64_t rate)
{
    struct generated message;
    *schedule =
        (struct schedule){.rate = rate, .workload = workload, .first_alert = workload->alert_count};
    schedule->shots = memory_zeroed(count, sizeof(schedule->shots[0]));
    schedule->ends = memory_zeroed((size_t)workload->partitions, sizeof(schedule->ends[0]));
    for (int32_t p = 0; p < workload->partitions && workload->loader != NULL; p++)
        schedule->ends[p] = loader_sent(workload->loader, p);
    while (schedule->count < count) {
        generator_next(workload->generator, &message);
        keep(schedule, &message);
    }
}

void schedule_close(struct schedule *schedule)
{
    free(schedule->shots);
    free(schedule->bytes);
    free(schedule->ends);
    *schedule = (struct schedule){0};
}
