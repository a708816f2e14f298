// SPDX-License-Identifier: Apache-2.0
// What the benchmark is asked to do, by its environment:
//
//   BENCH_LINES="c f j"        these lines alone (default: all but k; what they are: bench.c)
//   BENCH_SET="a.b=c d=e"      settings of the service, as its --set takes them
//   BENCH_PURCHASES=5000000    purchases in the topic
//   BENCH_CARDS=1000000        cards that they spread over
//   BENCH_PARTITIONS=4
//   BENCH_SKEW=uniform         or zipf: few cards buy much (exponent 1.1)
//   BENCH_ALERTS=10            about how many purchases in a hundred raise an alert (default 0.3)
//   BENCH_RATES="10000 50000"  purchases a second at which alert latency is measured; one in a
//                              hundred raises an alert
//   BENCH_SECONDS=30           for how long, at each rate
//   BENCH_RESTART_CARDS="100000 1000000"   sizes of the store at kill -9 (10000000: some minutes,
//                              and the benchmark itself takes about 5 GB)
//   BENCH_JSON=FILE            the figures as JSON too
//   PEER=1                     the Kafka Streams peer as well (line p)
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OPTION_LIST_MAX = 8 };

struct option_list {
    int64_t items[OPTION_LIST_MAX];
    size_t count;
};

struct options {
    const char *lines; // borrowed
    bool lines_chosen; // not the default
    size_t purchases;
    uint64_t cards;
    int32_t partitions;
    bool zipf;
    double alert_percent;
    struct option_list rates;
    int64_t seconds;
    struct option_list restart_cards;
    const char *json_path; // NULL: none
    bool peer;             // line p, whatever `lines` says
    const char *sets;      // "a.b=c d=e" for the service; NULL: none
};

// Exits with a sentence when a value is no good.
struct options options_read(void);

bool options_want(const struct options *options, char line);

#endif
