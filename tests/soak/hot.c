// SPDX-License-Identifier: Apache-2.0
// One card buys a million times within a minute, now and then late or twice, among others that buy
// as usual. state.max_events_per_card bounds what is kept of it; a sliding rule and a tumbling one
// count all the same.
#include <stdio.h>
#include <stdlib.h>

#include "lib/workspace.h"
#include "soak/soak.h"

enum {
    WINDOW_MS = 60000,
    OTHERS = 10, // of so many purchases one is another card's
    LATE_EVERY = 1000,
    TWICE_EVERY = 500,
    ROWS = 12,
    EVENT_BYTES_MAX = 16, // of a kept purchase in a record
    AFTER = 4,            // windows with the others alone
};

static const char hot_card[] = "4999-0000-1111-2222";

struct hot {
    struct soak *soak;
    int64_t start_ms;
    size_t total;
    struct random random;
};

// Some of them are older than all that is kept.
static int64_t late_ms(struct hot *hot)
{
    uint64_t kept = hot->soak->scene.settings.oracle.max_events_per_card;
    return random_range(&hot->random, 1, (int64_t)(2 * kept * WINDOW_MS / hot->total));
}

static void send_hot(struct hot *hot, size_t number)
{
    struct workload *workload = &hot->soak->scene.workload;
    int64_t due_ms = hot->start_ms + (int64_t)(number * (WINDOW_MS - 1) / hot->total);
    bool late = number > hot->total / 2 && number % LATE_EVERY == 0;
    struct purchase_values purchase = {
        .id = INT64_C(1000000000000) + (int64_t)number,
        .credit_card = view_text(hot_card),
        .has_timestamp = true,
        .timestamp_ms = due_ms - (late ? late_ms(hot) : 0),
    };
    workload_purchase(workload, &purchase, due_ms);
    if (number % TWICE_EVERY != 0)
        return;
    workload_purchase(workload, &purchase, due_ms);
}

static void send_other(struct soak *soak)
{
    struct generated message;
    generator_next(soak->scene.workload.generator, &message);
    workload_take(&soak->scene.workload, &message, -1);
}

static void send_window(struct hot *hot)
{
    for (size_t i = 0; i < hot->total; i++) {
        send_hot(hot, i);
        if (i % OTHERS == 0)
            send_other(hot->soak);
    }
    loader_flush(hot->soak->scene.workload.loader);
}

static void note_largest(void *context, const struct topic_record *record)
{
    size_t *largest = context;
    *largest = record->value.size > *largest ? record->value.size : *largest;
}

static size_t largest_record(struct soak *soak)
{
    size_t largest = 0;
    const struct record_visitor visitor = {note_largest, &largest};
    records_visit(&visitor, kafkad_bootstrap(soak->kafka), soak->scene.changelog);
    return largest;
}

// The service on all of it at once: what it takes.
static bool work_through(struct soak *soak)
{
    const size_t record_max = soak->scene.settings.oracle.max_events_per_card * EVENT_BYTES_MAX;
    soak_start(soak);
    soak_await(soak, 0);
    const struct usage usage = meter_read(soak->meter);
    soak_settle(soak);
    size_t record = largest_record(soak);
    printf("  %zu purchases at %.0f a second, %.2f CPU s a million, peak of anonymous memory "
           "%.1f MiB\n",
           soak_sent(soak), (double)soak_sent(soak) / usage.seconds,
           usage.cpu_seconds * 1e6 / (double)soak_sent(soak),
           (double)usage.anonymous_peak_kib / 1024);
    printf("  the largest changelog record: %zu bytes (at most %zu)\n", record, record_max);
    printf("  capped %.0f, duplicates %.0f\n",
           soak_metric(soak, "cardwatch_purchases_capped_total"),
           soak_metric(soak, "cardwatch_purchases_duplicate_total"));
    return record <= record_max && soak_metric(soak, "cardwatch_purchases_capped_total") > 0;
}

static struct scene_settings settings_of(struct soak *soak)
{
    static const char *const names[] = {"high_purchase_count", "half_of_all", NULL};
    struct scene_settings settings = scene_settings_default("hot");
    settings.rule_names = names;
    settings.oracle.forgetful = true;
    settings.oracle.rules[1] = (struct oracle_rule){
        .kind = ORACLE_TUMBLING, .window_ms = WINDOW_MS, .threshold = soak->options.hot / 2};
    settings.oracle.rule_count = 2;
    settings.compression = "lz4";
    settings.generator.seed = soak->options.seed;
    settings.generator.card_count = 1000000;
    settings.generator.disorder_ms = 0;
    settings.generator.events_per_second =
        (int64_t)(soak->options.hot / OTHERS / (WINDOW_MS / 1000)) + 1;
    return settings;
}

bool hot_run(struct soak *soak)
{
    struct scene_settings settings = settings_of(soak);
    struct hot hot = {soak, settings.generator.start_ms, soak->options.hot, {0}};
    char *rules = workspace_text("[{name: high_purchase_count, type: count, window_ms: %d, "
                                 "threshold: 3}, {name: half_of_all, type: count, window: "
                                 "tumbling, window_ms: %d, threshold: %zu}]",
                                 WINDOW_MS, WINDOW_MS, soak->options.hot / 2);
    settings.rules = rules;
    random_seed(&hot.random, soak->options.seed);
    soak_open(soak, &settings, SOAK_PROCESS & ~(1u << SOAK_MEMORY)); // the cache still fills
    send_window(&hot);
    bool fine = work_through(soak);
    double hours = (double)WINDOW_MS / 3600000;
    for (unsigned row = 1; row <= ROWS; row++) {
        size_t count = hot.total / OTHERS * AFTER / ROWS;
        workload_send(&soak->scene.workload, count);
        soak_row(soak, hours + hours * AFTER * row / ROWS);
    }
    free(rules);
    return soak_close(soak, soak_is_bounded(soak) && fine);
}
