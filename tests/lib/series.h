// SPDX-License-Identifier: Apache-2.0
// Figures of something that runs for long, taken at regular steps, printed as a table; and whether
// they are flat: what leaks grows.
#ifndef LIB_SERIES_H
#define LIB_SERIES_H

#include <stdbool.h>
#include <stddef.h>

enum { SERIES_COLUMNS_MAX = 16, SERIES_COUNT_MIN = 6 };

struct series_column {
    const char *name; // borrowed
    int decimals;
    bool judged;
    double slack; // in the column's unit: as much growth is none
};

struct series {
    struct series_column columns[SERIES_COLUMNS_MAX];
    size_t column_count;
    double *values; // by row, then column
    size_t count;
    size_t capacity;
};

// The middle third and the last third of the values: the first is warm-up.
struct series_growth {
    double middle; // means
    double last;
    bool known; // false: fewer than SERIES_COUNT_MIN values, or one is NaN
    bool flat;
};

// Flat: the mean of the last third is at most `percent` and `slack` above that of the middle third.
struct series_growth series_growth(const double *values, size_t count, double percent,
                                   double slack);

// Copies the columns and prints their names.
void series_open(struct series *series, const struct series_column *columns, size_t count);
void series_close(struct series *series);

// Prints a row, one value a column, and keeps it. NaN: not known.
void series_add(struct series *series, const double *values);
// A column of a row that was added.
double series_value(const struct series *series, size_t row, size_t column);

// Prints a line for each judged column; how many of them are not flat. A column of which a value is
// not known is not judged, too few rows are a fault.
size_t series_judge(const struct series *series, double percent);

#endif
