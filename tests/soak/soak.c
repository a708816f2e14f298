// SPDX-License-Identifier: Apache-2.0
// `make soak`: the service on a real Apache Kafka for hours of event time, which passes much faster
// than the clock. Memory, threads, files, store and changelog are looked at from outside at regular
// steps and must level off: the mean of the last third of the steps may lie at most SOAK_PERCENT
// above that of the middle third (the first is warm-up). The alerts must be the oracle's.
//
//   churn     cards come and go for hours: expiry bounds store and changelog
//   hot       a million purchases of one card in one window
//   crowd     ten million cards at a time: memory is bounded by settings; then they expire
//   restarts  churn, with a restart or a kill -9 at each step
//
// Options: options.h. Exit code 1: something grows, or alerts differ.
#include "soak/soak.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name;
    bool (*run)(struct soak *soak);
} scenarios[] = {
    {"churn", churn_run},
    {"hot", hot_run},
    {"crowd", crowd_run},
    {"restarts", restarts_run},
};

int main(void)
{
    struct soak soak = {.options = soak_options_read()};
    size_t failed = 0;
    size_t passed = 0;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    // Old segments go and changelogs are compacted within seconds, not minutes.
    setenv("KAFKA_SETTINGS",
           "log.cleaner.backoff.ms=1000 log.retention.check.interval.ms=2000 "
           "log.initial.task.delay.ms=1000 log.segment.delete.delay.ms=1000",
           1);
    soak.kafka = kafkad_open();
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        if (!soak_options_want(&soak.options, scenarios[i].name))
            continue;
        printf("\n%s\n", scenarios[i].name);
        bool fine = scenarios[i].run(&soak);
        printf("%s: %s\n", scenarios[i].name, fine ? "passed" : "FAILED");
        passed += fine;
        failed += !fine;
    }
    kafkad_close(soak.kafka);
    printf("\n%zu passed, %zu failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
