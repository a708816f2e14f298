// SPDX-License-Identifier: Apache-2.0
// The table's lines that run the service, each from its beginning to its verdict.
#ifndef BENCH_LINES_H
#define BENCH_LINES_H

#include "bench/load.h"
#include "bench/site.h"

// service.c: (c) exactly once, (d) tumbling, (e) at least once, (f) two workers; with (c) comes
// (h), the restore of what it left, when that is wanted.
void service_lines(struct site *site, const struct load *load);

// latency.c: (j) for each rate.
void latency_lines(struct site *site);

#endif
