// SPDX-License-Identifier: Apache-2.0
#include "lib/series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

enum { WIDTH_MIN = 9 };

static double mean(const double *values, size_t from, size_t to)
{
    double sum = 0;
    for (size_t i = from; i < to; i++)
        sum += values[i];
    return sum / (double)(to - from);
}

struct series_growth series_growth(const double *values, size_t count, double percent, double slack)
{
    struct series_growth growth = {.middle = NAN, .last = NAN};
    if (count < SERIES_COUNT_MIN)
        return growth;
    growth.middle = mean(values, count / 3, count - count / 3);
    growth.last = mean(values, count - count / 3, count);
    growth.known = !isnan(mean(values, 0, count));
    growth.flat = growth.known && growth.last <= growth.middle * (1 + percent / 100) + slack;
    return growth;
}

static int width_of(const struct series_column *column)
{
    int width = (int)strlen(column->name);
    return width < WIDTH_MIN ? WIDTH_MIN : width;
}

void series_open(struct series *series, const struct series_column *columns, size_t count)
{
    ensure(count > 0 && count <= SERIES_COLUMNS_MAX);
    *series = (struct series){.column_count = count};
    memcpy(series->columns, columns, count * sizeof(columns[0]));
    for (size_t c = 0; c < count; c++)
        printf("%*s ", width_of(&columns[c]), columns[c].name);
    printf("\n");
}

void series_close(struct series *series)
{
    free(series->values);
    *series = (struct series){0};
}

void series_add(struct series *series, const double *values)
{
    if (series->count == series->capacity) {
        series->capacity = 2 * series->capacity + 64;
        series->values =
            memory_resized(series->values, series->capacity * series->column_count, sizeof(double));
    }
    memcpy(series->values + series->count++ * series->column_count, values,
           series->column_count * sizeof(double));
    for (size_t c = 0; c < series->column_count; c++) {
        const struct series_column *column = &series->columns[c];
        if (isnan(values[c]))
            printf("%*s ", width_of(column), "-");
        else
            printf("%*.*f ", width_of(column), column->decimals, values[c]);
    }
    printf("\n");
}

double series_value(const struct series *series, size_t row, size_t column)
{
    ensure(row < series->count && column < series->column_count);
    return series->values[row * series->column_count + column];
}

static struct series_growth growth_of(const struct series *series, size_t column, double percent)
{
    double *values = memory_zeroed(series->count + 1, sizeof(double));
    for (size_t row = 0; row < series->count; row++)
        values[row] = series_value(series, row, column);
    struct series_growth growth =
        series_growth(values, series->count, percent, series->columns[column].slack);
    free(values);
    return growth;
}

static size_t judge_column(const struct series *series, size_t c, double percent)
{
    const struct series_column *column = &series->columns[c];
    const struct series_growth growth = growth_of(series, c, percent);
    if (!growth.known) {
        bool few = series->count < SERIES_COUNT_MIN;
        printf("  %-14s %s\n", column->name, few ? "too few rows to judge" : "not known");
        return few;
    }
    printf("  %-14s middle third %.*f, last third %.*f (%+.1f %%): %s\n", column->name,
           column->decimals, growth.middle, column->decimals, growth.last,
           growth.middle > 0 ? (growth.last / growth.middle - 1) * 100 : 0,
           growth.flat ? "flat" : "IT GROWS");
    return !growth.flat;
}

size_t series_judge(const struct series *series, double percent)
{
    size_t faults = 0;
    for (size_t c = 0; c < series->column_count; c++)
        if (series->columns[c].judged)
            faults += judge_column(series, c, percent);
    return faults;
}
