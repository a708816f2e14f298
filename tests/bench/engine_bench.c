// SPDX-License-Identifier: Apache-2.0
// How fast the engine is by itself: purchases a second on one core. Not part of the tests.
// By hand:
//
//   cc -O2 -std=gnu11 -D_GNU_SOURCE -Isrc tests/bench/engine_bench.c src/engine/*.c src/base/*.c
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "base/random.h"
#include "engine/engine.h"

enum { AHEAD = 16, PURCHASES = 20000000 };

struct load {
    const char *name;
    size_t card_count;            // a power of two
    int64_t purchases_per_second; // of event time, all cards
    int64_t disorder_ms;
    bool tumbling;
    bool dedupe;
    bool random_ids;
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static struct engine engine_for(const struct load *load)
{
    struct engine_settings settings = {.rule_count = 1,
                                       .dedupe = load->dedupe,
                                       .max_events_per_card = 4096,
                                       .max_future_ms = 3600000};
    settings.rules[0] = (struct rule){
        .kind = load->tumbling ? RULE_TUMBLING : RULE_SLIDING, .window_ms = 60000, .threshold = 3};
    struct engine engine;
    struct error err;
    if (engine_init(&engine, &settings, &err) != STATUS_OK) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    return engine;
}

// Purchases of a ring that is drawn before the clock starts.
struct draw {
    uint32_t card;
    int32_t back_ms;
};

static struct draw *draws_make(const struct load *load, size_t count)
{
    struct draw *draws = memory_zeroed(count, sizeof(*draws));
    struct random random;
    random_seed(&random, 1);
    for (size_t i = 0; i < count; i++) {
        draws[i].card = (uint32_t)random_below(&random, load->card_count);
        draws[i].back_ms = (int32_t)random_range(&random, 0, load->disorder_ms);
    }
    return draws;
}

static void run(const struct load *load)
{
    enum { RING = 1 << 20 };
    struct engine engine = engine_for(load);
    struct card *cards = aligned_alloc(128, load->card_count * 128);
    if (cards == NULL)
        exit(1);
    // Entries of 128 bytes, as the table of cards has them.
    for (size_t i = 0; i < load->card_count; i++)
        card_init((struct card *)((char *)cards + i * 128));
    struct draw *draws = draws_make(load, RING);
    struct optional_ms stream_time = {0};
    struct step step = {0};
    uint64_t alerts = 0;
    double start = seconds_now();
    for (int64_t i = 0; i < PURCHASES; i++) {
        const struct draw *ahead = &draws[(i + AHEAD) % RING];
        const char *next = (char *)cards + (size_t)ahead->card * 128;
        __builtin_prefetch(next, 1);
        __builtin_prefetch(next + 64, 1);
        const struct draw *draw = &draws[i % RING];
        int64_t id = load->random_ids ? (int64_t)((uint64_t)i * 0x9e3779b97f4a7c15u) : i;
        struct engine_purchase purchase = {
            .event_time_ms = 1664000000000 + i * 1000 / load->purchases_per_second - draw->back_ms,
            .offset = i,
            .id = id,
            .has_id = true};
        struct card *card = (struct card *)((char *)cards + (size_t)draw->card * 128);
        engine_step(&engine, &stream_time, card, &purchase, &step);
        alerts += step.alert_count;
    }
    double seconds = seconds_now() - start;
    printf("%-44s %6.1f M/s %6.1f ns  %" PRIu64 " alerts\n", load->name, PURCHASES / seconds / 1e6,
           seconds * 1e9 / PURCHASES, alerts);
    for (size_t i = 0; i < load->card_count; i++)
        card_release((struct card *)((char *)cards + i * 128));
    free(cards);
    free(draws);
    step_release(&step);
}

int main(void)
{
    const struct load loads[] = {
        {"1 Ki cards, sliding, in cache", 1 << 10, 20, 0, false, true, false},
        {"1 Ki cards, tumbling, in cache", 1 << 10, 20, 0, true, true, false},
        {"1 Mi cards, sliding", 1 << 20, 10000, 0, false, true, false},
        {"1 Mi cards, sliding, 5 s disorder", 1 << 20, 10000, 5000, false, true, false},
        {"1 Mi cards, tumbling", 1 << 20, 10000, 0, true, true, false},
        {"1 Ki cards, 20 kept each, sliding", 1 << 10, 170, 0, false, true, false},
        {"1 hot card at its cap, sliding, no dedupe", 1, 1000, 0, false, false, false},
        {"1 hot card at its cap, no dedupe, 1 s disorder", 1, 1000, 1000, false, false, false},
        {"1 hot card, 1200 kept, sliding", 1, 10, 0, false, true, false},
        {"1 hot card, 1200 kept, ids at random", 1, 10, 0, false, true, true},
    };
    for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
        run(&loads[i]);
    return 0;
}
