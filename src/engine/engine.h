// SPDX-License-Identifier: Apache-2.0
// The rules: a purchase in, alerts out, a card's state changed in place. Pure: no I/O, no clock, no
// randomness; the only memory touched is the caller's. All arithmetic is as if in unbounded
// integers, so event times may be any int64; only an emitted timestamp is clamped.
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "engine/card.h"
#include "engine/tally.h"

// Bounds that engine_init holds the settings to.
#define SPAN_MS_MAX (INT64_C(366) * 24 * 3600 * 1000) // a window or grace: 366 days
#define TUMBLING_THRESHOLD_MAX (UINT32_C(1) << 31)
#define AMOUNT_UNITS 10000                                     // a unit of a sum is 1/10000
#define AMOUNT_UNITS_MAX (INT64_C(10000000000) * AMOUNT_UNITS) // what one amount adds at most
#define HORIZON_MS_DEFAULT INT64_C(60000)                      // H without a windowed rule
enum { OPEN_WINDOWS_MAX = 4 * WINDOWS_PER_CARD_MAX };          // of all tumbling rules, a card

// The numbers are part of fingerprints: never change them.
enum rule_kind {
    RULE_SLIDING = 0,
    RULE_TUMBLING = 1,
    RULE_TRAVEL = 2,   // looks at a purchase alone: no window, no state
    RULE_SUM = 3,      // sliding, over amounts
    RULE_DISTINCT = 4, // sliding, over different values of a field
};

// Rules with a window have a place among the kept purchases' bits.
static inline bool rule_is_windowed(enum rule_kind kind)
{
    return kind != RULE_TRAVEL;
}

// A purchase's fields, as rules name them. The numbers are part of fingerprints.
enum field {
    FIELD_CATEGORY = 0,
    FIELD_AMOUNT = 1,
    FIELD_DISTANCE = 2,
    FIELD_ID = 3,
    FIELD_TIMESTAMP = 4,
};

// What a card keeps of a purchase for a rule: see fact.h.
enum fact { FACT_NONE, FACT_UNITS, FACT_CATEGORY, FACT_AMOUNT, FACT_DISTANCE };

enum condition_op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_IN };

// What a field is compared with; which member it is follows from the field.
struct operand {
    struct view text; // category; borrowed for as long as the engine is used
    double number;    // amount, distance; finite
    int64_t integer;  // id, timestamp
};

struct condition {
    enum field field;
    enum condition_op op;   // category: OP_EQ, OP_NE and OP_IN alone
    uint16_t operand_first; // in the settings' operands
    uint16_t operand_count; // 1; OP_IN: 1 or more
};

struct rule {
    enum rule_kind kind;
    int64_t window_ms;  // 1 .. SPAN_MS_MAX
    int64_t grace_ms;   // 0 .. SPAN_MS_MAX; tumbling: grace / window + 2 <= WINDOWS_PER_CARD_MAX
    uint32_t threshold; // sliding: 2 .. max_events_per_card; tumbling: 1 .. TUMBLING_THRESHOLD_MAX;
                        // distinct: 2 .. max_events_per_card
    int64_t limit;      // sum: 1 .. AMOUNT_UNITS_MAX
    enum field field;   // distinct: category, amount or distance
    double min_distance; // travel: the distance that raises an alert; not NaN
    // The purchases that the rule sees: those for which all of these hold.
    uint16_t condition_first; // in the settings' conditions
    uint16_t condition_count;
};

struct engine_settings {
    struct rule rules[RULES_MAX]; // in the configuration's order
    size_t rule_count;
    struct condition conditions[CONDITIONS_MAX];
    struct operand operands[OPERANDS_MAX];
    bool dedupe;
    bool count_purchases;         // each card keeps a running count, and is never forgotten
    bool track_offsets;           // at-least-once: cards remember the newest offset they took
    int64_t max_future_ms;        // >= 0
    uint32_t max_events_per_card; // 1 .. EVENTS_PER_CARD_MAX
};

