// SPDX-License-Identifier: Apache-2.0
#include "lib/oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/fnv.h"
#include "base/memory.h"

// Wide enough that no sum of two times and three windows overflows.
typedef __int128 wide;

enum { CATEGORY_BYTES_MAX = 32 };

// A purchase that was inserted. Never removed, unless the oracle is forgetful.
struct entry {
    int64_t time_ms;
    int64_t offset;
    int64_t id;
    bool has_id;
    struct oracle_purchase what; // its category lies here:
    char category[CATEGORY_BYTES_MAX];
    uint32_t late_rules;  // or left out by the rule's conditions
    uint32_t burst_rules; // was in a burst of the rule, and that burst was alerted
};

struct window_count {
    size_t rule;
    wide index;
    uint64_t count;
};

struct oracle_card {
    char *text;
    size_t size;
    struct entry *entries;
    size_t entry_count;
    size_t entry_capacity;
    struct window_count *windows;
    size_t window_count;
    size_t window_capacity;
    struct oracle_card *next; // in the same bucket
};

enum { BUCKETS_MIN = 1 << 7 };

struct oracle {
    struct oracle_settings settings;
    wide horizon_ms;
    struct oracle_time stream_time;
    struct oracle_card **buckets;
    size_t bucket_count; // a power of two, at least half the cards
    size_t card_count;
    struct entry **kept; // of the card at hand, in order
    size_t kept_count;
    size_t kept_capacity;
    struct entry **order; // the kept ones that have a place in the order of the rule at hand
    uint64_t *levels;
    size_t order_count;
    size_t order_capacity;
    struct oracle_alert *alerts;
    size_t alert_count;
    size_t alert_capacity;
    int64_t *ids;
    size_t id_count;
    size_t id_capacity;
};

// Makes room for one more item.
#define GROW(items, count, capacity)                                                               \
    do {                                                                                           \
        if ((count) == (capacity)) {                                                               \
            (capacity) = (capacity) == 0 ? 1 : 2 * (capacity);                                     \
            (items) = memory_resized((items), (capacity), sizeof(*(items)));                       \
        }                                                                                          \
    } while (0)

struct oracle_settings oracle_settings_default(void)
{
    return (struct oracle_settings){
        .rules = {{.kind = ORACLE_SLIDING, .window_ms = 60000, .threshold = 3}},
        .rule_count = 1,
        .dedupe = true,
        .max_future_ms = 3600000,
        .max_events_per_card = 4096,
    };
}

enum oracle_time_verdict oracle_event_time(const struct oracle_settings *settings,
                                           struct oracle_time stream_time, struct oracle_time own,
                                           struct oracle_time message, int64_t *event_time_ms)
{
    if (own.known && message.known && (wide)own.ms - message.ms > settings->max_future_ms)
        return ORACLE_FUTURE_TIMESTAMP;
    const struct oracle_time choices[] = {own, stream_time, message};
    for (size_t i = 0; i < 3; i++) {
        if (!choices[i].known)
            continue;
        *event_time_ms = choices[i].ms;
        return ORACLE_TIME_TAKEN;
    }
    return ORACLE_NO_TIMESTAMP;
}

static wide horizon(const struct oracle_settings *settings)
{
    wide largest = 0;
    for (size_t i = 0; i < settings->rule_count; i++) {
        const struct oracle_rule *rule = &settings->rules[i];
        if (rule->kind == ORACLE_TRAVEL)
            continue;
        wide needed = 2 * (wide)rule->window_ms + rule->grace_ms;
        largest = needed > largest ? needed : largest;
    }
    return largest == 0 ? 60000 : largest;
}

struct oracle *oracle_open(const struct oracle_settings *settings)
{
    ensure(settings->rule_count <= ORACLE_RULES_MAX);
    ensure(settings->max_events_per_card > 0);
    struct oracle *oracle = memory_zeroed(1, sizeof(*oracle));
    oracle->settings = *settings;
    oracle->horizon_ms = horizon(settings);
    oracle->bucket_count = BUCKETS_MIN;
    oracle->buckets = memory_zeroed(oracle->bucket_count, sizeof(oracle->buckets[0]));
    return oracle;
}

