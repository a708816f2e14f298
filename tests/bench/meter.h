// SPDX-License-Identifier: Apache-2.0
// What a process uses, seen from outside: CPU, memory, bytes sent to the broker.
#ifndef BENCH_METER_H
#define BENCH_METER_H

#include <stdint.h>
#include <sys/types.h>

#include "bench/table.h"
#include "lib/kafkad.h"

struct meter;

// Begins to look at the memory of a process, which is the one that is connected to Kafka besides
// this one.
struct meter *meter_open(pid_t pid, const struct kafkad *kafka);
void meter_close(struct meter *meter);

// Measuring starts here: CPU and bytes count from now on. Memory counts from the process's start.
void meter_start(struct meter *meter);
// Fills in seconds, CPU, memory and bytes since then. The process must still be there.
void meter_read(struct meter *meter, struct row *row);
// CPU and memory alone, since the process began.
void meter_read_whole(struct meter *meter, struct row *row);

// The peak of a process's resident memory; 0 when there is no such process.
int64_t meter_rss_peak_kib(pid_t pid);

// Seconds of a clock that only goes forward.
double meter_now(void);

#endif
