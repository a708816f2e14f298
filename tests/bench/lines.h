// SPDX-License-Identifier: Apache-2.0
// The table's lines, each from its beginning to its verdict; what they are: bench.c.
#ifndef BENCH_LINES_H
#define BENCH_LINES_H

#include "bench/load.h"
#include "bench/site.h"
#include "bench/trial.h"
#include "lib/schedule.h"

// (c), (d), (e), (f); and (h), the restore of what (c) and (f) have left.
void service_lines(struct site *site, const struct load *load);
// A run of the service from the first partition at work to the last purchase committed, then the
// verdict.
void service_line(struct trial *trial, const struct load *load, struct row *row);

// (g)
void engine_lines(struct site *site);

// (i), for each size of the store.
void restart_lines(struct site *site);

// (t), for each rate; one of them: of the purchases of a schedule that are sent to a topic
// meanwhile, the first `warm_up` do not count.
void latency_floor_lines(struct site *site);
void latency_floor(struct site *site, const char *topic, const struct schedule *schedule,
                   size_t warm_up);
// (j), for each rate.
void latency_lines(struct site *site);
// One of them: `service` but for the topic, which is made here; the row has its label.
void latency_line(struct site *site, int64_t rate, const struct trial_settings *service,
                  struct row *row);

// (k)
void sweep_lines(struct site *site);

// (p), on the load and at each rate.
void peer_lines(struct site *site, const struct load *load);

#endif
