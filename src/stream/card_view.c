// SPDX-License-Identifier: Apache-2.0
#include "stream/card_view.h"

static void write_rules(const struct card_view *view, struct json_out *out, const char *name,
                        uint64_t bits, uint64_t first_bit)
{
    json_out_array(out, name);
    for (size_t place = 0; place < view->engine->place_count; place++)
        if (bits & first_bit << (2 * place))
            json_out_text(out, NULL, view->rule_names[view->engine->rule_at[place]]);
    json_out_array_end(out);
}

static void write_event(const struct card_view *view, struct json_out *out,
                        const struct slot *event)
{
    json_out_object(out, NULL);
    json_out_integer(out, "time_ms", event->time_ms);
    json_out_integer_if(out, "id", (event->bits & SLOT_HAS_ID) != 0, event->id);
    write_rules(view, out, "burst", event->bits, SLOT_BURST(0));
    write_rules(view, out, "late", event->bits, SLOT_LATE(0));
    json_out_object_end(out);
}

// Events at or below it are expired, whether or not they have been removed.
static bool is_kept(const struct card_view *view, const struct slot *event)
{
    int64_t limit_ms;
    if (!view->stream_time.known)
        return true;
    if (__builtin_sub_overflow(view->stream_time.ms, view->engine->horizon_ms, &limit_ms))
        return true;
    return event->time_ms > limit_ms;
}

static void write_events(const struct card_view *view, struct json_out *out, struct card *card)
{
    const struct slot *events = card_events(card);
    size_t first = 0;
    while (first < card->event_count && !is_kept(view, &events[first]))
        first++;
    size_t count = card->event_count - first;
    size_t left_out = count > CARD_VIEW_EVENTS_MAX ? count - CARD_VIEW_EVENTS_MAX : 0;
    json_out_array(out, "purchases");
    for (size_t i = first + left_out; i < card->event_count; i++)
        write_event(view, out, &events[i]);
    json_out_array_end(out);
    json_out_count(out, "left_out", left_out);
}

// A window's start is clamped like an alert's timestamp.
static int64_t window_start_ms(int64_t index, int64_t window_ms)
{
    int64_t start_ms;
    if (__builtin_mul_overflow(index, window_ms, &start_ms))
        return index < 0 ? INT64_MIN : INT64_MAX;
    return start_ms;
}

static void write_counters(const struct card_view *view, struct json_out *out, struct card *card)
{
    const struct engine_settings *settings = &view->engine->settings;
    const struct slot *counters = card_counters(card);
    json_out_array(out, "counters");
    for (size_t i = 0; i < card->counter_count && i < CARD_VIEW_EVENTS_MAX; i++) {
        if (counters[i].bits >= view->engine->place_count)
            continue;
        size_t rule = view->engine->rule_at[counters[i].bits];
        int64_t window_ms = settings->rules[rule].window_ms;
        json_out_object(out, NULL);
        json_out_text(out, "rule", view->rule_names[rule]);
        json_out_integer(out, "start_ms", window_start_ms(counters[i].time_ms, window_ms));
        json_out_integer(out, "window_ms", window_ms);
        json_out_integer(out, "count", counters[i].id);
        json_out_object_end(out);
    }
    json_out_array_end(out);
}

enum status card_view_write(const struct card_view *view, struct json_out *out, struct error *err)
{
    struct card card;
    card_init(&card);
    enum status status = card_decode(view->record, &card, err);
    if (status != STATUS_OK)
        return status;
    json_out_integer(out, "horizon_ms", view->engine->horizon_ms);
    write_events(view, out, &card);
    write_counters(view, out, &card);
    card_release(&card);
    return STATUS_OK;
}
