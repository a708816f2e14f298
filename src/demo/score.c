// SPDX-License-Identifier: Apache-2.0
#include "demo/score.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

enum { BURSTS_KEPT = 65536 };

struct burst {
    uint64_t number; // 0: the place is free
    char card[SPREAD_CARD_BYTES];
    uint32_t sent;
    bool caught;
    int64_t first_ms; // event times of what has been sent
    int64_t last_ms;
    int32_t source_partition; // of the alert that caught it
    int64_t source_offset;
};

struct score {
    uint32_t threshold;
    bool repeats_allowed;
    uint64_t newest; // number of the newest burst
    struct score_result settled;
    struct burst bursts[BURSTS_KEPT]; // number n at n % BURSTS_KEPT
};

struct score *score_open(uint32_t threshold, bool repeats_allowed)
{
    ensure(threshold > 0);
    struct score *score = memory_zeroed(1, sizeof(*score));
    score->threshold = threshold;
    score->repeats_allowed = repeats_allowed;
    return score;
}

void score_close(struct score *score)
{
    free(score);
}

static void settle(const struct score *score, const struct burst *burst,
                   struct score_result *result)
{
    if (burst->sent < score->threshold)
        return;
    result->planted++;
    result->caught += burst->caught;
    result->missed += !burst->caught;
}

// The place of a burst; a new one takes that of one long past.
static struct burst *place_of(struct score *score, const struct generated *message)
{
    struct burst *burst = &score->bursts[message->burst % BURSTS_KEPT];
    if (burst->number == message->burst)
        return burst;
    ensure(burst->number < message->burst);
    settle(score, burst, &score->settled);
    *burst = (struct burst){
        .number = message->burst,
        .first_ms = message->purchase.timestamp_ms,
        .last_ms = message->purchase.timestamp_ms,
    };
    size_t length = strlen(message->card);
    ensure(length < sizeof(burst->card)); // planted on cards that the generator makes up
    memcpy(burst->card, message->card, length + 1);
    if (message->burst > score->newest)
        score->newest = message->burst;
    return burst;
}

void score_sent(struct score *score, const struct generated *message)
{
    if (message->burst == 0 || message->again)
        return;
    struct burst *burst = place_of(score, message);
    int64_t time_ms = message->purchase.timestamp_ms;
    ensure(strcmp(burst->card, message->card) == 0);
    burst->sent++;
    if (time_ms < burst->first_ms)
        burst->first_ms = time_ms;
    if (time_ms > burst->last_ms)
        burst->last_ms = time_ms;
}

static bool is_about(const struct seen_alert *alert, const struct burst *burst)
{
    return burst->number != 0 && strcmp(burst->card, alert->card) == 0 &&
           alert->detected_at_ms >= burst->first_ms && alert->detected_at_ms <= burst->last_ms;
}

// Most alerts are about one of the newest bursts.
static struct burst *find(struct score *score, const struct seen_alert *alert)
{
    for (uint64_t age = 0; age < BURSTS_KEPT && age < score->newest; age++) {
        struct burst *burst = &score->bursts[(score->newest - age) % BURSTS_KEPT];
        if (is_about(alert, burst))
            return burst;
    }
    return NULL;
}

bool score_alert(struct score *score, const struct seen_alert *alert)
{
    struct burst *burst = find(score, alert);
    if (burst != NULL && !burst->caught) {
        burst->caught = true;
        burst->source_partition = alert->source_partition;
        burst->source_offset = alert->source_offset;
        return true;
    }
    bool repeat = burst != NULL && burst->source_partition == alert->source_partition &&
                  burst->source_offset == alert->source_offset;
    if (repeat && score->repeats_allowed) {
        score->settled.repeated++;
        return true;
    }
    score->settled.false_count++;
    return false;
}

struct score_result score_result(const struct score *score)
{
    struct score_result result = score->settled;
    for (size_t i = 0; i < BURSTS_KEPT; i++)
        settle(score, &score->bursts[i], &result);
    ensure(result.planted == result.caught + result.missed);
    return result;
}

bool score_is_clean(const struct score_result *result)
{
    return result->missed == 0 && result->false_count == 0;
}

void score_line(const struct score_result *result, struct buffer *out)
{
    ensure(buffer_append_format(
        out,
        "planted %" PRIu64 " bursts: %" PRIu64 " caught, %" PRIu64 " missed, %" PRIu64 " false",
        result->planted, result->caught, result->missed, result->false_count));
    if (result->repeated > 0)
        ensure(buffer_append_format(out, ", %" PRIu64 " repeated", result->repeated));
}
