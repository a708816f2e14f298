// SPDX-License-Identifier: Apache-2.0
// The one table that the benchmark prints, a row at a time as they are measured, and the same as
// JSON in the end.
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/meter.h"

enum { ROW_LABEL_BYTES = 64, ROW_FIGURES_MAX = 24, ROWS_MAX = 64 };

// The oracle's word on the alerts that a row's run produced.
enum row_verdict { VERDICT_NONE, VERDICT_EQUAL, VERDICT_DIFFERENT };

// A figure of a row that is not a column. Borrowed texts.
struct figure {
    const char *name; // as JSON has it
    const char *unit; // "ms", "/s", ...; "" for a count
    double value;
};

// Zero: not measured.
struct row {
    char line;
    char label[ROW_LABEL_BYTES];
    bool no_ratio; // not purchases at full speed: nothing to compare with the ceiling
    double events;
    double seconds;
    double cpu_seconds;
    int64_t rss_peak_kib;
    int64_t anonymous_peak_kib;
    int64_t sent_bytes;
    enum row_verdict verdict;
    size_t alerts;   // as the oracle has them
    size_t repeated; // alerts that came more than once
    struct figure figures[ROW_FIGURES_MAX];
    size_t figure_count;
};

struct row row_of(char line, const char *format, ...) __attribute__((format(printf, 2, 3)));
void row_add(struct row *row, const char *name, const char *unit, double value);
// What the meter says, since it was started; since the process began, without seconds and bytes.
void row_measure(struct row *row, struct meter *meter);
void row_measure_whole(struct row *row, struct meter *meter);
// Adds p50, p99, p99.9 and max of `count` times, which get sorted; names begin with `prefix`, one
// of
// "" and "ack_".
void row_add_percentiles(struct row *row, const char *prefix, uint32_t *times_us, size_t count);

struct figures {
    double ceiling_per_second; // 0: not measured
    struct row rows[ROWS_MAX];
    size_t row_count;
};

void figures_head(void);
// Prints the row and keeps it.
void figures_take(struct figures *figures, const struct row *row);
void figures_legend(void);
// The last line: what the oracle said of all. False when anything differed.
bool figures_close(const struct figures *figures);
// Does nothing when there is no path.
void figures_json(const struct figures *figures, const char *path);

#endif
