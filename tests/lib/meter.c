// SPDX-License-Identifier: Apache-2.0
#include "lib/meter.h"

#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "base/memory.h"
#include "lib/process.h"
#include "lib/sockets.h"
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
    atomic_int_least64_t step_peak_kib; // since meter_take_peak_kib
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

// The number in a line of /proc/PID/status (memory: in KiB); 0 when it is not there.
static int64_t status_number(pid_t pid, const char *name)
{
    char path[64];
    char line[256];
    int64_t number = 0;
    size_t size = strlen(name);
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    while (number == 0 && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, name, size) == 0 && line[size] == ':')
            number = strtoll(line + size + 1, NULL, 10);
    fclose(file);
    return number;
}

int64_t meter_rss_peak_kib(pid_t pid)
{
    return status_number(pid, "VmHWM");
}

static void *sample(void *context)
{
    struct meter *meter = context;
    const struct timespec nap = {.tv_nsec = SAMPLE_MS * 1000000};
    while (!meter->done) {
        int64_t kib = status_number(meter->pid, "RssAnon");
        if (kib > meter->anonymous_peak_kib)
            meter->anonymous_peak_kib = kib;
        if (kib > meter->step_peak_kib)
            meter->step_peak_kib = kib;
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

struct usage meter_read_whole(struct meter *meter)
{
    return (struct usage){
        .cpu_seconds = seconds_of(meter->clock),
        .rss_peak_kib = meter_rss_peak_kib(meter->pid),
        .anonymous_peak_kib = meter->anonymous_peak_kib,
    };
}

struct usage meter_read(struct meter *meter)
{
    double seconds = meter_now() - meter->began;
    struct usage usage = meter_read_whole(meter);
    usage.seconds = seconds;
    usage.cpu_seconds -= meter->cpu_before;
    usage.sent_bytes = sockets_sent_bytes(meter->broker_port, meter->broker) - meter->sent_before;
    return usage;
}

int64_t meter_take_peak_kib(struct meter *meter)
{
    int64_t now_kib = status_number(meter->pid, "RssAnon");
    int64_t peak_kib = atomic_exchange(&meter->step_peak_kib, 0);
    return now_kib > peak_kib ? now_kib : peak_kib;
}

int64_t meter_threads(const struct meter *meter)
{
    int64_t threads = status_number(meter->pid, "Threads");
    return threads == 0 ? -1 : threads;
}

int64_t meter_files(const struct meter *meter)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)meter->pid);
    DIR *dir = opendir(path);
    if (dir == NULL)
        return -1;
    int64_t count = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}