static void free_card(struct oracle_card *card)
{
    free(card->text);
    free(card->entries);
    free(card->windows);
    free(card);
}

void oracle_close(struct oracle *oracle)
{
    if (oracle == NULL)
        return;
    for (size_t i = 0; i < oracle->bucket_count; i++) {
        struct oracle_card *card = oracle->buckets[i];
        while (card != NULL) {
            struct oracle_card *next = card->next;
            free_card(card);
            card = next;
        }
    }
    free(oracle->buckets);
    free(oracle->kept);
    free(oracle->order);
    free(oracle->levels);
    free(oracle->alerts);
    free(oracle->ids);
    free(oracle);
}

struct oracle_time oracle_stream_time(const struct oracle *oracle)
{
    return oracle->stream_time;
}

static struct oracle_card **bucket_of(struct oracle *oracle, struct view card)
{
    uint64_t hash = fnv_add(FNV_START, card.data, card.size);
    return &oracle->buckets[(hash ^ (hash >> 32)) % oracle->bucket_count];
}

static bool is_expired(const struct oracle *oracle, int64_t time_ms)
{
    return time_ms <= (wide)oracle->stream_time.ms - oracle->horizon_ms;
}

static wide floor_divide(wide dividend, wide divisor)
{
    wide quotient = dividend / divisor;
    return quotient * divisor > dividend ? quotient - 1 : quotient;
}

static bool is_closed(const struct oracle *oracle, const struct oracle_rule *rule, wide index)
{
    return (index + 1) * rule->window_ms <= (wide)oracle->stream_time.ms - rule->grace_ms;
}

// Forgetful: what no purchase to come can see is dropped.
static void forget(const struct oracle *oracle, struct oracle_card *card)
{
    size_t left = 0;
    for (size_t i = 0; i < card->entry_count; i++)
        if (!is_expired(oracle, card->entries[i].time_ms))
            card->entries[left++] = card->entries[i];
    card->entry_count = left;
    left = 0;
    for (size_t i = 0; i < card->window_count; i++) {
        const struct window_count *window = &card->windows[i];
        if (!is_closed(oracle, &oracle->settings.rules[window->rule], window->index))
            card->windows[left++] = *window;
    }
    card->window_count = left;
}

static void forget_cards(struct oracle *oracle, struct oracle_card **bucket)
{
    while (*bucket != NULL) {
        struct oracle_card *card = *bucket;
        forget(oracle, card);
        if (card->entry_count > 0 || card->window_count > 0) {
            bucket = &card->next;
            continue;
        }
        *bucket = card->next;
        oracle->card_count--;
        free_card(card);
    }
}

static void grow_buckets(struct oracle *oracle)
{
    struct oracle_card **buckets = oracle->buckets;
    size_t count = oracle->bucket_count;
    oracle->bucket_count *= 4;
    oracle->buckets = memory_zeroed(oracle->bucket_count, sizeof(buckets[0]));
    for (size_t i = 0; i < count; i++) {
        for (struct oracle_card *card = buckets[i]; card != NULL;) {
            struct oracle_card *next = card->next;
            const struct view text = {(const uint8_t *)card->text, card->size};
            struct oracle_card **bucket = bucket_of(oracle, text);
            card->next = *bucket;
            *bucket = card;
            card = next;
        }
    }
    free(buckets);
}

static void make_room(struct oracle *oracle)
{
    for (size_t i = 0; i < oracle->bucket_count && oracle->settings.forgetful; i++)
        forget_cards(oracle, &oracle->buckets[i]);
    if (oracle->card_count > oracle->bucket_count)
        grow_buckets(oracle);
}

