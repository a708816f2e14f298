// SPDX-License-Identifier: Apache-2.0
#include "bench/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void refuse(const char *name, const char *value, const char *wanted)
{
    fprintf(stderr, "%s=%s: it must be %s\n", name, value, wanted);
    exit(2);
}

static bool take_number(const char **at, int64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoll(*at, &end, 10);
    if (end == *at || errno != 0 || *out < 1)
        return false;
    *at = end + strspn(end, " ,");
    return true;
}

static struct option_list list(const char *name, const char *fallback)
{
    struct option_list out = {.count = 0};
    const char *text = getenv(name);
    const char *at = text == NULL ? fallback : text;
    while (*at != '\0') {
        if (out.count == OPTION_LIST_MAX || !take_number(&at, &out.items[out.count]))
            refuse(name, text, "up to 8 numbers above 0");
        out.count++;
    }
    return out;
}

static int64_t number(const char *name, const char *fallback, int64_t most)
{
    const struct option_list one = list(name, fallback);
    if (one.count != 1 || one.items[0] > most)
        refuse(name, getenv(name), "one number above 0, and not that large");
    return one.items[0];
}

static double percent(const char *name, double fallback)
{
    const char *text = getenv(name);
    if (text == NULL)
        return fallback;
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= 0 && value <= 20))
        refuse(name, text, "a percentage from 0 to 20");
    return value;
}

static bool is_zipf(void)
{
    const char *text = getenv("BENCH_SKEW");
    if (text == NULL || strcmp(text, "uniform") == 0)
        return false;
    if (strcmp(text, "zipf") != 0)
        refuse("BENCH_SKEW", text, "uniform or zipf");
    return true;
}

static const char *wanted_lines(void)
{
    const char *lines = getenv("BENCH_LINES");
    if (lines != NULL && lines[strspn(lines, "abcdefghijkpt ,")] != '\0')
        refuse("BENCH_LINES", lines, "letters from a to k, or p");
    return lines != NULL ? lines : "abcdefghijt";
}

struct options options_read(void)
{
    const char *peer = getenv("PEER");
    return (struct options){
        .lines = wanted_lines(),
        .lines_chosen = getenv("BENCH_LINES") != NULL,
        .peer = peer != NULL && peer[0] == '1',
        .sets = getenv("BENCH_SET"),
        .purchases = (size_t)number("BENCH_PURCHASES", "5000000", 1000000000),
        .cards = (uint64_t)number("BENCH_CARDS", "1000000", 500000000),
        .partitions = (int32_t)number("BENCH_PARTITIONS", "4", 256),
        .zipf = is_zipf(),
        .alert_percent = percent("BENCH_ALERTS", 0.3),
        .rates = list("BENCH_RATES", "10000 50000"),
        .seconds = number("BENCH_SECONDS", "30", 3600),
        .restart_cards = list("BENCH_RESTART_CARDS", "100000 1000000"),
        .json_path = getenv("BENCH_JSON"),
    };
}

bool options_want(const struct options *options, char line)
{
    if (line == 'p' && options->peer)
        return true;
    return strchr(options->lines, line) != NULL;
}
