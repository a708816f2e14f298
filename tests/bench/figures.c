// SPDX-License-Identifier: Apache-2.0
#include "bench/figures.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

struct row row_of(char line, const char *format, ...)
{
    struct row row = {.line = line};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(row.label, sizeof(row.label), format, arguments);
    va_end(arguments);
    return row;
}

void row_add(struct row *row, const char *name, const char *unit, double value)
{
    ensure(row->figure_count < ROW_FIGURES_MAX);
    row->figures[row->figure_count++] = (struct figure){name, unit, value};
}

void row_measure_whole(struct row *row, struct meter *meter)
{
    const struct usage usage = meter_read_whole(meter);
    row->cpu_seconds = usage.cpu_seconds;
    row->rss_peak_kib = usage.rss_peak_kib;
    row->anonymous_peak_kib = usage.anonymous_peak_kib;
}

void row_measure(struct row *row, struct meter *meter)
{
    const struct usage usage = meter_read(meter);
    row->seconds = usage.seconds;
    row->cpu_seconds = usage.cpu_seconds;
    row->rss_peak_kib = usage.rss_peak_kib;
    row->anonymous_peak_kib = usage.anonymous_peak_kib;
    row->sent_bytes = usage.sent_bytes;
}

static int by_time(const void *left, const void *right)
{
    const uint32_t *a = left;
    const uint32_t *b = right;
    return *a < *b ? -1 : *a > *b;
}

void row_add_percentiles(struct row *row, const char *prefix, uint32_t *times_us, size_t count)
{
    static const struct {
        const char *name;
        const char *ack_name;
        double share;
    } points[] = {
        {"p50", "ack_p50", 0.5},       {"p90", "ack_p90", 0.9}, {"p99", "ack_p99", 0.99},
        {"p99.9", "ack_p99.9", 0.999}, {"max", "ack_max", 1},
    };
    if (count == 0)
        return;
    qsort(times_us, count, sizeof(times_us[0]), by_time);
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        size_t at = (size_t)(points[i].share * (double)count);
        at = at < count ? at : count - 1;
        row_add(row, prefix[0] == '\0' ? points[i].name : points[i].ack_name, "ms",
                (double)times_us[at] / 1000);
    }
}

void figures_head(void)
{
    printf("%-44s %11s %8s %7s %8s %8s %9s %7s  %s\n", "", "events/s", "seconds", "CPU s/M",
           "RSS MiB", "anon MiB", "B sent/ev", "ratio", "alerts");
}

// A number of the row, or blanks when it was not measured.
static void cell(int width, int decimals, bool known, double value)
{
    if (known)
        printf(" %*.*f", width, decimals, value);
    else
        printf(" %*s", width, "-");
}

static void print_verdict(const struct row *row)
{
    if (row->verdict == VERDICT_NONE)
        return;
    printf("  %zu, %s", row->alerts,
           row->verdict == VERDICT_EQUAL ? "equal to the oracle's" : "NOT the oracle's");
    if (row->repeated > 0)
        printf(", %zu repeated", row->repeated);
}

static void print_figures(const struct row *row)
{
    for (size_t i = 0; i < row->figure_count; i++) {
        const struct figure *figure = &row->figures[i];
        int decimals = figure->value < 10 && figure->unit[0] != '\0' ? 2 : 0;
        printf("%s%s %.*f%s%s", i == 0 ? "      " : ", ", figure->name,
               figure->value < 1000 && decimals == 0 && figure->unit[0] != '\0' ? 1 : decimals,
               figure->value, figure->unit[0] == '\0' ? "" : " ", figure->unit);
    }
    if (row->figure_count > 0)
        printf("\n");
}

