// SPDX-License-Identifier: Apache-2.0
#include "demo/generator.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "demo/calendar.h"
#include "demo/malformed.h"
#include "demo/planned.h"

enum { BURSTS_MAX = 4096, VALUE_BYTES_MAX = 4096 };

static const char *const categories[] = {
    "groceries", "fuel", "restaurants", "travel",   "electronics",   "clothing",
    "pharmacy",  "home", "books",       "gambling", "subscriptions",
};
enum { CATEGORIES = sizeof(categories) / sizeof(categories[0]) };

// A burst with purchases still to be sent.
struct open_burst {
    struct planted_burst truth;
    struct planted_burst sent; // so far
    uint32_t unsent;           // 0: the place is free
};

struct generator {
    struct generator_settings settings;
    struct random random;
    struct spread spread;
    struct calendar calendar; // clean alone
    uint64_t sent;
    int64_t last_id;
    uint64_t last_burst;
    struct planned_heap planned;
    struct open_burst bursts[BURSTS_MAX]; // number n at n % BURSTS_MAX
    struct planted_burst completed;
    struct buffer value;
};

struct generator_settings generator_settings_default(void)
{
    return (struct generator_settings){
        .seed = 1,
        .spread = SPREAD_UNIFORM,
        .card_count = 10000,
        .zipf_exponent = 1.1,
        .start_ms = 1767225600000,
        .events_per_second = 1000,
        .burst_ppm = 1000,
        .burst_size_min = 3,
        .burst_size_max = 5,
        .burst_window_ms = 60000,
        .resend_ms = 5000,
        .schema_id = 1,
        .unknown_schema_id = 2000000000,
        .max_future_ms = 3600000,
        .first_id = 1,
    };
}

// Twice as many as can be taken at a time, so that one is found after a few looks.
uint64_t generator_clean_cards(const struct generator_settings *settings)
{
    __int128 window_ms = settings->burst_window_ms;
    __int128 taken_ms = window_ms + 2 * (__int128)settings->disorder_ms + CALENDAR_ROUNDING_MS;
    __int128 taken = taken_ms * settings->events_per_second / 1000 + 1;
    taken +=
        (taken_ms + window_ms) * settings->events_per_second * settings->burst_ppm / 1000000000;
    taken += settings->burst_count;
    if (settings->message_count > 0 && taken > settings->message_count)
        taken = settings->message_count;
    return taken < SPREAD_CARDS_MAX ? 2 * (uint64_t)taken : 2 * (uint64_t)SPREAD_CARDS_MAX;
}

struct generator *generator_open(const struct generator_settings *settings)
{
    ensure(settings->events_per_second > 0);
    ensure(settings->disorder_ms >= 0 && settings->resend_ms >= 0);
    ensure(settings->burst_size_min >= 1 && settings->burst_size_min <= settings->burst_size_max);
    ensure(settings->burst_window_ms > 0);
    ensure(!settings->clean || settings->card_count >= generator_clean_cards(settings));
    ensure(settings->burst_count == 0 || settings->message_count > 0);
    struct generator *generator = memory_zeroed(1, sizeof(*generator));
    generator->settings = *settings;
    generator->last_id = settings->first_id - 1;
    random_seed(&generator->random, settings->seed);
    spread_init(&generator->spread, settings->spread, settings->card_count,
                settings->zipf_exponent);
    if (settings->clean)
        calendar_init(&generator->calendar, settings->card_count,
                      settings->start_ms - settings->disorder_ms);
    buffer_init(&generator->value, VALUE_BYTES_MAX);
    return generator;
}

void generator_close(struct generator *generator)
{
    if (generator == NULL)
        return;
    calendar_release(&generator->calendar);
    buffer_release(&generator->value);
    free(generator);
}

static bool in_share(struct generator *generator, uint32_t ppm)
{
    return ppm > 0 && random_chance(&generator->random, ppm, 1000000);
}

static int64_t sent_at_ms(const struct generator_settings *settings, uint64_t number)
{
    return settings->start_ms + (int64_t)((__int128)number * 1000 / settings->events_per_second);
}

static int64_t now_ms(const struct generator *generator)
{
    return sent_at_ms(&generator->settings, generator->sent);
}

// Many small amounts and few large ones: the order of magnitude is drawn first.
static double draw_amount(struct random *random)
{
    uint64_t cents_below = (uint64_t)256 << random_below(random, 11);
    return (double)(100 + random_below(random, cents_below)) / 100;
}

// Most purchases are near home; one in a hundred is far away.
static double draw_distance(struct random *random)
{
    uint64_t tenths = random_chance(random, 1, 100) ? 20000 + random_below(random, 80000)
                                                    : random_below(random, 500);
    return (double)tenths / 10;
}

