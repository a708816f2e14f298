// SPDX-License-Identifier: Apache-2.0
// Why looking from the new event on, and never further than W, suffices:
//   - An insertion at t adds at most one to the levels of t <= t_e < t + W and to no other; the cap
//     and expiry only lower levels. So without SLOT_BURST a level is below the threshold before.
//   - The event before the first of a run of newly bursting ones counts in that one's level
//     (threshold >= 2), so it is within W of it and still kept: t > ST - g - W for a purchase that
//     is not late, hence all that counts has event time > ST - g - 2W >= ST - H.
//   - The first of a burst that raises an alert has a level equal to the threshold: had it more,
//   the
//     event before it, whose window reaches further back, would have the threshold too, would be
//     bursting, and would be the first instead. So the `threshold` last events tell level and
//     timestamp, and nothing further back has to be counted.
//   - Late events all lie before t: they had t_late <= ST - g - W at an ST that was not higher.
//   Those
//     that the rule does not see may lie anywhere.
#include "engine/sliding.h"

#include "base/assert.h"
#include "engine/saturated.h"
#include "engine/step.h"

// One rule's view of a card's events.
struct order {
    struct slot *events;
    size_t count;
    uint64_t late;    // the bit of events that have no place in the order
    uint64_t burst;   // the bit of those that have been in a burst
    int64_t reach_ms; // W - 1: an event sees those with event time >= its own - reach
    uint32_t threshold;
};

// Purchases of the order that count in the level of some event, up to that event: the oldest is at
// index `first`. All of them, or at least `threshold`.
struct tail {
    size_t first;
    uint32_t count;
};

// A run of bursting events while it is walked along, and where its alert goes.
struct run {
    const struct order *order;
    struct step *step;
    struct alert alert;
    bool open;
    bool alerted; // holds an event that was bursting before this insertion
};

bool sliding_is_late(const struct rule *rule, int64_t stream_ms, int64_t time_ms)
{
    return time_ms < saturated_minus(stream_ms, rule->grace_ms + rule->window_ms - 1);
}

// The tail of the event at `at`, found by walking back.
static struct tail tail_at(const struct order *order, size_t at)
{
    const struct slot *events = order->events;
    int64_t from_ms = saturated_minus(events[at].time_ms, order->reach_ms);
    struct tail tail = {.first = at, .count = 1};
    for (size_t i = at; i > 0 && tail.count < order->threshold; i--) {
        if (events[i - 1].time_ms < from_ms)
            break;
        if ((events[i - 1].bits & order->late) != 0)
            continue;
        tail.first = i - 1;
        tail.count++;
    }
    return tail;
}

// Turns the tail of the event before `at` into that of `at`.
static void tail_advance(struct tail *tail, const struct order *order, size_t at)
{
    const struct slot *events = order->events;
    int64_t from_ms = saturated_minus(events[at].time_ms, order->reach_ms);
    tail->count++;
    for (; tail->first < at; tail->first++) {
        bool late = (events[tail->first].bits & order->late) != 0;
        if (!late && events[tail->first].time_ms >= from_ms)
            return;
        tail->count -= !late;
    }
}

// True when the event before `at` in the order is bursting.
static bool bursts_before(const struct order *order, size_t at)
{
    while (at > 0) {
        uint64_t bits = order->events[--at].bits;
        if ((bits & order->late) == 0)
            return (bits & order->burst) != 0;
    }
    return false;
}

static void run_close(struct run *run)
{
    if (run->open && !run->alerted)
        step_add_alert(run->step, &run->alert);
    run->open = false;
    run->alerted = false;
}

// Takes the event at `at`, whose tail is given, into the run, or ends the run before it.
static void run_take(struct run *run, size_t at, const struct tail *tail)
{
    const struct order *order = run->order;
    struct slot *event = &order->events[at];
    bool was_bursting = (event->bits & order->burst) != 0;
    if (!was_bursting && tail->count < order->threshold) {
        run_close(run);
        return;
    }
    event->bits |= order->burst;
    if (!run->open)
        run->alert.timestamp_ms = order->events[tail->first].time_ms;
    run->open = true;
    run->alerted |= was_bursting;
}

void sliding_apply(const struct engine *engine, size_t rule_index, struct card *card, size_t at,
                   struct step *step)
{
    const struct rule *rule = &engine->settings.rules[rule_index];
    struct order order = {.events = card_events(card),
                          .count = card->event_count,
                          .late = SLOT_LATE(engine->place[rule_index]),
                          .burst = SLOT_BURST(engine->place[rule_index]),
                          .reach_ms = rule->window_ms - 1,
                          .threshold = rule->threshold};
    ensure(at < order.count && (order.events[at].bits & (order.late | order.burst)) == 0);
    struct tail tail = tail_at(&order, at);
    if (at + 1 == order.count && tail.count < order.threshold)
        return;

    // The event and those behind it that it counts for, then the neighbours on both sides.
    int64_t time_ms = order.events[at].time_ms;
    int64_t until_ms = saturated_plus(time_ms, order.reach_ms);
    struct run run = {.order = &order,
                      .step = step,
                      .alert = {.rule = (uint32_t)rule_index,
                                .detected_at_ms = time_ms,
                                .count = rule->threshold}};
    run_take(&run, at, &tail);
    run.alerted |= run.open && bursts_before(&order, at);
    size_t next = at + 1;
    for (; next < order.count && order.events[next].time_ms <= until_ms; next++) {
        if ((order.events[next].bits & order.late) != 0)
            continue;
        tail_advance(&tail, &order, next);
        run_take(&run, next, &tail);
    }
    while (next < order.count && (order.events[next].bits & order.late) != 0)
        next++;
    run.alerted |= next < order.count && (order.events[next].bits & order.burst) != 0;
    run_close(&run);
}
