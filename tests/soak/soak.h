// SPDX-License-Identifier: Apache-2.0
// What the scenarios share: the service at work on a scene, looked at from outside step by step.
#ifndef SOAK_SOAK_H
#define SOAK_SOAK_H

#include "lib/meter.h"
#include "lib/scene.h"
#include "lib/series.h"
#include "soak/options.h"

// The table's columns.
enum soak_column {
    SOAK_HOURS, // of event time
    SOAK_SECONDS,
    SOAK_PURCHASES, // thousands
    SOAK_PER_SECOND,
    SOAK_MEMORY, // the peak of anonymous memory within the step
    SOAK_FILES,
    SOAK_THREADS,
    SOAK_CARDS,     // in the store
    SOAK_STORE,     // the state directory
    SOAK_CHANGELOG, // on the broker's disk
    SOAK_COLUMNS,
};
enum {
    // What the process takes whatever its state; and all.
    SOAK_PROCESS = 1u << SOAK_MEMORY | 1u << SOAK_FILES | 1u << SOAK_THREADS,
    SOAK_ALL = SOAK_PROCESS | 1u << SOAK_CARDS | 1u << SOAK_STORE | 1u << SOAK_CHANGELOG,
};

// What is sent at a time, and how far the service may be behind before more is.
enum { SOAK_PORTION = 100000, SOAK_BEHIND_MAX = 4 * SOAK_PORTION };

struct soak {
    struct soak_options options;
    struct kafkad *kafka;
    struct scene scene;
    struct series series;
    struct meter *meter; // of the process that runs
    size_t log_from;     // where its log begins
    uint16_t port;       // of its metrics
    size_t sent_before;  // as of the last row
    double began;
    double row_began;
    double settled; // when the last purchase had been done
};

// A scenario begins: a scene of these settings whose purchases are deleted some time after they
// were read, and whose changelog the broker compacts eagerly. `judged`: columns that must be flat.
void soak_open(struct soak *soak, const struct scene_settings *settings, unsigned judged);
// Judges the alerts and the columns; `fine`: what the scenario itself has found. True: all is well.
bool soak_close(struct soak *soak, bool fine);

// The service starts, and all partitions are at work; it stops in good order; kill -9.
void soak_start(struct soak *soak);
void soak_stop(struct soak *soak);
void soak_kill(struct soak *soak);

// Purchases, all of them.
static inline size_t soak_sent(const struct soak *soak)
{
    return soak->scene.workload.sent_count;
}

// Waits until at most `behind` purchases of those sent are left to do.
void soak_await(struct soak *soak, size_t behind);
// Waits until none is, and until the service has written its state down and shows its figures.
void soak_settle(struct soak *soak);
// What the service's metrics say.
double soak_metric(const struct soak *soak, const char *name);
double soak_changelog_mib(const struct soak *soak);
// Whether the peak of anonymous memory lies within what the service's settings and LMDB allow;
// prints both.
bool soak_is_bounded(const struct soak *soak);
// Settles, and adds a row.
void soak_row(struct soak *soak, double event_hours);

// Cards come and go for SOAK_MINUTES; with restarts in between: in good order and by kill -9.
bool churn_run(struct soak *soak);
bool restarts_run(struct soak *soak);
// SOAK_HOT purchases of one card in one window.
bool hot_run(struct soak *soak);
// SOAK_CARDS cards at a time, and then they are all gone.
bool crowd_run(struct soak *soak);

#endif