// One in a hundred purchases has no category, one in a hundred no amount.
static struct planned draw_purchase(struct generator *generator, uint64_t card,
                                    int64_t event_time_ms)
{
    struct random *random = &generator->random;
    bool has_category = !random_chance(random, 1, 100);
    return (struct planned){
        .due_ms = event_time_ms,
        .event_time_ms = event_time_ms,
        .id = ++generator->last_id,
        .card = card,
        .category = has_category ? (uint8_t)random_below(random, CATEGORIES) : CATEGORIES,
        .amount = draw_amount(random),
        .distance = draw_distance(random),
        .has_amount = !random_chance(random, 1, 100),
        .has_timestamp = true,
    };
}

static int64_t draw_delay_ms(struct generator *generator)
{
    return random_range(&generator->random, 0, generator->settings.disorder_ms);
}

// `drawn_ms`, how long after `from_ms` something of a burst is to come; drawn again when that is
// past the end, less a reserve for what is sent a little later than planned.
static int64_t before_the_end_ms(struct generator *generator, int64_t from_ms, int64_t drawn_ms)
{
    const struct generator_settings *settings = &generator->settings;
    if (settings->message_count == 0)
        return drawn_ms;
    uint64_t reserve = 2 * (uint64_t)settings->burst_size_max + settings->message_count / 100;
    uint64_t last = settings->message_count > reserve ? settings->message_count - reserve : 0;
    int64_t room_ms = sent_at_ms(settings, last) - from_ms;
    if (drawn_ms <= room_ms)
        return drawn_ms;
    return room_ms > 0 ? random_range(&generator->random, 0, room_ms) : 0;
}

// The card that buys at the time: `card`, or when it is taken any other.
static uint64_t free_card(struct generator *generator, uint64_t card, int64_t at_ms)
{
    const struct calendar *calendar = &generator->calendar;
    if (!generator->settings.clean || calendar_is_free(calendar, card, at_ms))
        return card;
    card = random_below(&generator->random, generator->settings.card_count);
    bool found = calendar_find(calendar, at_ms, &card);
    ensure(found);
    return card;
}

static void take_card(struct generator *generator, uint64_t card, int64_t last_ms)
{
    if (generator->settings.clean)
        calendar_take(&generator->calendar, card, last_ms + generator->settings.burst_window_ms);
}

static void plant_member(struct generator *generator, struct open_burst *burst, uint64_t card,
                         int64_t event_time_ms)
{
    struct planned member = draw_purchase(generator, card, event_time_ms);
    member.due_ms += before_the_end_ms(generator, event_time_ms, draw_delay_ms(generator));
    member.burst = burst->truth.number;
    planned_push(&generator->planned, &member);
    if (event_time_ms < burst->truth.first_ms)
        burst->truth.first_ms = event_time_ms;
    if (event_time_ms > burst->truth.last_ms)
        burst->truth.last_ms = event_time_ms;
}

// Plans the purchases of a burst that begins now; left out when too much is planned already.
static void plant_burst(struct generator *generator)
{
    const struct generator_settings *settings = &generator->settings;
    struct random *random = &generator->random;
    uint32_t size =
        (uint32_t)random_range(random, settings->burst_size_min, settings->burst_size_max);
    uint64_t card =
        free_card(generator, random_below(random, settings->card_count), now_ms(generator));
    int64_t span_ms = before_the_end_ms(generator, now_ms(generator),
                                        random_range(random, 0, settings->burst_window_ms - 1));
    struct open_burst *burst = &generator->bursts[(generator->last_burst + 1) % BURSTS_MAX];
    if (burst->unsent > 0 || !planned_fits(&generator->planned, size))
        return;
    *burst = (struct open_burst){
        .truth = {.number = ++generator->last_burst,
                  .size = size,
                  .first_ms = INT64_MAX,
                  .last_ms = INT64_MIN},
        .unsent = size,
    };
    spread_card_text(card, burst->truth.card);
    burst->sent = burst->truth;
    burst->sent.size = 0;
    for (uint32_t i = 0; i < size; i++)
        plant_member(generator, burst, card, now_ms(generator) + random_range(random, 0, span_ms));
    take_card(generator, card, burst->truth.last_ms);
}

// A number of bursts is spread evenly over the first nine tenths of the messages.
static bool burst_is_due(struct generator *generator)
{
    const struct generator_settings *settings = &generator->settings;
    if (settings->burst_count == 0)
        return in_share(generator, settings->burst_ppm);
    __int128 due = (__int128)settings->burst_count * (generator->sent + 1) * 10;
    return generator->last_burst < settings->burst_count &&
           due >= (__int128)(generator->last_burst + 1) * settings->message_count * 9;
}

