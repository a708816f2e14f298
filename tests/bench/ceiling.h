// SPDX-License-Identifier: Apache-2.0
// Lines (a) and (b): what reading the topic costs librdkafka alone, with the service's own client
// settings and batches; and decoding on top. In a process of its own: this program, run again.
#ifndef BENCH_CEILING_H
#define BENCH_CEILING_H

#include "bench/load.h"

// Line (a); the first row becomes the table's ceiling. `print` false: for the ceiling alone.
void ceiling_lines(struct site *site, const struct load *load);
// Line (b).
void ceiling_decode_lines(struct site *site, const struct load *load);

// The other process: arguments behind "ceiling".
int ceiling_main(int count, char **arguments);

#endif
