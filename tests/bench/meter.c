// SPDX-License-Identifier: Apache-2.0
#include "bench/meter.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "base/memory.h"
#include "bench/sockets.h"
#include "lib/process.h"
#include "lib/workspace.h"

enum { SAMPLE_MS = 20, EXEC_MS_MAX = 1000 };

struct meter {
    pid_t pid;
    pid_t broker;
    uint16_t broker_port;
    clockid_t clock;
    pthread_t sampler;
    atomic_bool done;
    atomic_int_least64_t anonymous_peak_kib;
    double began;
    double cpu_before;
    int64_t sent_before;
};

static double seconds_of(clockid_t clock)
{
    struct timespec time = {0};
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

double meter_now(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

// A line of /proc/PID/status in KiB; 0 when it is not there.
static int64_t status_kib(pid_t pid, const char *name)
{
    char path[64];
    char line[256];
    int64_t kib = 0;
    size_t size = strlen(name);
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    while (kib == 0 && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, name, size) == 0 && line[size] == ':')
            kib = strtoll(line + size + 1, NULL, 10);
    fclose(file);
    return kib;
}

int64_t meter_rss_peak_kib(pid_t pid)
{
    return status_kib(pid, "VmHWM");
}

static void *sample(void *context)
{
    struct meter *meter = context;
    const struct timespec nap = {.tv_nsec = SAMPLE_MS * 1000000};
    while (!meter->done) {
        int64_t kib = status_kib(meter->pid, "RssAnon");
        if (kib > meter->anonymous_peak_kib)
            meter->anonymous_peak_kib = kib;
        nanosleep(&nap, NULL);
    }
    return NULL;
}

// Between fork and exec it is a copy of this process, whose memory is not meant.
static void await_exec(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    char *own = workspace_read("/proc/self/comm");
    int64_t deadline_ms = process_clock_ms() + EXEC_MS_MAX;
    for (bool same = true; same && process_clock_ms() < deadline_ms;) {
        char *name = workspace_read(path);
        same = strcmp(name, own) == 0;
        free(name);
    }
    free(own);
}

struct meter *meter_open(pid_t pid, const struct kafkad *kafka)
{
    struct meter *meter = memory_zeroed(1, sizeof(*meter));
    meter->pid = pid;
    const char *colon = strrchr(kafkad_bootstrap(kafka), ':');
    meter->broker = kafkad_pid(kafka);
    ensure(colon != NULL);
    meter->broker_port = (uint16_t)strtoul(colon + 1, NULL, 10);
    await_exec(pid);
    ensure(clock_getcpuclockid(pid, &meter->clock) == 0);
    ensure(pthread_create(&meter->sampler, NULL, sample, meter) == 0);
    return meter;
}

void meter_close(struct meter *meter)
{
    if (meter == NULL)
        return;
    meter->done = true;
    pthread_join(meter->sampler, NULL);
    free(meter);
}

void meter_start(struct meter *meter)
{
    meter->began = meter_now();
    meter->cpu_before = seconds_of(meter->clock);
    meter->sent_before = sockets_sent_bytes(meter->broker_port, meter->broker);
}

void meter_read_whole(struct meter *meter, struct row *row)
{
    row->cpu_seconds = seconds_of(meter->clock);
    row->rss_peak_kib = meter_rss_peak_kib(meter->pid);
    row->anonymous_peak_kib = meter->anonymous_peak_kib;
}

void meter_read(struct meter *meter, struct row *row)
{
    row->seconds = meter_now() - meter->began;
    meter_read_whole(meter, row);
    row->cpu_seconds -= meter->cpu_before;
    row->sent_bytes = sockets_sent_bytes(meter->broker_port, meter->broker) - meter->sent_before;
}
