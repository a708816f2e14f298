// SPDX-License-Identifier: Apache-2.0
// Line (p): the Kafka Streams peer on the same topics, judged by the same oracle.
#include <stdio.h>
#include <stdlib.h>

#include "bench/lines.h"
#include "lib/process.h"
#include "lib/workspace.h"

enum { FETCH_MS_MAX = 600000, COMMIT_MS = 10, THREADS = 2 };

// Jars and compiling, outside of what is measured.
static bool fetch(struct site *site)
{
    static const char *const argv[] = {"tests/bench/kafka-streams/run", "--fetch", NULL};
    char *dir = kafkad_make_dir(site->kafka, "peer");
    char *log_path = workspace_text("%s/fetch.log", dir);
    bool fetched = process_run(argv, log_path, FETCH_MS_MAX) == 0;
    if (!fetched) {
        char *said = workspace_read(log_path);
        fprintf(stderr, "the peer cannot be built, its lines are left out:\n%s", said);
        free(said);
    }
    free(dir);
    free(log_path);
    return fetched;
}

static void consume(struct site *site, const struct load *load, const char *guarantee,
                    const char *label)
{
    struct trial trial;
    struct row row = row_of('p', "Kafka Streams, %s, %d threads", label, THREADS);
    const struct trial_settings settings = {.purchases = load->topic,
                                            .partitions = load->partitions,
                                            .rule = LOAD_SLIDING,
                                            .guarantee = guarantee,
                                            .threads = THREADS,
                                            .peer = true};
    trial_open(&trial, site, &settings);
    service_line(&trial, load, &row);
    trial_stop(&trial);
    trial_close(&trial);
}

static void latency(struct site *site, int64_t rate, const char *guarantee, const char *label)
{
    struct row row = row_of('p', "Kafka Streams, %s, alerts at %lld/s", label, (long long)rate);
    const struct trial_settings settings = {.partitions = site->options.partitions,
                                            .rule = LOAD_SLIDING,
                                            .guarantee = guarantee,
                                            .threads = THREADS,
                                            .peer = true,
                                            .peer_commit_ms = COMMIT_MS,
                                            .peer_linger_ms = "0"};
    latency_line(site, rate, &settings, &row);
}

void peer_lines(struct site *site, const struct load *load)
{
    if (!fetch(site))
        return;
    consume(site, load, "exactly_once", "exactly once");
    consume(site, load, "at_least_once", "at least once");
    for (size_t i = 0; i < site->options.rates.count && options_want(&site->options, 'j'); i++) {
        latency(site, site->options.rates.items[i], "exactly_once", "exactly once");
        latency(site, site->options.rates.items[i], "at_least_once", "at least once");
    }
}
