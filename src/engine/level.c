// SPDX-License-Identifier: Apache-2.0
// An insertion at t changes the levels of t <= t_e < t + W and no other, so looking from the new
// event on, and never further than W, suffices, as in sliding.c; and whatever counts, or touches a
// burst, is less than W older than an event that is not late, and so is kept.
#include "engine/level.h"

#include "base/assert.h"
#include "engine/saturated.h"
#include "engine/step.h"

// One rule's view of a card's events.
struct order {
    struct slot *events;
    size_t count;
    const uint64_t *facts; // of event i: facts[i * stride]
    size_t stride;
    uint64_t outside; // the bit of events that have no part in the order
    uint64_t burst;
    int64_t reach_ms; // W - 1
    int64_t limit;
};

// The purchases of the order that count for some event, up to it.
struct window {
    size_t first; // index of the oldest
    uint32_t count;
    int64_t sum;         // of their facts
    struct tally *tally; // of their facts that are not 0; NULL: the level is the sum
};

// A run of bursting events while it is walked along, and where its alert goes.
struct run {
    const struct order *order;
    struct step *step;
    struct alert alert;
    int64_t last_ms; // of its last event
    bool open;
    bool alerted; // holds an event that was bursting before this insertion
};

static bool has_part(const struct order *order, size_t at)
{
    return (order->events[at].bits & order->outside) == 0;
}

static int64_t window_level(const struct window *window)
{
    return window->tally != NULL ? (int64_t)window->tally->distinct : window->sum;
}

// Sums wrap around without harm: no fact that the engine has written makes them, but one from a
// damaged store may.
static void window_add(struct window *window, const struct order *order, size_t at)
{
    uint64_t fact = order->facts[at * order->stride];
    window->count++;
    if (window->tally == NULL)
        window->sum = (int64_t)((uint64_t)window->sum + fact);
    else if (fact != 0)
        tally_add(window->tally, fact);
}

static void window_remove(struct window *window, const struct order *order, size_t at)
{
    uint64_t fact = order->facts[at * order->stride];
    window->count--;
    if (window->tally == NULL)
        window->sum = (int64_t)((uint64_t)window->sum - fact);
    else if (fact != 0)
        tally_remove(window->tally, fact);
}

// The window of the event at `at`, found by walking back.
static void window_gather(struct window *window, const struct order *order, size_t at)
{
    int64_t from_ms = saturated_minus(order->events[at].time_ms, order->reach_ms);
    for (size_t i = at + 1; i > 0 && order->events[i - 1].time_ms >= from_ms; i--) {
        if (!has_part(order, i - 1))
            continue;
        window->first = i - 1;
        window_add(window, order, i - 1);
    }
}

// Turns the window of the event before `at` into that of `at`.
static void window_advance(struct window *window, const struct order *order, size_t at)
{
    int64_t from_ms = saturated_minus(order->events[at].time_ms, order->reach_ms);
    window_add(window, order, at);
    for (; window->first < at; window->first++) {
        if (!has_part(order, window->first))
            continue;
        if (order->events[window->first].time_ms >= from_ms)
            return;
        window_remove(window, order, window->first);
    }
}

static bool is_within_reach(const struct order *order, int64_t earlier_ms, int64_t later_ms)
{
    return earlier_ms >= saturated_minus(later_ms, order->reach_ms);
}

// True when the event before `at` in the order is bursting and counts in its level.
static bool bursts_before(const struct order *order, size_t at)
{
    int64_t time_ms = order->events[at].time_ms;
    while (at > 0 && !has_part(order, at - 1))
        at--;
    return at > 0 && (order->events[at - 1].bits & order->burst) != 0 &&
           is_within_reach(order, order->events[at - 1].time_ms, time_ms);
}

// True when the first event of the order from `at` on is bursting and counts one at `earlier_ms`.
static bool bursts_behind(const struct order *order, size_t at, int64_t earlier_ms)
{
    while (at < order->count && !has_part(order, at))
        at++;
    return at < order->count && (order->events[at].bits & order->burst) != 0 &&
           is_within_reach(order, earlier_ms, order->events[at].time_ms);
}

static void run_close(struct run *run)
{
    if (run->open && !run->alerted)
        step_add_alert(run->step, &run->alert);
    run->open = false;
    run->alerted = false;
}

// Takes the event at `at`, whose window is given, into the run, or ends the run before it. What is
// taken lies within one window's length: all of it is within reach.
static void run_take(struct run *run, size_t at, const struct window *window)
{
    const struct order *order = run->order;
    struct slot *event = &order->events[at];
    bool was_bursting = (event->bits & order->burst) != 0;
    bool bursting = was_bursting || window_level(window) >= order->limit;
    if (!bursting) {
        run_close(run);
        return;
    }
    event->bits |= order->burst;
    if (!run->open) {
        run->alert.timestamp_ms = order->events[window->first].time_ms;
        run->alert.count = window->count;
        run->alert.level = window_level(window);
    }
    run->open = true;
    run->last_ms = event->time_ms;
    run->alerted |= was_bursting;
}

static struct order order_of(const struct engine *engine, size_t rule_index, struct card *card)
{
    const struct rule *rule = &engine->settings.rules[rule_index];
    uint8_t place = engine->place[rule_index];
    return (struct order){.events = card_events(card),
                          .count = card->event_count,
                          .facts = card_facts(card, 0) + engine->fact_at[rule_index],
                          .stride = engine->fact_count,
                          .outside = SLOT_LATE(place),
                          .burst = SLOT_BURST(place),
                          .reach_ms = rule->window_ms - 1,
                          .limit = rule->kind == RULE_SUM ? rule->limit : (int64_t)rule->threshold};
}

void level_apply(const struct engine *engine, size_t rule_index, struct card *card, size_t at,
                 struct step *step)
{
    struct order order = order_of(engine, rule_index, card);
    ensure(at < order.count && (order.events[at].bits & (order.outside | order.burst)) == 0);
    struct window window = {.first = at};
    if (engine->settings.rules[rule_index].kind == RULE_DISTINCT) {
        window.tally = &step->tally;
        tally_begin(window.tally, order.count);
    }
    window_gather(&window, &order, at);
    if (at + 1 == order.count && window_level(&window) < order.limit)
        return;

    // The event and those behind it that it counts for, then the neighbours on both sides.
    int64_t time_ms = order.events[at].time_ms;
    int64_t until_ms = saturated_plus(time_ms, order.reach_ms);
    struct run run = {.order = &order,
                      .step = step,
                      .alert = {.rule = (uint32_t)rule_index, .detected_at_ms = time_ms}};
    run_take(&run, at, &window);
    run.alerted |= run.open && bursts_before(&order, at);
    size_t next = at + 1;
    for (; next < order.count && order.events[next].time_ms <= until_ms; next++) {
        if (!has_part(&order, next))
            continue;
        window_advance(&window, &order, next);
        run_take(&run, next, &window);
    }
    run.alerted |= run.open && bursts_behind(&order, next, run.last_ms);
    run_close(&run);
}
