// SPDX-License-Identifier: Apache-2.0
// Line (k): the cost of a purchase from 10^5 to 10^7 cards and from 1 to 64 partitions, one topic
// for each.
#include <stdlib.h>

#include "bench/ceiling.h"
#include "bench/lines.h"
#include "lib/workspace.h"

static double cost(const struct row *row)
{
    return row->cpu_seconds / row->events;
}

static double run(struct site *site, uint64_t cards, int32_t partitions)
{
    struct load load;
    struct trial trial;
    struct row row = row_of('k', "%llu cards, %d partition%s", (unsigned long long)cards,
                            partitions, partitions == 1 ? "" : "s");
    char *topic = workspace_text("sweep-%u", site->trials + 1);
    load_open(&load, site, topic, partitions, cards);
    const struct trial_settings settings = {.purchases = topic,
                                            .partitions = partitions,
                                            .rule = LOAD_SLIDING,
                                            .guarantee = "exactly_once",
                                            .threads = 1};
    trial_open(&trial, site, &settings);
    service_line(&trial, &load, &row);
    trial_stop(&trial);
    trial_close(&trial);
    load_close(&load);
    free(topic);
    return cost(&row);
}

static void compare(struct site *site, const char *what, const double *costs, size_t count)
{
    struct row row = row_of('k', "%s", what);
    double least = costs[0];
    double most = costs[0];
    for (size_t i = 1; i < count; i++) {
        least = costs[i] < least ? costs[i] : least;
        most = costs[i] > most ? costs[i] : most;
    }
    row_add(&row, "most_to_least", "x", most / least);
    figures_take(&site->figures, &row);
}

void sweep_lines(struct site *site)
{
    static const uint64_t cards[] = {100000, 1000000, 10000000};
    static const int32_t partitions[] = {1, 4, 16, 64};
    double costs[4];
    for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++)
        costs[i] = run(site, cards[i], site->options.partitions);
    compare(site, "CPU cost by cards", costs, sizeof(cards) / sizeof(cards[0]));
    for (size_t i = 0; i < sizeof(partitions) / sizeof(partitions[0]); i++)
        costs[i] = run(site, site->options.cards, partitions[i]);
    compare(site, "CPU cost by partitions", costs, sizeof(partitions) / sizeof(partitions[0]));
}
