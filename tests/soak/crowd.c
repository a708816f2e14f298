// SPDX-License-Identifier: Apache-2.0
// As many cards within a horizon as SOAK_CARDS says: memory stays within its bounds, some of them
// come back and raise their alerts. Then other cards come, few at a time, until the crowd has left
// the store.
#include <stdio.h>

#include "demo/spread.h"
#include "soak/soak.h"

enum {
    HORIZON_MS = 120000,    // of the rule that is built in
    CROWD_MS = 100000,      // in which the crowd buys
    LATER_MS = 2 * 3600000, // far beyond the time that an idle card stays
    PACE_MS = 20,           // between two purchases then
    RETURNING_EVERY = 4000, // of the later half of the crowd, for two more purchases
    ROWS = 12,
    LEFT_PERCENT = 3, // and
    LEFT_OTHERS = 30000,
    TRICKLE = 1000,          // purchases in a round while the broker compacts
    TRICKLE_ROUNDS_MAX = 60, // of some seconds
    SHRUNK_OF = 2,
};

struct crowd {
    struct soak *soak;
    int64_t start_ms;
    size_t count;
    int64_t last_id;
    size_t later; // purchases behind the crowd's
};

static int64_t bought_at_ms(const struct crowd *crowd, size_t number)
{
    return crowd->start_ms + (int64_t)(number * CROWD_MS / crowd->count);
}

static bool returns(const struct crowd *crowd, size_t number)
{
    return number >= crowd->count / 2 && number % RETURNING_EVERY == 0;
}

// The oracle is shown the cards that return: a card's only purchase raises nothing.
static void buy(struct crowd *crowd, size_t number, int64_t time_ms, bool judged)
{
    char card[SPREAD_CARD_BYTES];
    struct workload *workload = &crowd->soak->scene.workload;
    spread_card_text(number, card);
    const struct purchase_values purchase = {
        .id = ++crowd->last_id,
        .credit_card = view_text(card),
        .has_timestamp = true,
        .timestamp_ms = time_ms,
    };
    if (judged)
        workload_purchase(workload, &purchase, time_ms);
    else
        workload_send_unjudged(workload, &purchase, time_ms);
}

static void pace(struct crowd *crowd)
{
    if (soak_sent(crowd->soak) % SOAK_PORTION == 0)
        soak_await(crowd->soak, SOAK_BEHIND_MAX);
}

static void settle(struct crowd *crowd, double hours)
{
    loader_flush(crowd->soak->scene.workload.loader);
    soak_row(crowd->soak, hours);
}

static void gather(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->count; i++) {
        buy(crowd, i, bought_at_ms(crowd, i), returns(crowd, i));
        pace(crowd);
        if ((i + 1) % (crowd->count / ROWS) == 0)
            settle(crowd, (double)(bought_at_ms(crowd, i) - crowd->start_ms) / 3600000);
    }
    for (int again = 1; again <= 2; again++)
        for (size_t i = crowd->count / 2; i < crowd->count; i++)
            if (returns(crowd, i))
                buy(crowd, i, crowd->start_ms + CROWD_MS + again * 1000, true);
    settle(crowd, (double)(CROWD_MS + 2000) / 3600000);
}

// Of a card that was not here before, far behind the crowd in time.
static double buy_later(struct crowd *crowd)
{
    int64_t late_ms = LATER_MS + (int64_t)crowd->later * PACE_MS;
    buy(crowd, crowd->count + crowd->later++, crowd->start_ms + late_ms, false);
    return (double)late_ms / 3600000;
}

// Other cards, until the crowd has gone: as many as it has members at most.
static bool disperse(struct crowd *crowd)
{
    struct soak *soak = crowd->soak;
    double left = (double)crowd->count * LEFT_PERCENT / 100 + LEFT_OTHERS;
    for (size_t i = 0; i < crowd->count; i++) {
        double hours = buy_later(crowd);
        pace(crowd);
        if ((i + 1) % (crowd->count / ROWS) != 0)
            continue;
        settle(crowd, hours);
        if (soak_metric(soak, "cardwatch_state_cards") <= left)
            break;
    }
    double cards = soak_metric(soak, "cardwatch_state_cards");
    printf("  %.0f cards left of %zu (at most %.0f)\n", cards, crowd->count, left);
    return cards <= left;
}

// The broker compacts what the crowd has left of the changelog, while a few more cards buy, so that
// segments end.
static bool shrink(struct crowd *crowd)
{
    struct soak *soak = crowd->soak;
    double before = soak_changelog_mib(soak);
    double now = before;
    for (int round = 0; round < TRICKLE_ROUNDS_MAX && now > before / SHRUNK_OF; round++) {
        for (int i = 0; i < TRICKLE; i++)
            (void)buy_later(crowd);
        loader_flush(soak->scene.workload.loader);
        soak_settle(soak);
        now = soak_changelog_mib(soak);
    }
    printf("  changelog %.1f MiB, compacted to %.1f MiB\n", before, now);
    return now <= before / SHRUNK_OF;
}

bool crowd_run(struct soak *soak)
{
    struct scene_settings settings = scene_settings_default("crowd");
    settings.compression = "lz4";
    settings.oracle.forgetful = true;
    struct crowd crowd = {soak, settings.generator.start_ms, soak->options.cards, 0, 0};
    soak_open(soak, &settings, SOAK_PROCESS & ~(1u << SOAK_MEMORY)); // that has its bound
    soak_start(soak);
    gather(&crowd);
    double cards = soak_metric(soak, "cardwatch_state_cards");
    printf("  %.0f cards in the store\n", cards);
    bool fine = cards >= (double)crowd.count && soak_is_bounded(soak);
    fine = disperse(&crowd) && fine;
    fine = shrink(&crowd) && fine;
    return soak_close(soak, fine && soak_is_bounded(soak));
}
