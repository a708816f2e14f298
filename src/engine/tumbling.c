// SPDX-License-Identifier: Apache-2.0
#include "engine/tumbling.h"

#include "base/assert.h"
#include "engine/saturated.h"
#include "engine/step.h"

// The window of a time: its index k = floor(t / W), and how far into it the time lies.
struct window {
    int64_t index;
    int64_t into_ms; // 0 .. W - 1
};

static struct window window_of(int64_t time_ms, int64_t window_ms)
{
    struct window window = {.index = time_ms / window_ms, .into_ms = time_ms % window_ms};
    if (window.into_ms < 0) {
        window.into_ms += window_ms;
        window.index--;
    }
    return window;
}

bool tumbling_is_late(const struct rule *rule, int64_t stream_ms, int64_t time_ms)
{
    // Most purchases are within the grace, and need no division: their window ends later still.
    if (time_ms >= saturated_minus(stream_ms, rule->grace_ms))
        return false;
    // end = t + left <= ST - g, so t < ST - (g + left - 1)
    int64_t left_ms = rule->window_ms - window_of(time_ms, rule->window_ms).into_ms;
    return time_ms < saturated_minus(stream_ms, rule->grace_ms + left_ms - 1);
}

// (k + 1)W <= ST - g exactly when k < floor((ST - g) / W); clamping ST - g changes nothing, since
// no window of an int64 time lies before that of INT64_MIN.
static int64_t first_open(const struct rule *rule, int64_t stream_ms)
{
    return window_of(saturated_minus(stream_ms, rule->grace_ms), rule->window_ms).index;
}

bool tumbling_counter_closed(const struct engine *engine, const struct slot *counter,
                             int64_t stream_ms)
{
    if (counter->bits == COUNTER_PURCHASES)
        return !engine->settings.count_purchases;
    if (counter->bits >= engine->place_count)
        return true;
    const struct rule *rule = &engine->settings.rules[engine->rule_at[counter->bits]];
    return rule->kind != RULE_TUMBLING || counter->time_ms < first_open(rule, stream_ms);
}

static void drop_closed(const struct engine *engine, size_t rule_index, struct card *card,
                        int64_t stream_ms)
{
    int64_t open_from = first_open(&engine->settings.rules[rule_index], stream_ms);
    for (size_t i = card->counter_count; i > 0; i--) {
        const struct slot *counter = &card_counters(card)[i - 1];
        if (counter->bits == engine->place[rule_index] && counter->time_ms < open_from)
            card_remove_counter(card, i - 1);
    }
}

static struct slot *find_counter(struct card *card, size_t place, int64_t window_index)
{
    struct slot *counters = card_counters(card);
    for (size_t i = 0; i < card->counter_count; i++) {
        if (counters[i].time_ms == window_index && counters[i].bits == place)
            return &counters[i];
    }
    return NULL;
}

void tumbling_apply(const struct engine *engine, size_t rule_index, struct card *card,
                    int64_t stream_ms, int64_t time_ms, struct step *step)
{
    const struct rule *rule = &engine->settings.rules[rule_index];
    struct window window = window_of(time_ms, rule->window_ms);
    size_t place = engine->place[rule_index];
    struct slot *counter = find_counter(card, place, window.index);
    if (counter == NULL) {
        drop_closed(engine, rule_index, card, stream_ms);
        counter = card_add_counter(card);
        counter->time_ms = window.index;
        counter->bits = place;
    }
    counter->id++;
    ensure(counter->id > 0);
    if (counter->id != rule->threshold)
        return;
    struct alert alert = {.rule = (uint32_t)rule_index,
                          .timestamp_ms = saturated_minus(time_ms, window.into_ms),
                          .detected_at_ms = time_ms,
                          .count = rule->threshold};
    step_add_alert(step, &alert);
}
