// SPDX-License-Identifier: Apache-2.0
// The brute-force oracle: what alerts the purchases of one partition must raise, recomputed at
// each arrival from the definitions. It shares no code and no idea with src/engine: every inserted
// purchase is kept for ever and nothing is pruned (unless the settings say forgetful, which a test
// holds against the rest), so that whatever the engine leaves out by being clever shows as a
// difference.
//
// Readings of the definitions, in the order in which they are decided for a purchase at t:
//   stream time ST   the highest event time so far, this one included
//   expired          t <= ST - H: late for every rule with a window, changes nothing but ST; a
//   travel
//                    rule judges it all the same, unless it is a duplicate or capped (below)
//   duplicate        its id is that of a kept purchase: changes nothing but ST, late for no rule
//   capped           the card is full and t < its oldest kept event: likewise
//   inserted         it is kept, and if that makes one too many the oldest is out for ever; late or
//                    not is decided here, rule by rule, and stays so
// A purchase that a rule's conditions leave out is not there for it: it is neither late nor in its
// order. level(e) of a sum: amounts in 1/10000, each rounded; null, NaN and negative ones are 0,
// what is above 10^10 is that. Of a distinct: different values, null and NaN not counted. Their
// bursts end also where a purchase does not count in the level of the next. Kept: inserted, event
// time > ST - H, of those the newest max_events_per_card in the order (event time, offset). A
// purchase that was once in a burst of a rule stays in one.
#ifndef LIB_ORACLE_H
#define LIB_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum { ORACLE_RULES_MAX = 16 };

enum oracle_kind { ORACLE_SLIDING, ORACLE_TUMBLING, ORACLE_TRAVEL, ORACLE_SUM, ORACLE_DISTINCT };
enum oracle_field { ORACLE_CATEGORY, ORACLE_AMOUNT, ORACLE_DISTANCE, ORACLE_ID, ORACLE_TIMESTAMP };

// A condition on a field; one without values is none. Texts for ORACLE_CATEGORY, else numbers.
struct oracle_condition {
    enum oracle_field field;
    const char *op; // "eq" "ne" "lt" "le" "gt" "ge" "in"
    size_t value_count;
    const char *texts[4];
    double numbers[4];
};

struct oracle_rule {
    enum oracle_kind kind;
    int64_t window_ms;
    int64_t grace_ms;
    uint64_t threshold;
    double min_distance;     // of ORACLE_TRAVEL, which has nothing else
    int64_t limit;           // of ORACLE_SUM, in 1/10000
    enum oracle_field field; // of ORACLE_DISTINCT
    struct oracle_condition where[2];
};

struct oracle_settings {
    struct oracle_rule rules[ORACLE_RULES_MAX];
    size_t rule_count;
    bool dedupe;
    int64_t max_future_ms;
    size_t max_events_per_card;
    bool forgetful; // drops what has expired and cards that have nothing left: for large loads
};

// high_purchase_count as it comes out of the box: sliding, 60 s, 3; dedupe; an hour; 4096 events.
struct oracle_settings oracle_settings_default(void);

// A time that may be absent.
struct oracle_time {
    bool known;
    int64_t ms;
};

enum oracle_time_verdict { ORACLE_TIME_TAKEN, ORACLE_NO_TIMESTAMP, ORACLE_FUTURE_TIMESTAMP };

// The event-time rules: own timestamp, else stream time, else the message's; an own one too far
// past the message's is refused. *event_time_ms is set when the verdict is ORACLE_TIME_TAKEN.
enum oracle_time_verdict oracle_event_time(const struct oracle_settings *settings,
                                           struct oracle_time stream_time, struct oracle_time own,
                                           struct oracle_time message, int64_t *event_time_ms);

// An accepted purchase. Offsets must grow from call to call.
struct oracle_purchase {
    struct view card;
    int64_t offset;
    int64_t event_time_ms;
    int64_t id;
    bool has_id;
    double distance;
    bool has_distance;
    double amount;
    bool has_amount;
    struct view category; // .data NULL: null
    bool travelling;
};

struct oracle_alert {
    int64_t source_offset; // of the purchase that raised it
    int64_t timestamp_ms;
    int64_t detected_at_ms;
    uint64_t count;
    int64_t level; // of sum and distinct rules
    size_t rule;
    size_t first_id; // in the result's ids: those of the purchases that it rests on, oldest first,
    size_t id_count; // as far as they have one: kept ones in the level, or in the tumbling window
};

// What a purchase did. `alerts` and `ids` are borrowed until the next step.
struct oracle_result {
    bool expired;
    bool duplicate;
    bool capped;
    uint32_t late_rules; // bit r: late for rule r
    const struct oracle_alert *alerts;
    size_t alert_count;
    const int64_t *ids;
};

struct oracle; // one partition

struct oracle *oracle_open(const struct oracle_settings *settings);
void oracle_close(struct oracle *oracle);

struct oracle_time oracle_stream_time(const struct oracle *oracle);

void oracle_step(struct oracle *oracle, const struct oracle_purchase *purchase,
                 struct oracle_result *result);

#endif
