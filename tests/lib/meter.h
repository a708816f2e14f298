// SPDX-License-Identifier: Apache-2.0
// What a process uses, seen from outside: CPU, memory, threads, files, bytes sent to the broker.
#ifndef LIB_METER_H
#define LIB_METER_H

#include <stdint.h>
#include <sys/types.h>

#include "lib/kafkad.h"

struct meter;

struct usage {
    double seconds;
    double cpu_seconds;
    int64_t rss_peak_kib;
    int64_t anonymous_peak_kib;
    int64_t sent_bytes;
};

// Begins to look at the memory of a process, which is the one that is connected to Kafka besides
// this one.
struct meter *meter_open(pid_t pid, const struct kafkad *kafka);
void meter_close(struct meter *meter);

// Measuring starts here: CPU and bytes count from now on. Memory counts from the process's start.
void meter_start(struct meter *meter);
// Seconds, CPU, memory and bytes since then. The process must still be there.
struct usage meter_read(struct meter *meter);
// CPU and memory alone, since the process began.
struct usage meter_read_whole(struct meter *meter);

// The peak of its anonymous memory since the last call, or since the meter was opened.
int64_t meter_take_peak_kib(struct meter *meter);
// How many threads and open files it has now; -1: the kernel does not tell (files: only root may
// know of a process that rules out core files).
int64_t meter_threads(const struct meter *meter);
int64_t meter_files(const struct meter *meter);

// The peak of a process's resident memory; 0 when there is no such process.
int64_t meter_rss_peak_kib(pid_t pid);

// Seconds of a clock that only goes forward.
double meter_now(void);

#endif