void figures_take(struct figures *figures, const struct row *row)
{
    ensure(figures->row_count < ROWS_MAX);
    figures->rows[figures->row_count++] = *row;
    bool timed = row->seconds > 0 && row->events > 0;
    double rate = timed ? row->events / row->seconds : 0;
    printf("(%c) %-40s", row->line, row->label);
    cell(11, 0, timed, rate);
    cell(8, 2, timed, row->seconds);
    cell(7, row->cpu_seconds * 1e6 < row->events ? 3 : 2, timed && row->cpu_seconds > 0,
         row->cpu_seconds * 1e6 / row->events);
    cell(8, 1, row->rss_peak_kib > 0, (double)row->rss_peak_kib / 1024);
    cell(8, 1, row->anonymous_peak_kib > 0, (double)row->anonymous_peak_kib / 1024);
    cell(9, 1, timed && row->sent_bytes > 0, (double)row->sent_bytes / row->events);
    cell(7, 3, timed && !row->no_ratio && figures->ceiling_per_second > 0,
         rate / figures->ceiling_per_second);
    print_verdict(row);
    printf("\n");
    print_figures(row);
    fflush(stdout);
}

void figures_legend(void)
{
    printf("events/s: from the first partition at work to the last purchase committed. CPU s/M: "
           "CPU seconds of\n"
           "the process under test (all its threads, user and system) for a million events, over "
           "the same time.\n"
           "RSS: its peak resident memory (VmHWM); anon: peak of RssAnon, looked at each 20 ms. "
           "B sent/ev: bytes\n"
           "that the process sent on its TCP connections to the broker in this time: records as "
           "compressed, and all\n"
           "requests, those to fetch included. ratio: events/s to those of line (a), 1 thread. "
           "Broker, benchmark and\n"
           "process under test share this machine.\n");
}

bool figures_close(const struct figures *figures)
{
    size_t equal = 0;
    size_t different = 0;
    for (size_t i = 0; i < figures->row_count; i++) {
        equal += figures->rows[i].verdict == VERDICT_EQUAL;
        different += figures->rows[i].verdict == VERDICT_DIFFERENT;
    }
    if (equal + different == 0)
        printf("no line produced alerts: no verdict\n");
    else if (different == 0)
        printf("every verdict (%zu): alerts equal to the oracle's\n", equal);
    else
        printf("FAILED: in %zu of %zu lines the alerts are NOT the oracle's\n", different,
               equal + different);
    return different == 0;
}

static json_t *row_json(const struct row *row, double ceiling)
{
    static const char *const verdicts[] = {
        [VERDICT_NONE] = "none", [VERDICT_EQUAL] = "equal", [VERDICT_DIFFERENT] = "different"};
    const char line[2] = {row->line, '\0'};
    json_t *object =
        json_pack("{s:s, s:s, s:f, s:f, s:f, s:I, s:I, s:I, s:s, s:I, s:I}", "line", line, "label",
                  row->label, "events", row->events, "seconds", row->seconds, "cpu_seconds",
                  row->cpu_seconds, "rss_peak_kib", (json_int_t)row->rss_peak_kib,
                  "anonymous_peak_kib", (json_int_t)row->anonymous_peak_kib, "sent_bytes",
                  (json_int_t)row->sent_bytes, "verdict", verdicts[row->verdict], "alerts",
                  (json_int_t)row->alerts, "repeated", (json_int_t)row->repeated);
    ensure(object != NULL);
    if (row->seconds > 0) {
        json_object_set_new(object, "events_per_second", json_real(row->events / row->seconds));
        if (ceiling > 0 && !row->no_ratio)
            json_object_set_new(object, "ratio", json_real(row->events / row->seconds / ceiling));
    }
    for (size_t i = 0; i < row->figure_count; i++) {
        char name[64];
        const struct figure *figure = &row->figures[i];
        snprintf(name, sizeof(name), "%s%s%s", figure->name, figure->unit[0] == '\0' ? "" : "_",
                 figure->unit);
        json_object_set_new(object, name, json_real(figure->value));
    }
    return object;
}

void figures_json(const struct figures *figures, const char *path)
{
    if (path == NULL)
        return;
    json_t *rows = json_array();
    for (size_t i = 0; i < figures->row_count; i++)
        json_array_append_new(rows, row_json(&figures->rows[i], figures->ceiling_per_second));
    if (json_dump_file(rows, path, JSON_INDENT(2)) != 0)
        fprintf(stderr, "cannot write %s\n", path);
    json_decref(rows);
}
