// SPDX-License-Identifier: Apache-2.0
// The input of a run: what was appended to the purchases topic, offset by offset, with all that is
// needed to say what it must come to. Strangers' transactions write some of it, so that there are
// gaps, aborted records and records that are decided late.
#ifndef SIM_SIM_INPUT_H
#define SIM_SIM_INPUT_H

#include "base/bytes.h"
#include "lib/fake_topic.h"
#include "sim/sim_plan.h"
#include "sim/sim_rules.h"
#include "store/token.h"
#include "wire/purchase.h"

enum {
    SIM_SCHEMA_FIRST = 1, // ids 1 .. plan.schemas are the purchase's schema
    SIM_SCHEMA_MISMATCH = 90,
    SIM_SCHEMA_UNKNOWN = 91,
    SIM_SCHEMA_FLAG = 92, // of travel flags
    SIM_STRANGERS = 2,    // producers with transactions
};

extern const char sim_input_topic[];

struct sim_card {
    char text[24];
    struct token token;
    int32_t partition;
    uint32_t row_count; // of the table, good ones
    uint32_t on_count;
    bool on_first; // before any instance was started
};

// A place in the input: a record, or what no consumer gets.
struct sim_item {
    bool record;    // else a control record
    bool committed; // as far as it is known
    bool lost;      // removed before anybody had taken it
    bool tombstone;
    bool has_time;
    bool has_sent;
    enum dead_letter_class class_; // what it was spoilt into
    uint32_t card;
    int64_t time_ms; // the purchase's own
    int64_t sent_ms; // the message's
    int64_t id;
    struct sim_content content;
    bool has_key;
    uint32_t bytes_at; // key and value, in bytes
    uint32_t key_size;
    uint32_t value_size;
};

struct sim_items {
    struct sim_item *at; // by offset
    size_t count;
    size_t capacity;
};

struct sim_input {
    const struct sim_plan *plan;
    struct fake_cluster *cluster;
    struct random random;
    struct sim_card cards[SIM_CARDS_MAX];
    struct sim_items items[SIM_PARTITIONS_MAX];
    struct buffer bytes;
    struct buffer value; // scratch
    int64_t front_ms;    // where event time has got to
    int64_t next_id;
    size_t sent_count;
    bool stranger_open[SIM_STRANGERS];
    uint32_t burst_left; // more purchases of the same card
    uint32_t burst_card;
};

void sim_input_open(struct sim_input *input, const struct sim_plan *plan,
                    const struct token_key *key, struct fake_cluster *cluster, uint64_t seed);
void sim_input_close(struct sim_input *input);

// Appends one more message; sometimes ends a stranger's transaction.
void sim_input_send(struct sim_input *input);
// Ends the strangers' transactions: everything is decided afterwards.
void sim_input_settle(struct sim_input *input);
// Learns from the logs what has been decided. To be called before records are removed from them.
void sim_input_note(struct sim_input *input);

// One past the last record that a consumer gets; 0: none.
int64_t sim_input_end(const struct sim_input *input, int32_t partition);
struct view sim_input_key(const struct sim_input *input, const struct sim_item *item);
struct view sim_input_value(const struct sim_input *input, const struct sim_item *item);
// The index of the card with this token; SIM_CARDS_MAX: there is none.
size_t sim_input_card(const struct sim_input *input, const struct token *token);

#endif