static struct oracle_card *card_of(struct oracle *oracle, struct view text)
{
    if (oracle->card_count > 2 * oracle->bucket_count)
        make_room(oracle);
    struct oracle_card **bucket = bucket_of(oracle, text);
    if (oracle->settings.forgetful)
        forget_cards(oracle, bucket);
    for (struct oracle_card *card = *bucket; card != NULL; card = card->next) {
        if (view_equal(text, (struct view){(const uint8_t *)card->text, card->size}))
            return card;
    }
    struct oracle_card *card = memory_zeroed(1, sizeof(*card));
    card->text = memory_copy(text.data, text.size);
    card->size = text.size;
    card->next = *bucket;
    *bucket = card;
    oracle->card_count++;
    return card;
}

static int by_time_then_offset(const void *left, const void *right)
{
    const struct entry *a = *(struct entry *const *)left;
    const struct entry *b = *(struct entry *const *)right;
    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

// The same for what is nearly in order.
static void sort_by_insertion(struct entry **entries, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct entry *entry = entries[i];
        size_t at = i;
        for (; at > 0 && by_time_then_offset(&entries[at - 1], &entry) > 0; at--)
            entries[at] = entries[at - 1];
        entries[at] = entry;
    }
}

// The kept set by its definition, from everything that was ever inserted.
static void gather_kept(struct oracle *oracle, const struct oracle_card *card)
{
    oracle->kept_count = 0;
    for (size_t i = 0; i < card->entry_count; i++) {
        if (is_expired(oracle, card->entries[i].time_ms))
            continue;
        GROW(oracle->kept, oracle->kept_count, oracle->kept_capacity);
        oracle->kept[oracle->kept_count++] = &card->entries[i];
    }
    if (oracle->kept_count == 0)
        return;
    if (oracle->settings.forgetful)
        sort_by_insertion(oracle->kept, oracle->kept_count);
    else
        qsort(oracle->kept, oracle->kept_count, sizeof(struct entry *), by_time_then_offset);
    if (oracle->kept_count <= oracle->settings.max_events_per_card)
        return;
    size_t surplus = oracle->kept_count - oracle->settings.max_events_per_card;
    oracle->kept_count -= surplus;
    for (size_t i = 0; i < oracle->kept_count; i++)
        oracle->kept[i] = oracle->kept[i + surplus];
}

static bool kept_has_id(const struct oracle *oracle, int64_t id)
{
    for (size_t i = 0; i < oracle->kept_count; i++) {
        if (oracle->kept[i]->has_id && oracle->kept[i]->id == id)
            return true;
    }
    return false;
}

static bool is_late(const struct oracle *oracle, const struct oracle_rule *rule, int64_t time_ms)
{
    if (rule->kind == ORACLE_TRAVEL)
        return false;
    if (rule->kind != ORACLE_TUMBLING)
        return (wide)time_ms + rule->window_ms <= (wide)oracle->stream_time.ms - rule->grace_ms;
    return is_closed(oracle, rule, floor_divide(time_ms, rule->window_ms));
}

static uint32_t late_rules(const struct oracle *oracle, int64_t time_ms)
{
    uint32_t late = 0;
    for (size_t r = 0; r < oracle->settings.rule_count; r++) {
        if (is_late(oracle, &oracle->settings.rules[r], time_ms))
            late |= 1u << r;
    }
    return late;
}

