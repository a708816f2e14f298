// SPDX-License-Identifier: Apache-2.0
// What all lines share: one Kafka, a schema registry, the options, the table.
#ifndef BENCH_SITE_H
#define BENCH_SITE_H

#include "bench/figures.h"
#include "bench/options.h"
#include "demo/dev_registry.h"
#include "lib/kafkad.h"
#include "lib/registrar.h"

struct load;

struct site {
    struct options options;
    struct figures figures;
    struct kafkad *kafka;
    const char *bootstrap;
    struct dev_registry *registry;
    char *registry_url;
    struct load *load; // what most lines consume; NULL when no line wants it
    unsigned trials;   // so far: their topics are numbered
};

void site_open(struct site *site, const struct options *options);
void site_close(struct site *site);

// Creates a topic that keeps its messages, and registers the purchase schema for it: its id.
uint32_t site_purchases_topic(struct site *site, const char *topic, int32_t partitions);

// Prints a sentence, ends everything.
_Noreturn void site_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
