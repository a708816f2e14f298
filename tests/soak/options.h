// SPDX-License-Identifier: Apache-2.0
// What the soak is asked to do, by its environment:
//
//   SOAK_SCENARIOS="churn hot"   these alone (default: all; what they are: soak.c)
//   SOAK_MINUTES=10              how long churn runs, and restarts
//   SOAK_SEED=1                  of the purchases
//   SOAK_RATE=200                purchases a second of event time, in churn and restarts
//   SOAK_HOT=1000000             purchases of the hot card
//   SOAK_CARDS=10000000          cards of the crowd
//   SOAK_PERCENT=5               growth that is none
//   SOAK_SET="a.b=c d=e"         settings of the service, as its --set takes them
#ifndef SOAK_OPTIONS_H
#define SOAK_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct soak_options {
    const char *scenarios; // borrowed
    double minutes;
    uint64_t seed;
    int64_t rate;
    size_t hot;
    size_t cards;
    double percent;
    const char *sets;
};

// Exits with a sentence when a value is no good.
struct soak_options soak_options_read(void);

bool soak_options_want(const struct soak_options *options, const char *scenario);

#endif
