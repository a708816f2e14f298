// SPDX-License-Identifier: Apache-2.0
// The configuration: one const value made at start from defaults < file < environment < --set,
// validated whole (every mistake in one report) and passed as an argument.
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/status.h"

enum config_guarantee { CONFIG_EXACTLY_ONCE, CONFIG_AT_LEAST_ONCE };
enum config_rule_type {
    CONFIG_RULE_COUNT,
    CONFIG_RULE_TRAVEL,
    CONFIG_RULE_SUM,
    CONFIG_RULE_DISTINCT,
};
enum config_field {
    CONFIG_FIELD_CATEGORY,
    CONFIG_FIELD_AMOUNT,
    CONFIG_FIELD_DISTANCE,
    CONFIG_FIELD_ID,
    CONFIG_FIELD_TIMESTAMP,
};
enum config_op {
    CONFIG_OP_EQ,
    CONFIG_OP_NE,
    CONFIG_OP_LT,
    CONFIG_OP_LE,
    CONFIG_OP_GT,
    CONFIG_OP_GE,
    CONFIG_OP_IN,
};
enum { WHERE_MAX = 8, WHERE_VALUES_MAX = 64, WHERE_TEXT_BYTES_MAX = 256 };

// What a condition compares with, in the field's type.
struct config_value {
    char *text;
    double number;   // of amount and distance
    int64_t integer; // of id and timestamp
};

struct config_condition {
    enum config_field field;
    enum config_op op;
    struct config_value *values; // one; CONFIG_OP_IN: one or more
    size_t value_count;
};

enum config_window { CONFIG_WINDOW_SLIDING, CONFIG_WINDOW_TUMBLING };

struct config_rule {
    char *name;
    enum config_rule_type type;
    enum config_window window;
    int64_t window_ms;
    int64_t threshold;
    int64_t grace_ms;
    double min_distance;     // of CONFIG_RULE_TRAVEL
    double limit;            // of CONFIG_RULE_SUM
    enum config_field field; // of CONFIG_RULE_DISTINCT: category, amount or distance
    struct config_condition where[WHERE_MAX];
    size_t where_count;
};

struct config_property {
    char *name;
    char *value;
};

struct config {
    char *application_id;
    struct config_property *kafka; // kafka.*: librdkafka's names, as given
    size_t kafka_count;
    struct {
        char *url;
        char *username;
        char *password;
        char *ca_file;
        int64_t timeout_ms;
        bool auto_register;
    } schema_registry;
    struct {
        char *purchases;
        char *travel_flags;
        char *alerts_avro;
        char *alerts_json;
        char *dead_letters; // default <application_id>-dead-letters
        char *masked_purchases;
        char *purchase_counts;
    } topics;
    struct {
        char *schema_file; // "": the built-in schemas/alert.avsc
    } alerts;
    struct {
        enum config_guarantee guarantee;
        int64_t threads;
        int64_t commit_interval_ms;
        int64_t min_commit_interval_ms;
        int64_t max_future_ms;
        bool dedupe;
        bool static_membership;
        char *instance_id; // "": made once and kept in the state directory
    } processing;
    struct {
        char *dir;
        char *secret_file; // "": the built-in development key
        int64_t checkpoint_interval_ms;
        int64_t max_events_per_card;
        int64_t cache_bytes;
    } state;
    struct {
        char *listen;     // "": off
        char *token_file; // "": no token is asked for
    } http;
    struct {
        enum log_level level;
        enum log_format format;
    } log;
    struct config_rule rules[RULES_MAX];
    size_t rule_count;
};

// Where values come from, besides the defaults. All borrowed.
struct config_sources {
    const char *file;        // NULL: none
    const char *const *sets; // "a.b=c" each
    size_t set_count;
    char *const *environment; // "NAME=value", NULL-terminated; NULL: none. CARDWATCH_A_B=c sets
                              // a.b; a name that matches no key is a mistake too
};

// Reads and validates. On mistakes STATUS_FATAL, and `report` (initialised by the caller) has a
// line for each: where (file:line, --set, environment variable), the key, what is wrong, what is
// allowed. On success the caller owns *out (config_release).
enum status config_load(const struct config_sources *sources, struct config *out,
                        struct buffer *report) MUST_USE;
void config_release(struct config *config);

// One row a key: the table from which help, README and reference are made or checked.
struct config_key {
    const char *name;     // "processing.threads"
    const char *kind;     // "integer", "text", "yes/no", "bytes", "one of: ..."
    const char *bounds;   // "1 .. 64"; "" when there are none
    const char *fallback; // the default as text
    const char *sentence; // what it does
};
const struct config_key *config_keys(size_t *count);

#endif
