// SPDX-License-Identifier: Apache-2.0
// A stored card as people see it: its purchases in the order of their times, what each rule has
// made of them, and its open tumbling windows.
#ifndef STREAM_CARD_VIEW_H
#define STREAM_CARD_VIEW_H

#include "engine/engine.h"
#include "store/record.h"
#include "wire/json_out.h"

enum { CARD_VIEW_EVENTS_MAX = 1000 }; // the newest; how many are left out is told

// A card record and what gives it its meaning.
struct card_view {
    const struct engine *engine;
    const char *const *rule_names; // by rule
    struct optional_ms stream_time;
    struct view record; // store/record.h
};

// Writes the members "horizon_ms", "purchases", "left_out" and "counters" into the open object.
// Purchases that count for nothing any more are not shown. STATUS_FATAL: not a card record;
// nothing is written then.
enum status card_view_write(const struct card_view *view, struct json_out *out,
                            struct error *err) MUST_USE;

#endif
