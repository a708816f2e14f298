// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
    FACILITIES_MAX = 64,
    FACILITY_BYTES_MAX = 24,
    REPEAT_EVERY_MS = 10000,
    SEVERITY_DEBUG = 7,
};

struct facility {
    char name[FACILITY_BYTES_MAX];
    int64_t admitted_ms;
    int64_t dropped_count;
};

struct kafka_log {
    atomic_int references;
    pthread_mutex_t lock;
    size_t facility_count;
    struct facility facilities[FACILITIES_MAX];
};

struct kafka_log *kafka_log_open(void)
{
    struct kafka_log *log = memory_zeroed(1, sizeof(*log));
    atomic_init(&log->references, 1);
    pthread_mutex_init(&log->lock, NULL);
    return log;
}

struct kafka_log *kafka_log_keep(struct kafka_log *log)
{
    atomic_fetch_add(&log->references, 1);
    return log;
}

void kafka_log_drop(struct kafka_log *log)
{
    if (log == NULL || atomic_fetch_sub(&log->references, 1) > 1)
        return;
    pthread_mutex_destroy(&log->lock);
    free(log);
}

enum log_level kafka_log_level(int severity)
{
    if (severity >= SEVERITY_DEBUG)
        return LOG_DEBUG;
    return severity <= 4 ? LOG_WARN : LOG_INFO;
}

// Each handle is given all of kafka.*, so librdkafka remarks on every property that is meant for
// another kind of handle. And what a producer has queued when it is thrown away is thrown away.
static bool says_nothing(const char *facility, const char *text)
{
    if (strcmp(facility, "TERMINATE") == 0)
        return true;
    return strcmp(facility, "CONFWARN") == 0 && strstr(text, "will be ignored by") != NULL;
}

static struct facility *facility_find(struct kafka_log *log, const char *name)
{
    for (size_t i = 0; i < log->facility_count; i++)
        if (strncmp(log->facilities[i].name, name, FACILITY_BYTES_MAX - 1) == 0)
            return &log->facilities[i];
    if (log->facility_count == FACILITIES_MAX)
        return NULL;
    struct facility *facility = &log->facilities[log->facility_count++];
    snprintf(facility->name, sizeof(facility->name), "%s", name);
    facility->admitted_ms = INT64_MIN;
    return facility;
}

int64_t kafka_log_admit(struct kafka_log *log, int severity, const char *name, const char *text,
                        int64_t now_ms)
{
    if (says_nothing(name, text))
        return -1;
    if (severity >= SEVERITY_DEBUG) // asked for by kafka.debug: all of it
        return 0;
    int64_t answer = 0;
    pthread_mutex_lock(&log->lock);
    struct facility *facility = facility_find(log, name);
    if (facility != NULL) {
        bool due =
            facility->admitted_ms == INT64_MIN || now_ms - facility->admitted_ms >= REPEAT_EVERY_MS;
        answer = due ? facility->dropped_count : -1;
        facility->dropped_count = due ? 0 : facility->dropped_count + 1;
        facility->admitted_ms = due ? now_ms : facility->admitted_ms;
    }
    pthread_mutex_unlock(&log->lock);
    return answer;
}
