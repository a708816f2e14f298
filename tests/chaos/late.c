// SPDX-License-Identifier: Apache-2.0
#include "chaos/late.h"

#include <string.h>

enum { PAUSE_MS = 500, ROUND_MS = 20000, BETWEEN_MS = 2000, DOWN_MS = 300, CUT_ROUNDS = 3 };

int16_t late_api(const struct options *options)
{
    if (options->only != NULL && strcmp(options->only, "delayed-endtxn") == 0)
        return API_END_TXN;
    if (options->only != NULL && strcmp(options->only, "delayed-offsets") == 0)
        return API_TXN_OFFSET_COMMIT;
    return -1;
}

static void go_on(struct arena *arena, int64_t ms)
{
    int64_t until_ms = arena_now_ms(arena) + ms;
    while (arena_now_ms(arena) < until_ms)
        arena_step(arena);
}

// What the broker said to the late request; the codes are the protocol's.
static const char *verdict_of(const struct proxy_hold_report *report)
{
    if (!report->within)
        return "not within another transaction";
    switch (report->error) {
    case 0:
        return "answered without an error";
    case 47:
        return "refused: INVALID_PRODUCER_EPOCH";
    case 48:
        return "refused: INVALID_TXN_STATE";
    case 90:
        return "refused: PRODUCER_FENCED";
    default:
        return "answered with an error";
    }
}

static void round_run(struct arena *arena, int16_t api, int number)
{
    struct proxy *proxy = arena->instances[0].proxy;
    bool kills = number % 2 == 0;
    const struct proxy_hold hold = {
        .api = api, .cut = number % CUT_ROUNDS != 0, .pause_ms = PAUSE_MS, .most_ms = ROUND_MS};
    proxy_hold(proxy, &hold);
    int64_t deadline_ms = arena_now_ms(arena) + 2 * ROUND_MS;
    struct proxy_hold_report report = proxy_hold_report(proxy);
    while (report.state != HOLD_ANSWERED && arena_now_ms(arena) < deadline_ms && !arena->hopeless) {
        arena_step(arena);
        report = proxy_hold_report(proxy);
    }
    if (kills)
        arena_kill(arena, 0);
    arena->counts[api == API_END_TXN ? FAULT_LATE_END : FAULT_LATE_OFFSETS]++;
    arena->counts[FAULT_KILL] += kills;
    arena_say(arena, "round %d: %slate %s %s (%d), %s%s", number,
              hold.cut ? "connection cut, " : "", api == API_END_TXN ? "EndTxn" : "TxnOffsetCommit",
              verdict_of(&report), report.error,
              report.anew ? "the producer was made anew before" : "the producer is the same",
              kills ? "; killed" : "");
    go_on(arena, DOWN_MS);
    if (kills)
        arena_start(arena, 0);
    go_on(arena, BETWEEN_MS);
}

void late_run(struct arena *arena, int16_t api)
{
    arena_start(arena, 0);
    go_on(arena, 2 * BETWEEN_MS);
    for (int number = 1; arena_now_ms(arena) < arena->options.length_ms && !arena->hopeless;
         number++)
        round_run(arena, api, number);
}