// The engine is its settings and what follows from them; const after init, shared by threads.
struct engine {
    struct engine_settings settings;
    int64_t horizon_ms;      // H: the largest 2W + g, 60 s without a windowed rule
    uint32_t windowed_rules; // bit r: rule r has a window
    uint32_t filtered_rules; // bit r: rule r has conditions
    double travel_from;      // the least min_distance of all travel rules; NaN: there is none
    // What is stored of a windowed rule goes by its place: its number among the windowed rules, so
    // that a rule without state comes and goes without a trace.
    uint8_t place[RULES_MAX];   // by rule
    uint8_t rule_at[RULES_MAX]; // by place
    size_t place_count;
    // What cards keep of each purchase for the rules: nothing, most often.
    size_t fact_count;
    enum fact facts[FACTS_MAX];
    uint8_t fact_at[RULES_MAX]; // by rule: which of them it reads
};

// Checks the settings' bounds: STATUS_FATAL with a sentence when one is passed.
enum status engine_init(struct engine *engine, const struct engine_settings *settings,
                        struct error *err) MUST_USE;

// A time that may be absent.
struct optional_ms {
    bool known;
    int64_t ms;
};

// What decides the fate of a purchase before any card is looked at.
enum time_verdict {
    TIME_TAKEN,   // *event_time_ms is set
    TIME_MISSING, // NoTimestamp
    TIME_FUTURE,  // FutureTimestamp
};

// The purchase's event time: its own timestamp; else stream time; else the message's timestamp.
// Guards against an own timestamp more than max_future_ms past the message's. Changes nothing.
enum time_verdict engine_event_time(const struct engine *engine, struct optional_ms stream_time,
                                    struct optional_ms own, struct optional_ms message,
                                    int64_t *event_time_ms);

// What the engine needs of an accepted purchase.
struct engine_purchase {
    int64_t event_time_ms;
    int64_t offset;
    int64_t id;
    double distance; // from the billing address
    double amount;
    struct view category; // .data NULL: null
    bool has_id;
    bool has_amount;
    bool has_distance;
    bool travelling; // the card's travel flag, as read so far; asked for by engine_asks_travelling
};

// True when the card's travel flag matters for what the purchase raises: else `travelling` is not
// looked at, and needs no looking up.
static inline bool engine_asks_travelling(const struct engine *engine,
                                          const struct engine_purchase *purchase)
{
    return purchase->has_distance && purchase->distance >= engine->travel_from;
}

struct alert {
    uint32_t rule;          // index in the settings
    int64_t timestamp_ms;   // clamped to int64
    int64_t detected_at_ms; // event time of the purchase that raised it
    uint64_t count;         // level of the burst's first purchase; tumbling: the count (both are
                            // the threshold at the moment that an alert is raised); travel: 1;
                            // sum, distinct: the purchases in that level
    int64_t level;          // sum: in 1/AMOUNT_UNITS; distinct: how many; others: 0
};

// What one purchase did. `alerts` is a buffer owned by the caller and reused from step to step:
// engine_step grows it with realloc when it must; step_release frees it. A zeroed struct is ready
// for use. At most one of already_counted, duplicate and capped is set, and then neither changed
// nor late_rules is, but that a capped one is counted, and there is no alert. A purchase older than
// the horizon is late for every rule with a window and changes nothing but the count, but may raise
// an alert of a travel rule.
struct step {
    struct alert *alerts;
    size_t alert_count;
    size_t alert_capacity;
    struct tally tally;   // for distinct rules to count in
    uint32_t late_rules;  // bit r: late for rule r, which would have seen it
    bool changed;         // the card's state differs in a way that must be stored
    bool duplicate;       // a kept purchase of the card has the same id
    bool capped;          // older than all of a full card's kept ones
    bool counted;         // the card's running count has grown: changed, though late or capped
    bool already_counted; // its offset is not past the card's newest one
};

void step_release(struct step *step);

// Takes one accepted purchase: advances *stream_time, then the card, then raises what is due, in
// the order of the rules and, within a rule, of event time. `card` is the state left by the
// earlier purchases of the same card and partition (or empty).
void engine_step(const struct engine *engine, struct optional_ms *stream_time, struct card *card,
                 const struct engine_purchase *purchase, struct step *step);

// True when the card can have been left by this engine: its events have the facts that the rules
// read. What comes from a store is to be asked this first.
bool engine_card_fits(const struct engine *engine, const struct card *card);

// True when nothing in the card can ever matter again at this stream time: it may be swept.
bool engine_card_expired(const struct engine *engine, struct optional_ms stream_time,
                         struct card *card);

// Removes physically what can never matter again (never changes what engine_step answers). To be
// called before a card is stored, so that dead events are not written.
void engine_card_prune(const struct engine *engine, struct optional_ms stream_time,
                       struct card *card);

#endif
