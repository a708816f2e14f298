// SPDX-License-Identifier: Apache-2.0
#include <ftw.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/metrics.h"
#include "soak/soak.h"

enum {
    START_MS_MAX = 120000,
    STUCK_NAPS_MAX = 60000, // of 5 ms: time in which the machine stops all of us does not count
    STOP_MS_MAX = 60000,
    SETTLE_MS = 2500, // an idle service writes its state down and shows its figures by then
    LOG_LINES = 40,
    OTHERS_MIB = 64,        // memory that neither a setting nor the store's size bounds
    DIRTY_CARD_BYTES = 256, // memory of a changed card
};

static const double mib = 1024 * 1024;

static const char *const purchases_settings[] = {
    "retention.ms=-1",
    "retention.bytes=134217728",
    "segment.bytes=33554432",
    NULL,
};
static const char *const changelog_settings[] = {
    "cleanup.policy=compact",         "segment.ms=5000",          "segment.bytes=67108864",
    "min.cleanable.dirty.ratio=0.05", "delete.retention.ms=5000", NULL,
};

static const struct series_column columns[SOAK_COLUMNS] = {
    [SOAK_HOURS] = {"hours", 2, false, 0},         [SOAK_SECONDS] = {"seconds", 0, false, 0},
    [SOAK_PURCHASES] = {"thousands", 0, false, 0}, [SOAK_PER_SECOND] = {"a second", 0, false, 0},
    [SOAK_MEMORY] = {"memory MiB", 1, true, 8},    [SOAK_FILES] = {"files", 0, true, 2},
    [SOAK_THREADS] = {"threads", 0, true, 1},      [SOAK_CARDS] = {"cards", 0, true, 1000},
    [SOAK_STORE] = {"store MiB", 1, true, 4},      [SOAK_CHANGELOG] = {"changelog MiB", 1, true, 8},
};

static _Noreturn void fail(struct soak *soak, const char *what)
{
    cardwatch_show_log(&soak->scene.services[0], LOG_LINES);
    fprintf(stderr, "%s: %s\n", soak->scene.settings.name, what);
    exit(1);
}

void soak_open(struct soak *soak, const struct scene_settings *settings, unsigned judged)
{
    struct scene *scene = &soak->scene;
    struct cardwatch *service = &scene->services[0];
    struct series_column chosen[SOAK_COLUMNS];
    for (unsigned c = 0; c < SOAK_COLUMNS; c++) {
        chosen[c] = columns[c];
        chosen[c].judged = columns[c].judged && (judged & 1u << c) != 0;
    }
    scene_open(scene, soak->kafka, settings);
    kafkad_topic_settings(soak->kafka, scene->purchases, purchases_settings);
    cardwatch_set(service, "http.listen=127.0.0.1:0");
    cardwatch_set_all(service, soak->options.sets);
    if (cardwatch_command(service, "init") != 0)
        fail(soak, "cardwatch init has failed");
    kafkad_topic_settings(soak->kafka, scene->changelog, changelog_settings);
    series_open(&soak->series, chosen, SOAK_COLUMNS);
    soak->sent_before = 0;
    soak->began = meter_now();
    soak->row_began = soak->began;
}

bool soak_close(struct soak *soak, bool fine)
{
    if (process_running(&soak->scene.services[0].process))
        soak_stop(soak);
    bool equal = scene_judge(&soak->scene, NULL);
    printf("  %zu alerts: %s\n", soak->scene.workload.alert_count,
           equal ? "as the oracle says" : "NOT as the oracle says");
    size_t grown = series_judge(&soak->series, soak->options.percent);
    series_close(&soak->series);
    soak->scene.passed = true; // the log has no more to say
    scene_close(&soak->scene);
    return fine && equal && grown == 0;
}

void soak_start(struct soak *soak)
{
    struct cardwatch *service = &soak->scene.services[0];
    soak->log_from = cardwatch_log_size(service);
    cardwatch_start(service);
    soak->meter = meter_open(service->process.pid, soak->kafka);
    if (!cardwatch_await_log(service, soak->log_from, "partition running",
                             (size_t)soak->scene.settings.partitions, START_MS_MAX))
        fail(soak, "it does not come to work");
    soak->port = (uint16_t)cardwatch_log_max(service, soak->log_from, "listening", "port");
    meter_start(soak->meter);
}

