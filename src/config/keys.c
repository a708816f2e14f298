// SPDX-License-Identifier: Apache-2.0
#include "config/keys.h"

#include <string.h>

#include "base/assert.h"

static const char *const guarantees[] = {"exactly_once", "at_least_once", NULL};
static const char *const levels[] = {"debug", "info", "warn", "error", NULL};
static const char *const formats[] = {"text", "json", NULL};
static const char *const rule_types[] = {"count", "travel_distance", "sum", "distinct", NULL};
static const char *const value_fields[] = {"category", "amount", "distance_from_billing_zip", NULL};
static const char *const windows[] = {"sliding", "tumbling", NULL};

_Static_assert(CONFIG_EXACTLY_ONCE == 0 && CONFIG_AT_LEAST_ONCE == 1, "order of guarantees");
_Static_assert(LOG_DEBUG == 0 && LOG_INFO == 1 && LOG_WARN == 2 && LOG_ERROR == 3, "of levels");
_Static_assert(LOG_FORMAT_TEXT == 0 && LOG_FORMAT_JSON == 1, "order of formats");
_Static_assert(CONFIG_WINDOW_SLIDING == 0 && CONFIG_WINDOW_TUMBLING == 1, "order of windows");
_Static_assert(CONFIG_RULE_COUNT == 0 && CONFIG_RULE_TRAVEL == 1 && CONFIG_RULE_SUM == 2 &&
                   CONFIG_RULE_DISTINCT == 3,
               "order of rule types");
_Static_assert(CONFIG_FIELD_CATEGORY == 0 && CONFIG_FIELD_AMOUNT == 1 && CONFIG_FIELD_DISTANCE == 2,
               "order of fields");

#define IN_CONFIG(member) offsetof(struct config, member)
#define IN_RULE(member) offsetof(struct config_rule, member)
#define NO_LIMIT 9223372036854775807

// The literals in the rows are shown to users; this ties them to the bounds that modules share.
_Static_assert(WORKERS_MAX == 64 && EVENTS_PER_CARD_MAX == 16384 && RULES_MAX == 16,
               "see the rows");

// clang-format off
#define CONFIG_KEYS(TEXT, INTEGER, AT_LEAST, NUMBER, YES_NO, BYTES, CHOICE, SPECIAL)               \
TEXT("application_id", IN_CONFIG(application_id), "cardwatch",                                     \
    "The consumer group, and the front part of transactional ids and internal topics.")            \
SPECIAL("kafka.*", KEY_PROPERTIES, "properties", "bootstrap.servers: localhost:9092",              \
    "Any property of librdkafka, passed through, e.g. kafka.bootstrap.servers.")                   \
TEXT("schema_registry.url", IN_CONFIG(schema_registry.url), "http://localhost:8081",               \
    "The schema registry; several addresses by commas are tried in turn.")                         \
TEXT("schema_registry.username", IN_CONFIG(schema_registry.username), "",                          \
    "User name for the registry; empty: no authentication.")                                       \
TEXT("schema_registry.password", IN_CONFIG(schema_registry.password), "",                          \
    "Password for the registry.")                                                                  \
TEXT("schema_registry.ca_file", IN_CONFIG(schema_registry.ca_file), "",                            \
    "Certificates to trust for https, PEM; empty: the system's.")                                  \
INTEGER("schema_registry.timeout_ms", IN_CONFIG(schema_registry.timeout_ms), 5000, 1, 600000,      \
    "How long one request to the registry may take.")                                              \
YES_NO("schema_registry.auto_register", IN_CONFIG(schema_registry.auto_register), "true",          \
    "Register the alert schema when it is missing; otherwise only look it up.")                    \
TEXT("topics.purchases", IN_CONFIG(topics.purchases), "purchases",                                 \
    "The input: purchases in Avro.")                                                               \
TEXT("topics.travel_flags", IN_CONFIG(topics.travel_flags), "travel_flags",                        \
    "The table of cards that are travelling, which `travel_distance` rules ask.")                 \
TEXT("topics.alerts_avro", IN_CONFIG(topics.alerts_avro), "alerts-avro",                           \
    "Alerts in Avro.")                                                                             \
TEXT("topics.alerts_json", IN_CONFIG(topics.alerts_json), "alerts-json",                           \
    "The same alerts in JSON.")                                                                    \
TEXT("topics.dead_letters", IN_CONFIG(topics.dead_letters), "<application_id>-dead-letters",       \
    "Purchases that could not be read, untouched, with the reason in their headers.")              \
TEXT("topics.masked_purchases", IN_CONFIG(topics.masked_purchases), "",                            \
    "Purchases without their card numbers (************4444); empty: off.")                        \
TEXT("topics.purchase_counts", IN_CONFIG(topics.purchase_counts), "",                              \
    "Per card how many purchases it has made, compacted; empty: off.")                             \
TEXT("alerts.schema_file", IN_CONFIG(alerts.schema_file), "",                                      \
    "Avro schema of the alerts, e.g. schemas/alert-v2.avsc; empty: schemas/alert.avsc.")           \