static void plan_again(struct generator *generator, const struct planned *sent)
{
    if (sent->again || !in_share(generator, generator->settings.duplicate_ppm) ||
        !planned_fits(&generator->planned, 1))
        return;
    struct planned copy = *sent;
    copy.again = true;
    copy.due_ms =
        now_ms(generator) + random_range(&generator->random, 0, generator->settings.resend_ms);
    planned_push(&generator->planned, &copy);
}

static void count_member(struct generator *generator, const struct planned *sent,
                         struct generated *out)
{
    if (sent->burst == 0 || sent->again)
        return;
    struct open_burst *burst = &generator->bursts[sent->burst % BURSTS_MAX];
    ensure(burst->truth.number == sent->burst && burst->unsent > 0);
    burst->sent.size++;
    if (sent->event_time_ms < burst->sent.first_ms)
        burst->sent.first_ms = sent->event_time_ms;
    if (sent->event_time_ms > burst->sent.last_ms)
        burst->sent.last_ms = sent->event_time_ms;
    if (--burst->unsent > 0)
        return;
    generator->completed = burst->truth;
    out->completed = &generator->completed;
}

static struct planned draw_ordinary(struct generator *generator)
{
    uint64_t card = spread_next(&generator->spread, &generator->random);
    int64_t event_time_ms = now_ms(generator) - draw_delay_ms(generator);
    card = free_card(generator, card, event_time_ms);
    take_card(generator, card, event_time_ms);
    struct planned ordinary = draw_purchase(generator, card, event_time_ms);
    ordinary.has_timestamp = !in_share(generator, generator->settings.null_timestamp_ppm);
    return ordinary;
}

// The message's fields from the purchase in short; the value is not written yet.
static void fill(struct generator *generator, const struct planned *planned, struct generated *out)
{
    *out = (struct generated){
        .message_timestamp_ms = now_ms(generator),
        .burst = planned->burst,
        .again = planned->again,
    };
    spread_card_text(planned->card, out->card);
    out->key = view_text(out->card);
    out->purchase = (struct purchase_values){
        .id = planned->id,
        .credit_card = out->key,
        .amount = planned->amount,
        .distance_from_billing_zip = planned->distance,
        .timestamp_ms = planned->event_time_ms,
        .has_amount = planned->has_amount,
        .has_distance = true,
        .has_timestamp = planned->has_timestamp,
    };
    if (planned->category < CATEGORIES)
        out->purchase.category = view_text(categories[planned->category]);
}

void generator_next(struct generator *generator, struct generated *out)
{
    const struct generator_settings *settings = &generator->settings;
    if (in_share(generator, settings->malformed_ppm)) {
        generator_malformed(generator, malformed_draw(settings, &generator->random), out);
        generator->sent++;
        return;
    }
    if (burst_is_due(generator))
        plant_burst(generator);
    struct planned planned;
    if (!planned_pop(&generator->planned, now_ms(generator), &planned))
        planned = draw_ordinary(generator);
    fill(generator, &planned, out);
    buffer_clear(&generator->value);
    ensure(purchase_write(&out->purchase, settings->schema_id, &generator->value));
    out->value = buffer_view(&generator->value);
    count_member(generator, &planned, out);
    plan_again(generator, &planned);
    generator->sent++;
}

bool generator_cut_short(const struct generator *generator, size_t *cursor,
                         struct planted_burst *out)
{
    while (*cursor < BURSTS_MAX) {
        const struct open_burst *burst = &generator->bursts[(*cursor)++];
        if (burst->unsent > 0 && burst->sent.size >= generator->settings.burst_size_min) {
            *out = burst->sent;
            return true;
        }
    }
    return false;
}

void generator_malformed(struct generator *generator, enum dead_letter_class class_,
                         struct generated *out)
{
    struct planned planned = draw_ordinary(generator);
    fill(generator, &planned, out);
    malformed_write(&generator->settings, &generator->random, class_, &generator->value, out);
}

bool planted_burst_json(const struct planted_burst *burst, struct buffer *out)
{
    return buffer_append_format(
        out,
        "{\"burst\": %" PRIu64 ", \"credit_card\": \"%s\", "
        "\"purchases\": %" PRIu32 ", \"first_ms\": %" PRId64 ", \"last_ms\": %" PRId64 "}",
        burst->number, burst->card, burst->size, burst->first_ms, burst->last_ms);
}