static int64_t clamped(wide value)
{
    if (value < INT64_MIN)
        return INT64_MIN;
    return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

static void raise_alert(struct oracle *oracle, const struct oracle_purchase *purchase, size_t rule,
                        uint64_t count, int64_t level, wide timestamp_ms)
{
    GROW(oracle->alerts, oracle->alert_count, oracle->alert_capacity);
    oracle->alerts[oracle->alert_count++] = (struct oracle_alert){
        .source_offset = purchase->offset,
        .timestamp_ms = clamped(timestamp_ms),
        .detected_at_ms = purchase->event_time_ms,
        .count = count,
        .level = level,
        .rule = rule,
        .first_id = oracle->id_count,
    };
}

// The last alert rests on this purchase, too.
static void add_id(struct oracle *oracle, bool known, int64_t id)
{
    if (!known)
        return;
    GROW(oracle->ids, oracle->id_count, oracle->id_capacity);
    oracle->ids[oracle->id_count++] = id;
    oracle->alerts[oracle->alert_count - 1].id_count++;
}

// The rule's order: kept purchases that were not late for it.
static void gather_order(struct oracle *oracle, size_t rule)
{
    if (oracle->order_capacity < oracle->kept_count) {
        oracle->order_capacity = oracle->kept_capacity;
        oracle->order = memory_resized(oracle->order, oracle->order_capacity, sizeof(void *));
        oracle->levels = memory_resized(oracle->levels, oracle->order_capacity, sizeof(uint64_t));
    }
    oracle->order_count = 0;
    for (size_t i = 0; i < oracle->kept_count; i++) {
        if ((oracle->kept[i]->late_rules & 1u << rule) == 0)
            oracle->order[oracle->order_count++] = oracle->kept[i];
    }
}

static bool counts_for(const struct entry *earlier, const struct entry *event, int64_t window_ms)
{
    return earlier->time_ms > (wide)event->time_ms - window_ms;
}

static uint64_t amount_of(const struct oracle_purchase *purchase)
{
    if (!purchase->has_amount || isnan(purchase->amount) || purchase->amount < 0)
        return 0;
    if (purchase->amount >= 1e10)
        return 100000000000000;
    return (uint64_t)round(purchase->amount * 10000);
}

static bool has_value(const struct oracle_purchase *purchase, enum oracle_field field)
{
    if (field == ORACLE_CATEGORY)
        return purchase->category.data != NULL;
    if (field == ORACLE_AMOUNT)
        return purchase->has_amount && !isnan(purchase->amount);
    return purchase->has_distance && !isnan(purchase->distance);
}

static bool same_value(const struct oracle_purchase *a, const struct oracle_purchase *b,
                       enum oracle_field field)
{
    if (field == ORACLE_CATEGORY)
        return view_equal(a->category, b->category);
    return field == ORACLE_AMOUNT ? a->amount == b->amount : a->distance == b->distance;
}

// Entries move in memory, and their categories with them.
static struct oracle_purchase what_of(const struct entry *entry)
{
    struct oracle_purchase what = entry->what;
    if (what.category.data != NULL)
        what.category.data = (const uint8_t *)entry->category;
    return what;
}

// Whether the value of the one at `j` comes for the first time in the level of the one at `i`.
static bool is_new_value(const struct oracle *oracle, const struct oracle_rule *rule, size_t j,
                         size_t i)
{
    const struct oracle_purchase what = what_of(oracle->order[j]);
    if (!has_value(&what, rule->field))
        return false;
    for (size_t k = 0; k < j; k++) {
        const struct oracle_purchase other = what_of(oracle->order[k]);
        if (counts_for(oracle->order[k], oracle->order[i], rule->window_ms) &&
            has_value(&other, rule->field) && same_value(&what, &other, rule->field))
            return false;
    }
    return true;
}

static uint64_t weight(const struct oracle *oracle, const struct oracle_rule *rule, size_t j,
                       size_t i)
{
    if (rule->kind == ORACLE_SUM)
        return amount_of(&oracle->order[j]->what);
    return rule->kind == ORACLE_DISTINCT ? is_new_value(oracle, rule, j, i) : 1;
}

static void count_levels(struct oracle *oracle, const struct oracle_rule *rule)
{
    for (size_t i = 0; i < oracle->order_count; i++) {
        oracle->levels[i] = 0;
        for (size_t j = 0; j <= i; j++) {
            if (counts_for(oracle->order[j], oracle->order[i], rule->window_ms))
                oracle->levels[i] += weight(oracle, rule, j, i);
        }
    }
}

// How many purchases are in the level of the one at `at`.
static uint64_t level_count(const struct oracle *oracle, size_t at, int64_t window_ms)
{
    uint64_t count = 0;
    for (size_t j = 0; j <= at; j++)
        count += counts_for(oracle->order[j], oracle->order[at], window_ms);
    return count;
}

// The same for busy cards: what no longer counts for one does not for those behind it.
static void count_levels_quickly(struct oracle *oracle, int64_t window_ms)
{
    size_t first = 0;
    for (size_t i = 0; i < oracle->order_count; i++) {
        while (!counts_for(oracle->order[first], oracle->order[i], window_ms))
            first++;
        oracle->levels[i] = i - first + 1;
    }
}

// The last alert rests on the level of the one at `at`.
static void add_level_ids(struct oracle *oracle, size_t at, int64_t window_ms)
{
    for (size_t j = 0; j <= at; j++) {
        const struct entry *entry = oracle->order[j];
        if (counts_for(entry, oracle->order[at], window_ms))
            add_id(oracle, entry->has_id, entry->id);
    }
}

// The event time of the earliest purchase in the level of the one at `first`.
static int64_t level_start_ms(const struct oracle *oracle, size_t first, int64_t window_ms)
{
    size_t j = 0;
    while (!counts_for(oracle->order[j], oracle->order[first], window_ms))
        j++;
    return oracle->order[j]->time_ms;
}

static bool in_burst(const struct oracle *oracle, size_t at, size_t rule)
{
    const struct oracle_rule *settings = &oracle->settings.rules[rule];
    uint64_t least = settings->kind == ORACLE_SUM ? (uint64_t)settings->limit : settings->threshold;
    return oracle->levels[at] >= least || (oracle->order[at]->burst_rules & 1u << rule) != 0;
}

// Finds the maximal runs; one without a purchase of an alerted burst raises an alert, and then all
// of its purchases belong to an alerted burst.
static void step_sliding(struct oracle *oracle, const struct oracle_purchase *purchase, size_t rule)
{
    const struct oracle_rule *settings = &oracle->settings.rules[rule];
    bool counting = settings->kind == ORACLE_SLIDING;
    int64_t window_ms = settings->window_ms;
    gather_order(oracle, rule);
    if (counting && oracle->settings.forgetful)
        count_levels_quickly(oracle, window_ms);
    else
        count_levels(oracle, settings);
    size_t end;
    for (size_t first = 0; first < oracle->order_count; first = end) {
        end = first + 1;
        if (!in_burst(oracle, first, rule))
            continue;
        while (end < oracle->order_count && in_burst(oracle, end, rule) &&
               (counting || counts_for(oracle->order[end - 1], oracle->order[end], window_ms)))
            end++;
        bool alerted = false;
        for (size_t i = first; i < end; i++) {
            alerted = alerted || (oracle->order[i]->burst_rules & 1u << rule) != 0;
            oracle->order[i]->burst_rules |= 1u << rule;
        }
        if (alerted)
            continue;
        raise_alert(oracle, purchase, rule, level_count(oracle, first, window_ms),
                    counting ? 0 : (int64_t)oracle->levels[first],
                    level_start_ms(oracle, first, window_ms));
        add_level_ids(oracle, first, window_ms);
    }
}

static struct window_count *window_of(struct oracle_card *card, size_t rule, wide index)
{
    for (size_t i = 0; i < card->window_count; i++) {
        if (card->windows[i].rule == rule && card->windows[i].index == index)
            return &card->windows[i];
    }
    GROW(card->windows, card->window_count, card->window_capacity);
    struct window_count *window = &card->windows[card->window_count++];
    *window = (struct window_count){.rule = rule, .index = index};
    return window;
}

static void step_tumbling(struct oracle *oracle, struct oracle_card *card,
                          const struct oracle_purchase *purchase, size_t rule)
{
    const struct oracle_rule *settings = &oracle->settings.rules[rule];
    wide index = floor_divide(purchase->event_time_ms, settings->window_ms);
    struct window_count *window = window_of(card, rule, index);
    if (++window->count != settings->threshold)
        return;
    raise_alert(oracle, purchase, rule, window->count, 0, index * settings->window_ms);
    for (size_t i = 0; i < oracle->kept_count; i++) {
        const struct entry *entry = oracle->kept[i];
        bool within = floor_divide(entry->time_ms, settings->window_ms) == index;
        if (within && (entry->late_rules & 1u << rule) == 0)
            add_id(oracle, entry->has_id, entry->id);
    }
}

// Unlike a comparison, a range takes in all that is not NaN.
static void step_travel(struct oracle *oracle, const struct oracle_purchase *purchase, size_t rule)
{
    bool far = purchase->has_distance && !isnan(purchase->distance) &&
               !(purchase->distance < oracle->settings.rules[rule].min_distance);
    if (!far || purchase->travelling)
        return;
    raise_alert(oracle, purchase, rule, 1, 0, purchase->event_time_ms);
    add_id(oracle, purchase->has_id, purchase->id);
}

static double number_of(const struct oracle_purchase *purchase, enum oracle_field field,
                        bool *known)
{
    *known = field == ORACLE_TIMESTAMP || (field == ORACLE_ID && purchase->has_id) ||
             ((field == ORACLE_AMOUNT || field == ORACLE_DISTANCE) && has_value(purchase, field));
    if (field == ORACLE_TIMESTAMP)
        return (double)purchase->event_time_ms;
    if (field == ORACLE_ID)
        return (double)purchase->id;
    return field == ORACLE_AMOUNT ? purchase->amount : purchase->distance;
}

// "eq" and "in": any of the values.
static bool equals_any(const struct oracle_condition *condition,
                       const struct oracle_purchase *purchase)
{
    bool known;
    double number = number_of(purchase, condition->field, &known);
    for (size_t i = 0; i < condition->value_count; i++) {
        if (condition->field == ORACLE_CATEGORY) {
            if (has_value(purchase, ORACLE_CATEGORY) &&
                view_equal(purchase->category, view_text(condition->texts[i])))
                return true;
        } else if (known && number == condition->numbers[i]) {
            return true;
        }
    }
    return false;
}

static bool holds(const struct oracle_condition *condition, const struct oracle_purchase *purchase)
{
    bool known;
    if (condition->value_count == 0)
        return true;
    if (strcmp(condition->op, "ne") == 0)
        return !equals_any(condition, purchase);
    if (strcmp(condition->op, "eq") == 0 || strcmp(condition->op, "in") == 0)
        return equals_any(condition, purchase);
    double number = number_of(purchase, condition->field, &known);
    if (!known)
        return false;
    bool below = number < condition->numbers[0];
    if (number == condition->numbers[0])
        return condition->op[1] == 'e';
    return condition->op[0] == 'l' ? below : !below;
}

// The rules whose conditions leave the purchase out.
static uint32_t left_out(const struct oracle *oracle, const struct oracle_purchase *purchase)
{
    uint32_t out = 0;
    for (size_t r = 0; r < oracle->settings.rule_count; r++) {
        const struct oracle_rule *rule = &oracle->settings.rules[r];
        if (!holds(&rule->where[0], purchase) || !holds(&rule->where[1], purchase))
            out |= 1u << r;
    }
    return out;
}

static void insert(struct oracle_card *card, const struct oracle_purchase *purchase, uint32_t late)
{
    GROW(card->entries, card->entry_count, card->entry_capacity);
    card->entries[card->entry_count++] = (struct entry){
        .time_ms = purchase->event_time_ms,
        .offset = purchase->offset,
        .id = purchase->id,
        .has_id = purchase->has_id,
        .what = *purchase,
        .late_rules = late,
    };
    struct entry *entry = &card->entries[card->entry_count - 1];
    if (purchase->category.size == 0)
        return;
    ensure(purchase->category.size <= CATEGORY_BYTES_MAX);
    memcpy(entry->category, purchase->category.data, purchase->category.size);
}

// Forgetful: the oldest of a card that has one too many.
static void forget_surplus(const struct oracle *oracle, struct oracle_card *card)
{
    if (!oracle->settings.forgetful || card->entry_count <= oracle->settings.max_events_per_card)
        return;
    const struct entry *oldest = &card->entries[0];
    for (size_t i = 1; i < card->entry_count; i++) {
        const struct entry *entry = &card->entries[i];
        if (by_time_then_offset(&entry, &oldest) < 0)
            oldest = entry;
    }
    size_t at = (size_t)(oldest - card->entries);
    memmove(&card->entries[at], &card->entries[at + 1],
            (card->entry_count - at - 1) * sizeof(card->entries[0]));
    card->entry_count--;
}

static void step_rules(struct oracle *oracle, struct oracle_card *card,
                       const struct oracle_purchase *purchase, uint32_t late)
{
    gather_kept(oracle, card);
    for (size_t r = 0; r < oracle->settings.rule_count; r++) {
        if ((late & 1u << r) != 0)
            continue;
        if (oracle->settings.rules[r].kind == ORACLE_TRAVEL)
            step_travel(oracle, purchase, r);
        else if (oracle->settings.rules[r].kind != ORACLE_TUMBLING)
            step_sliding(oracle, purchase, r);
        else
            step_tumbling(oracle, card, purchase, r);
    }
}

static void advance_stream_time(struct oracle *oracle, int64_t event_time_ms)
{
    if (!oracle->stream_time.known || event_time_ms > oracle->stream_time.ms)
        oracle->stream_time = (struct oracle_time){true, event_time_ms};
}

// Why a purchase changes nothing, whatever the rules; the card's kept purchases are gathered.
static bool is_set_aside(const struct oracle *oracle, const struct oracle_purchase *purchase,
                         struct oracle_result *result)
{
    result->duplicate =
        oracle->settings.dedupe && purchase->has_id && kept_has_id(oracle, purchase->id);
    result->capped = !result->duplicate &&
                     oracle->kept_count == oracle->settings.max_events_per_card &&
                     purchase->event_time_ms < oracle->kept[0]->time_ms;
    return result->duplicate || result->capped;
}

// Too old to be kept, and too old for any window; a rule without one takes it as it comes.
static void step_expired(struct oracle *oracle, const struct oracle_purchase *purchase,
                         uint32_t out, struct oracle_result *result)
{
    struct oracle_result fate = {0};
    result->expired = true;
    gather_kept(oracle, card_of(oracle, purchase->card));
    if (is_set_aside(oracle, purchase, &fate))
        return;
    for (size_t r = 0; r < oracle->settings.rule_count; r++) {
        if ((out & 1u << r) != 0)
            continue;
        if (oracle->settings.rules[r].kind == ORACLE_TRAVEL)
            step_travel(oracle, purchase, r);
        else
            ensure((result->late_rules & 1u << r) != 0);
    }
}

void oracle_step(struct oracle *oracle, const struct oracle_purchase *purchase,
                 struct oracle_result *result)
{
    *result = (struct oracle_result){0};
    oracle->alert_count = 0;
    oracle->id_count = 0;
    advance_stream_time(oracle, purchase->event_time_ms);
    uint32_t out = left_out(oracle, purchase);
    uint32_t late = late_rules(oracle, purchase->event_time_ms) & ~out;
    if (is_expired(oracle, purchase->event_time_ms)) {
        result->late_rules = late;
        step_expired(oracle, purchase, out, result);
    } else {
        struct oracle_card *card = card_of(oracle, purchase->card);
        gather_kept(oracle, card);
        if (is_set_aside(oracle, purchase, result))
            return;
        insert(card, purchase, late | out);
        forget_surplus(oracle, card);
        step_rules(oracle, card, purchase, late | out);
        result->late_rules = late;
    }
    result->alerts = oracle->alerts;
    result->alert_count = oracle->alert_count;
    result->ids = oracle->ids;
}