CHOICE("processing.guarantee", IN_CONFIG(processing.guarantee), "exactly_once", guarantees,        \
    "one of: exactly_once, at_least_once",                                                         \
    "Whether an alert may come twice after a failure; none is lost either way.")                   \
INTEGER("processing.threads", IN_CONFIG(processing.threads), 1, 1, 64,                             \
    "Workers in this process; partitions are spread over all workers of the group.")               \
INTEGER("processing.commit_interval_ms", IN_CONFIG(processing.commit_interval_ms), 1000, 1, 5000,  \
    "How long a transaction without an alert stays open.")                                         \
INTEGER("processing.min_commit_interval_ms", IN_CONFIG(processing.min_commit_interval_ms),         \
    5, 0, 5000,                                                                                    \
    "The shortest time between two commits; one with an alert is due at once.")                    \
AT_LEAST("processing.max_future_ms", IN_CONFIG(processing.max_future_ms), 3600000, 0,              \
    "A purchase that claims to be further than this ahead of its message is a dead letter.")       \
YES_NO("processing.dedupe", IN_CONFIG(processing.dedupe), "true",                                  \
    "Ignore a purchase whose id equals that of a kept purchase of the card.")                      \
YES_NO("processing.static_membership", IN_CONFIG(processing.static_membership), "true",            \
    "Keep the partitions over a restart: no rebalance, but none either when it stays away.")       \
TEXT("processing.instance_id", IN_CONFIG(processing.instance_id), "",                              \
    "Name of this process in the group; empty: made once and kept in the state directory.")        \
TEXT("state.dir", IN_CONFIG(state.dir), "state",                                                   \
    "Where the state is kept; on a local disk.")                                                   \
TEXT("state.secret_file", IN_CONFIG(state.secret_file), "",                                        \
    "Secret that turns cards into tokens; empty: a development key that protects nothing.")        \
INTEGER("state.checkpoint_interval_ms", IN_CONFIG(state.checkpoint_interval_ms),                   \
    2000, 10, 3600000,                                                                             \
    "How often the state is written to disk: bounds what a restart replays.")                      \
INTEGER("state.max_events_per_card", IN_CONFIG(state.max_events_per_card), 4096, 1, 16384,         \
    "Purchases kept of one card; older ones give way.")                                            \
BYTES("state.cache_bytes", IN_CONFIG(state.cache_bytes), 268435456, 1048576, 1099511627776,        \
    "Memory for cards, over all partitions.")                                                      \
TEXT("http.listen", IN_CONFIG(http.listen), "127.0.0.1:9464",                                      \
    "Address of dashboard, metrics and health; empty: off. If the default is taken: a free port.") \
TEXT("http.token_file", IN_CONFIG(http.token_file), "",                                            \
    "File with a bearer token that all requests but those for health need; empty: none.")          \
CHOICE("log.level", IN_CONFIG(log.level), "info", levels, "one of: debug, info, warn, error",      \
    "The lowest level that is written.")                                                           \
CHOICE("log.format", IN_CONFIG(log.format), "text", formats, "one of: text, json",                 \
    "Text for people, or one JSON object a line.")                                                 \
SPECIAL("rules", KEY_LIST, "list", "high_purchase_count alone",                                    \
    "What raises alerts: 1 to 16 rules with the keys below; N counts from 0.")                     \
TEXT("rules.N.name", IN_RULE(name), "",                                                            \
    "The type that the rule's alerts carry; required, unique, at most 128 bytes.")                 \
CHOICE("rules.N.type", IN_RULE(type), "count", rule_types,                                         \
    "one of: count, travel_distance, sum, distinct",                                               \
    "How many purchases in a window, how far away one, what they add up to, how different.")       \
CHOICE("rules.N.window", IN_RULE(window), "sliding", windows, "one of: sliding, tumbling",         \
    "A window that ends at each purchase, or windows side by side.")                               \
AT_LEAST("rules.N.window_ms", IN_RULE(window_ms), 60000, 1,                                        \
    "The window's length.")                                                                        \
INTEGER("rules.N.threshold", IN_RULE(threshold), 3, 1, 4294967295,                                 \
    "Purchases (distinct: values) in the window that raise the alert; sliding: at least 2.")       \
AT_LEAST("rules.N.grace_ms", IN_RULE(grace_ms), 0, 0,                                              \
    "How much longer a window waits for purchases that come late.")                                \
NUMBER("rules.N.min_distance", IN_RULE(min_distance), 2000, 0, 1000000000,                         \
    "Of travel_distance: how far from the billing address a purchase must be.")                    \
NUMBER("rules.N.limit", IN_RULE(limit), /* required */, 0.0001, 10000000000,                       \
    "Of sum: the amount in the window that raises the alert; required.")                           \
CHOICE("rules.N.field", IN_RULE(field), "category", value_fields,                                  \
    "one of: category, amount, distance_from_billing_zip",                                         \
    "Of distinct: whose different values are counted, up to the threshold.")                       \