void soak_stop(struct soak *soak)
{
    meter_close(soak->meter);
    soak->meter = NULL;
    if (cardwatch_stop(&soak->scene.services[0], STOP_MS_MAX) != 0)
        fail(soak, "it did not stop in good order");
}

void soak_kill(struct soak *soak)
{
    meter_close(soak->meter);
    soak->meter = NULL;
    cardwatch_kill(&soak->scene.services[0]);
}

void soak_await(struct soak *soak, size_t behind)
{
    struct scene *scene = &soak->scene;
    int64_t newest = -1;
    for (unsigned naps = 0;; naps++) {
        int64_t done = group_watch_total(scene->watch);
        if (done + (int64_t)behind >= (int64_t)soak_sent(soak))
            return;
        if (done > newest) {
            newest = done;
            naps = 0;
        }
        if (naps > STUCK_NAPS_MAX || !process_running(&scene->services[0].process))
            fail(soak, "the group does not get on");
        process_nap();
    }
}

void soak_settle(struct soak *soak)
{
    const struct timespec nap = {.tv_sec = SETTLE_MS / 1000, .tv_nsec = SETTLE_MS % 1000 * 1000000};
    soak_await(soak, 0);
    soak->settled = meter_now();
    nanosleep(&nap, NULL);
}

double soak_metric(const struct soak *soak, const char *name)
{
    return metrics_value(soak->port, name);
}

double soak_changelog_mib(const struct soak *soak)
{
    return (double)kafkad_topic_bytes(soak->kafka, soak->scene.changelog) / mib;
}

// The files of the directory that nftw walks. There is one store at a time.
static int64_t store_bytes;

static int add_file(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)path;
    (void)walk;
    store_bytes += kind == FTW_F ? (int64_t)info->st_blocks * 512 : 0;
    return 0;
}

static double store_mib(const struct soak *soak)
{
    store_bytes = 0;
    nftw(soak->scene.state_dir, add_file, 16, FTW_PHYS);
    return (double)store_bytes / mib;
}

// What the service said when it started, the memory of changed cards, and the store's own size: of
// the pages that a checkpoint changes LMDB keeps as many in memory as it ever needed at a time.
static double bound_mib(const struct soak *soak)
{
    static const char *const fields[] = {"cache_bytes", "checkpoint_bytes", "consume_queue_bytes",
                                         "produce_queue_bytes"};
    const struct cardwatch *service = &soak->scene.services[0];
    double bytes =
        (double)cardwatch_log_max(service, soak->log_from, "memory is bounded", "dirty_cards_max") *
        DIRTY_CARD_BYTES;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        bytes += (double)cardwatch_log_max(service, soak->log_from, "memory is bounded", fields[i]);
    return bytes / mib + store_mib(soak) + OTHERS_MIB;
}

bool soak_is_bounded(const struct soak *soak)
{
    double bound = bound_mib(soak);
    double peak = (double)meter_read_whole(soak->meter).anonymous_peak_kib / 1024;
    printf("  peak of anonymous memory %.1f MiB, bound by settings and store %.1f MiB\n", peak,
           bound);
    return peak <= bound;
}

void soak_row(struct soak *soak, double event_hours)
{
    double values[SOAK_COLUMNS];
    soak_settle(soak);
    double now = soak->settled;
    int64_t files = meter_files(soak->meter);
    values[SOAK_HOURS] = event_hours;
    values[SOAK_SECONDS] = now - soak->began;
    values[SOAK_PURCHASES] = (double)soak_sent(soak) / 1000;
    values[SOAK_PER_SECOND] =
        (double)(soak_sent(soak) - soak->sent_before) / (now - soak->row_began);
    values[SOAK_MEMORY] = (double)meter_take_peak_kib(soak->meter) / 1024;
    values[SOAK_FILES] = files < 0 ? NAN : (double)files;
    values[SOAK_THREADS] = (double)meter_threads(soak->meter);
    values[SOAK_CARDS] = soak_metric(soak, "cardwatch_state_cards");
    values[SOAK_STORE] = store_mib(soak);
    values[SOAK_CHANGELOG] = soak_changelog_mib(soak);
    series_add(&soak->series, values);
    soak->sent_before = soak_sent(soak);
    soak->row_began = meter_now();
}
