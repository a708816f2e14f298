// SPDX-License-Identifier: Apache-2.0
// Line (g): the engine by itself on one core, cards in memory as the service's table has them.
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "base/random.h"
#include "bench/lines.h"
#include "engine/engine.h"
#include "lib/meter.h"

enum { AHEAD = 16, PURCHASES = 20000000, RING = 1 << 20, ENTRY_BYTES = 128 };

struct engine_load {
    const char *name;
    size_t card_count;            // a power of two
    int64_t purchases_per_second; // of event time, all cards
    int64_t disorder_ms;
    bool tumbling;
    bool dedupe;
    bool random_ids;
};

static const struct engine_load loads[] = {
    {"engine: 1 Mi cards, sliding", 1 << 20, 10000, 0, false, true, false},
    {"engine: 1 Mi cards, sliding, 5 s disorder", 1 << 20, 10000, 5000, false, true, false},
    {"engine: 1 Mi cards, tumbling", 1 << 20, 10000, 0, true, true, false},
    // Only when asked for by name:
    {"engine: 1 Ki cards, sliding, in cache", 1 << 10, 20, 0, false, true, false},
    {"engine: 1 Ki cards, tumbling, in cache", 1 << 10, 20, 0, true, true, false},
    {"engine: 1 Ki cards, 20 kept each", 1 << 10, 170, 0, false, true, false},
    {"engine: 1 card at its cap, no dedupe", 1, 1000, 0, false, false, false},
    {"engine: the same, 1 s disorder", 1, 1000, 1000, false, false, false},
    {"engine: 1 card, 1200 kept", 1, 10, 0, false, true, false},
    {"engine: 1 card, 1200 kept, ids at random", 1, 10, 0, false, true, true},
};
enum { LOADS = sizeof(loads) / sizeof(loads[0]), LOADS_ALWAYS = 3 };

static struct engine engine_for(const struct engine_load *load)
{
    struct engine_settings settings = {.rule_count = 1,
                                       .dedupe = load->dedupe,
                                       .max_events_per_card = 4096,
                                       .max_future_ms = 3600000};
    settings.rules[0] = (struct rule){
        .kind = load->tumbling ? RULE_TUMBLING : RULE_SLIDING, .window_ms = 60000, .threshold = 3};
    struct engine engine;
    struct error err;
    if (engine_init(&engine, &settings, &err) != STATUS_OK)
        site_fail("%s", err.text);
    return engine;
}

// Purchases of a ring that is drawn before the clock starts.
struct draw {
    uint32_t card;
    int32_t back_ms;
};

static struct draw *draws_make(const struct engine_load *load)
{
    struct draw *draws = memory_zeroed(RING, sizeof(*draws));
    struct random random;
    random_seed(&random, 1);
    for (size_t i = 0; i < RING; i++) {
        draws[i].card = (uint32_t)random_below(&random, load->card_count);
        draws[i].back_ms = (int32_t)random_range(&random, 0, load->disorder_ms);
    }
    return draws;
}

static struct card *card_at(char *cards, size_t index)
{
    return (struct card *)(cards + index * ENTRY_BYTES);
}

static uint64_t step_all(const struct engine_load *load, char *cards, const struct draw *draws)
{
    struct engine engine = engine_for(load);
    struct optional_ms stream_time = {0};
    struct step step = {0};
    uint64_t alerts = 0;
    for (int64_t i = 0; i < PURCHASES; i++) {
        const char *next = (const char *)card_at(cards, draws[(i + AHEAD) % RING].card);
        __builtin_prefetch(next, 1);
        __builtin_prefetch(next + ENTRY_BYTES / 2, 1);
        const struct draw *draw = &draws[i % RING];
        const struct engine_purchase purchase = {
            .event_time_ms = 1664000000000 + i * 1000 / load->purchases_per_second - draw->back_ms,
            .offset = i,
            .id = load->random_ids ? (int64_t)((uint64_t)i * 0x9e3779b97f4a7c15u) : i,
            .has_id = true};
        engine_step(&engine, &stream_time, card_at(cards, draw->card), &purchase, &step);
        alerts += step.alert_count;
    }
    step_release(&step);
    return alerts;
}

static double cpu_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void run(struct site *site, const struct engine_load *load)
{
    struct row row = row_of('g', "%s", load->name);
    char *cards = aligned_alloc(ENTRY_BYTES, load->card_count * ENTRY_BYTES);
    if (cards == NULL)
        site_fail("no memory for the engine's cards");
    for (size_t i = 0; i < load->card_count; i++)
        card_init(card_at(cards, i));
    struct draw *draws = draws_make(load);
    double began = meter_now();
    double cpu = cpu_now();
    uint64_t alerts = step_all(load, cards, draws);
    row.events = PURCHASES;
    row.seconds = meter_now() - began;
    row.cpu_seconds = cpu_now() - cpu;
    row_add(&row, "alerts_raised", "", (double)alerts);
    figures_take(&site->figures, &row);
    for (size_t i = 0; i < load->card_count; i++)
        card_release(card_at(cards, i));
    free(cards);
    free(draws);
}

void engine_lines(struct site *site)
{
    size_t count = site->options.lines_chosen ? LOADS : LOADS_ALWAYS;
    for (size_t i = 0; i < count; i++)
        run(site, &loads[i]);
}