SPECIAL("rules.N.where", KEY_LIST, "list", "every purchase",                                       \
    "The purchases that the rule sees: conditions {field, op, value} that must all hold.")
// clang-format on

#define TEXT_OF(number) #number
#define SHOWN_TEXT(name, offset, fallback, sentence) {name, "text", "", fallback, sentence},
#define SHOWN_INTEGER(name, offset, fallback, low, high, sentence)                                 \
    {name, "integer", TEXT_OF(low) " .. " TEXT_OF(high), TEXT_OF(fallback), sentence},
#define SHOWN_AT_LEAST(name, offset, fallback, low, sentence)                                      \
    {name, "integer", TEXT_OF(low) " or more", TEXT_OF(fallback), sentence},
#define SHOWN_NUMBER(name, offset, fallback, low, high, sentence)                                  \
    {name, "number", TEXT_OF(low) " .. " TEXT_OF(high), TEXT_OF(fallback), sentence},
#define SHOWN_YES_NO(name, offset, fallback, sentence) {name, "yes/no", "", fallback, sentence},
#define SHOWN_BYTES(name, offset, fallback, low, high, sentence)                                   \
    {name, "bytes", TEXT_OF(low) " .. " TEXT_OF(high), TEXT_OF(fallback), sentence},
#define SHOWN_CHOICE(name, offset, fallback, choices, kind, sentence)                              \
    {name, kind, "", fallback, sentence},
#define SHOWN_SPECIAL(name, type, kind, fallback, sentence) {name, kind, "", fallback, sentence},

#define ROW_TEXT(name, offset, fallback, sentence) {KEY_TEXT, offset, 0, 0, NULL, 0, 0},
#define ROW_INTEGER(name, offset, fallback, low, high, sentence)                                   \
    {KEY_INTEGER, offset, low, high, NULL, 0, 0},
#define ROW_AT_LEAST(name, offset, fallback, low, sentence)                                        \
    {KEY_INTEGER, offset, low, NO_LIMIT, NULL, 0, 0},
#define ROW_NUMBER(name, offset, fallback, least, most, sentence)                                  \
    {KEY_NUMBER, offset, 0, 0, NULL, least, most},
#define ROW_YES_NO(name, offset, fallback, sentence) {KEY_YES_NO, offset, 0, 0, NULL, 0, 0},
#define ROW_BYTES(name, offset, fallback, low, high, sentence)                                     \
    {KEY_BYTES, offset, low, high, NULL, 0, 0},
#define ROW_CHOICE(name, offset, fallback, choices, kind, sentence)                                \
    {KEY_CHOICE, offset, 0, 0, choices, 0, 0},
#define ROW_SPECIAL(name, type, kind, fallback, sentence) {type, 0, 0, 0, NULL, 0, 0},

static const struct config_key shown[] = {CONFIG_KEYS(SHOWN_TEXT, SHOWN_INTEGER, SHOWN_AT_LEAST,
                                                      SHOWN_NUMBER, SHOWN_YES_NO, SHOWN_BYTES,
                                                      SHOWN_CHOICE, SHOWN_SPECIAL)};
static const struct key rows[] = {CONFIG_KEYS(ROW_TEXT, ROW_INTEGER, ROW_AT_LEAST, ROW_NUMBER,
                                              ROW_YES_NO, ROW_BYTES, ROW_CHOICE, ROW_SPECIAL)};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };
_Static_assert((size_t)ROW_COUNT <= KEYS_MAX, "room for an origin a key");

static const char rule_prefix[] = "rules.N.";

const struct config_key *config_keys(size_t *count)
{
    *count = ROW_COUNT;
    return shown;
}

const struct key *key_rows(size_t *count)
{
    *count = ROW_COUNT;
    return rows;
}

size_t key_index(const struct key *key)
{
    ensure(key >= rows && key < rows + ROW_COUNT);
    return (size_t)(key - rows);
}

const struct config_key *key_shown(const struct key *key)
{
    return &shown[key_index(key)];
}

static bool is_rule_key(const char *name)
{
    return strncmp(name, rule_prefix, sizeof(rule_prefix) - 1) == 0;
}

const struct key *key_find(struct view name)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (!is_rule_key(shown[i].name) && view_equal(name, view_text(shown[i].name)))
            return &rows[i];
    }
    return NULL;
}

const struct key *key_find_rule(struct view field)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (is_rule_key(shown[i].name) &&
            view_equal(field, view_text(shown[i].name + sizeof(rule_prefix) - 1)))
            return &rows[i];
    }
    return NULL;
}

static bool starts_with(struct view text, const char *front)
{
    size_t size = strlen(front);
    return text.size >= size && memcmp(text.data, front, size) == 0;
}

bool key_is_section(struct view path)
{
    if (view_equal(path, view_text("kafka")) || starts_with(path, "kafka."))
        return true;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        struct view name = view_text(shown[i].name);
        if (!is_rule_key(shown[i].name) && name.size > path.size && name.data[path.size] == '.' &&
            memcmp(name.data, path.data, path.size) == 0)
            return true;
    }
    return false;
}
