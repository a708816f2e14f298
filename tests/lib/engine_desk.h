// SPDX-License-Identifier: Apache-2.0
// A desk at which the engine's unit tests put down one purchase after the other: an engine, a
// partition's stream time, one card, and the last step's results. In the header alone, because
// engine tests link with nothing else.
#ifndef LIB_ENGINE_DESK_H
#define LIB_ENGINE_DESK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/engine.h"

struct desk {
    struct engine engine;
    struct optional_ms stream_time;
    struct card card;
    struct step step;
    int64_t offset;
};

static inline struct engine_settings desk_settings(void)
{
    return (struct engine_settings){
        .dedupe = true, .max_future_ms = 3600000, .max_events_per_card = 4096};
}

static inline void desk_add_rule(struct engine_settings *settings, enum rule_kind kind,
                                 int64_t window_ms, uint32_t threshold, int64_t grace_ms)
{
    settings->rules[settings->rule_count++] = (struct rule){
        .kind = kind, .window_ms = window_ms, .grace_ms = grace_ms, .threshold = threshold};
}

static inline void desk_init(struct desk *desk, const struct engine_settings *settings)
{
    *desk = (struct desk){0};
    struct error err;
    if (engine_init(&desk->engine, settings, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    card_init(&desk->card);
}

// One rule, everything else by default.
static inline void desk_init_rule(struct desk *desk, enum rule_kind kind, int64_t window_ms,
                                  uint32_t threshold, int64_t grace_ms)
{
    struct engine_settings settings = desk_settings();
    desk_add_rule(&settings, kind, window_ms, threshold, grace_ms);
    desk_init(desk, &settings);
}

static inline void desk_release(struct desk *desk)
{
    card_release(&desk->card);
    step_release(&desk->step);
}

static inline void desk_put(struct desk *desk, const struct engine_purchase *purchase)
{
    engine_step(&desk->engine, &desk->stream_time, &desk->card, purchase, &desk->step);
    card_check(&desk->card);
}

// A purchase without an id, at the next offset. Returns the number of alerts it raised.
static inline size_t desk_take(struct desk *desk, int64_t time_ms)
{
    struct engine_purchase purchase = {.event_time_ms = time_ms, .offset = desk->offset++};
    desk_put(desk, &purchase);
    return desk->step.alert_count;
}

static inline size_t desk_take_id(struct desk *desk, int64_t time_ms, int64_t id)
{
    struct engine_purchase purchase = {
        .event_time_ms = time_ms, .offset = desk->offset++, .has_id = true, .id = id};
    desk_put(desk, &purchase);
    return desk->step.alert_count;
}

// A purchase of another card of the partition: only stream time may move.
static inline void desk_take_elsewhere(struct desk *desk, int64_t time_ms)
{
    struct card other;
    struct step step = {0};
    card_init(&other);
    struct engine_purchase purchase = {.event_time_ms = time_ms, .offset = desk->offset++};
    engine_step(&desk->engine, &desk->stream_time, &other, &purchase, &step);
    card_release(&other);
    step_release(&step);
}

// The last step raised exactly one alert, of rule `rule`, with this timestamp and count.
#define assert_alert(desk, at_rule, at_timestamp_ms, at_count)                                     \
    do {                                                                                           \
        assert_int_equal((desk)->step.alert_count, 1);                                             \
        assert_nth_alert(desk, 0, at_rule, at_timestamp_ms, at_count);                             \
    } while (0)

#define assert_nth_alert(desk, index, at_rule, at_timestamp_ms, at_count)                          \
    do {                                                                                           \
        assert_true((index) < (desk)->step.alert_count);                                           \
        assert_int_equal((desk)->step.alerts[index].rule, at_rule);                                \
        assert_true((desk)->step.alerts[index].timestamp_ms == (at_timestamp_ms));                 \
        assert_int_equal((desk)->step.alerts[index].count, at_count);                              \
    } while (0)

#endif
