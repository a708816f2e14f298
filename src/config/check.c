// SPDX-License-Identifier: Apache-2.0
// The mistakes that no single value shows: names that must be legal in Kafka, values that must fit
// each other, and properties of librdkafka on which the guarantees rest.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "config/draft.h"
#include "config/where.h"

enum {
    TOPIC_BYTES_MAX = 249,          // Kafka's own limit
    APPLICATION_ID_BYTES_MAX = 150, // so that what is made of both fits it as well
    INSTANCE_ID_BYTES_MAX = 64,
};

static void refuse(struct draft *draft, const char *name, const char *value, const char *allowed)
{
    mistakes_add(draft->mistakes, draft_origin(draft, name), name,
                 "'%.60s' is not possible; allowed: %s", value, allowed);
}

// What Kafka takes as the name of a topic or a static member, and a path can have as a part.
static bool is_name(const char *text, size_t bytes_max)
{
    size_t size = strlen(text);
    if (size == 0 || size > bytes_max || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
        return false;
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
           size;
}

static void check_identity(struct draft *draft)
{
    const struct config *config = draft->config;
    if (!is_name(config->application_id, APPLICATION_ID_BYTES_MAX))
        refuse(draft, "application_id", config->application_id,
               "1 to 150 of A-Z a-z 0-9 . _ -, and not . or ..");
    if (config->processing.instance_id[0] != '\0' &&
        !is_name(config->processing.instance_id, INSTANCE_ID_BYTES_MAX))
        refuse(draft, "processing.instance_id", config->processing.instance_id,
               "empty, or up to 64 of A-Z a-z 0-9 . _ -");
    if (config->state.dir[0] == '\0')
        refuse(draft, "state.dir", "", "a directory");
}

// The topics in use, the changelog last.
struct topic {
    const char *key;
    const char *name;
};

static void check_topics_differ(struct draft *draft, const struct topic *topics, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(topics[i].name, topics[j].name) != 0 || topics[i].name[0] == '\0')
                continue;
            const char *key = topics[i].key != NULL ? topics[i].key : topics[j].key;
            const char *other = topics[i].key != NULL ? topics[j].key : "the changelog";
            mistakes_add(draft->mistakes, draft_origin(draft, key), key,
                         "'%.60s' is also the topic of %s; allowed: a topic of its own",
                         topics[i].name, other);
        }
    }
}

// A default that follows from the application_id is as good as that.
static bool is_given(const struct draft *draft, const char *key)
{
    return !view_equal(draft_origin(draft, key).source, view_text("default"));
}

static void check_topics(struct draft *draft)
{
    const struct config *config = draft->config;
    char changelog[APPLICATION_ID_BYTES_MAX + 32];
    snprintf(changelog, sizeof(changelog), "%.*s-windows-changelog", APPLICATION_ID_BYTES_MAX,
             config->application_id);
    const struct topic topics[] = {
        {"topics.purchases", config->topics.purchases},
        {"topics.travel_flags", config->topics.travel_flags},
        {"topics.alerts_avro", config->topics.alerts_avro},
        {"topics.alerts_json", config->topics.alerts_json},
        {"topics.dead_letters", config->topics.dead_letters},
        {"topics.masked_purchases", config->topics.masked_purchases},
        {"topics.purchase_counts", config->topics.purchase_counts},
        {NULL, changelog},
    };
    size_t count = sizeof(topics) / sizeof(topics[0]);
    size_t optional_from = count - 3;
    for (size_t i = 0; i < count; i++) {
        bool off = i >= optional_from && topics[i].name[0] == '\0';
        if (topics[i].key != NULL && !off && is_given(draft, topics[i].key) &&
            !is_name(topics[i].name, TOPIC_BYTES_MAX))
            refuse(draft, topics[i].key, topics[i].name, "1 to 249 of A-Z a-z 0-9 . _ -");
    }
    check_topics_differ(draft, topics, count);
}

static void check_registry(struct draft *draft)
{
    const struct config *config = draft->config;
    const char *at = config->schema_registry.url;
    bool good = true;
    while (good && at != NULL) {
        good = strncmp(at, "http://", 7) == 0 || strncmp(at, "https://", 8) == 0;
        at = strchr(at, ',');
        at = at == NULL ? NULL : at + 1 + strspn(at + 1, " ");
    }
    // The address is not shown: it may hold a password.
    if (!good)
        mistakes_add(draft->mistakes, draft_origin(draft, "schema_registry.url"),
                     "schema_registry.url",
                     "not an address; allowed: http:// or https:// addresses, by commas");
    if (config->schema_registry.password[0] != '\0' && config->schema_registry.username[0] == '\0')
        mistakes_add(draft->mistakes, draft_origin(draft, "schema_registry.password"),
                     "schema_registry.password",
                     "a password without a name; set schema_registry.username too");
}

// HOST:PORT, [IPV6]:PORT or :PORT.
static bool is_address(const char *text)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL)
        return false;
    const char *port = colon + 1;
    size_t digits = strspn(port, "0123456789");
    if (digits == 0 || digits > 5 || port[digits] != '\0' || strtol(port, NULL, 10) > 65535)
        return false;
    if (text[0] == '[')
        return colon > text + 2 && colon[-1] == ']';
    return memchr(text, ':', (size_t)(colon - text)) == NULL;
}

static void check_intervals(struct draft *draft)
{
    const struct config *config = draft->config;
    if (config->processing.min_commit_interval_ms > config->processing.commit_interval_ms)
        mistakes_add(draft->mistakes, draft_origin(draft, "processing.min_commit_interval_ms"),
                     "processing.min_commit_interval_ms",
                     "%lld is more than processing.commit_interval_ms; allowed: 0 .. %lld",
                     (long long)config->processing.min_commit_interval_ms,
                     (long long)config->processing.commit_interval_ms);
    if (config->http.listen[0] != '\0' && !is_address(config->http.listen))
        refuse(draft, "http.listen", config->http.listen,
               "HOST:PORT, [IPV6]:PORT, or empty for off");
}

// Adds a mistake about one value of a rule.
#define RULE_MISTAKE(draft, index, field, ...)                                                     \
    do {                                                                                           \
        char name_[64];                                                                            \
        snprintf(name_, sizeof(name_), "rules.%zu." field, (size_t)(index));                       \
        mistakes_add((draft)->mistakes, draft_rule_origin(draft, index, field), name_,             \
                     __VA_ARGS__);                                                                 \
    } while (0)

static void check_rule_name(struct draft *draft, size_t index)
{
    const struct config_rule *rules = draft->config->rules;
    struct view name = view_text(rules[index].name);
    if (name.size == 0 || name.size > RULE_NAME_BYTES_MAX || !utf8_is_valid(name)) {
        RULE_MISTAKE(draft, index, "name",
                     "'%.60s' is not possible; allowed: 1 to %d bytes of UTF-8", rules[index].name,
                     RULE_NAME_BYTES_MAX);
        return;
    }
    for (size_t i = 0; i < index; i++) {
        if (strcmp(rules[i].name, rules[index].name) == 0)
            RULE_MISTAKE(draft, index, "name",
                         "'%.60s' is the name of rule %zu already; allowed: a name of its own",
                         rules[index].name, i);
    }
}

enum { WINDOWED = 1 << CONFIG_RULE_COUNT | 1 << CONFIG_RULE_SUM | 1 << CONFIG_RULE_DISTINCT };

// The keys that a type of rule knows, besides name and type.
static const struct {
    const char *field;
    unsigned types; // bit t: for rules of enum config_rule_type t
} rule_fields[] = {
    {"window", WINDOWED},
    {"window_ms", WINDOWED},
    {"threshold", 1u << CONFIG_RULE_COUNT | 1u << CONFIG_RULE_DISTINCT},
    {"grace_ms", WINDOWED},
    {"min_distance", 1u << CONFIG_RULE_TRAVEL},
    {"limit", 1u << CONFIG_RULE_SUM},
    {"field", 1u << CONFIG_RULE_DISTINCT},
};

static void check_rule_fields(struct draft *draft, size_t index)
{
    enum config_rule_type type = draft->config->rules[index].type;
    for (size_t i = 0; i < sizeof(rule_fields) / sizeof(rule_fields[0]); i++) {
        const char *field = rule_fields[i].field;
        if ((rule_fields[i].types >> type & 1) != 0 || !draft_rule_gives(draft, index, field))
            continue;
        char name[64];
        snprintf(name, sizeof(name), "rules.%zu.%s", index, field);
        mistakes_add(draft->mistakes, draft_rule_origin(draft, index, field), name,
                     "has no meaning for a rule of type %s; take it out",
                     key_find_rule(view_text("type"))->choices[type]);
    }
}

static void check_windowed(struct draft *draft, size_t index)
{
    const struct config_rule *rule = &draft->config->rules[index];
    int64_t kept_max = draft->config->state.max_events_per_card;
    if (rule->type != CONFIG_RULE_COUNT && rule->window == CONFIG_WINDOW_TUMBLING)
        RULE_MISTAKE(draft, index, "window",
                     "'tumbling' is for rules of type count; allowed here: sliding");
    if (rule->type == CONFIG_RULE_SUM && !draft_rule_gives(draft, index, "limit"))
        RULE_MISTAKE(draft, index, "limit", "is missing; allowed: 0.0001 .. 10000000000");
    if (rule->window == CONFIG_WINDOW_SLIDING && rule->type != CONFIG_RULE_SUM &&
        (rule->threshold < 2 || rule->threshold > kept_max))
        RULE_MISTAKE(draft, index, "threshold",
                     "%lld is out of bounds for a sliding window; allowed: 2 .. %lld "
                     "(state.max_events_per_card)",
                     (long long)rule->threshold, (long long)kept_max);
    if (rule->window == CONFIG_WINDOW_TUMBLING &&
        rule->grace_ms / rule->window_ms + 2 > WINDOWS_PER_CARD_MAX)
        RULE_MISTAKE(draft, index, "grace_ms",
                     "%lld keeps too many windows open; allowed: less than %d times window_ms",
                     (long long)rule->grace_ms, WINDOWS_PER_CARD_MAX - 1);
}

static void check_rule(struct draft *draft, size_t index)
{
    check_rule_name(draft, index);
    check_rule_fields(draft, index);
    where_check(draft, index);
    if (draft->config->rules[index].type != CONFIG_RULE_TRAVEL)
        check_windowed(draft, index);
}

static void check_rules(struct draft *draft)
{
    if (draft->config->rule_count == 0)
        mistakes_add(draft->mistakes, draft_origin(draft, "rules"), "rules",
                     "the list is empty; allowed: 1 to %d rules", RULES_MAX);
    for (size_t i = 0; i < draft->config->rule_count; i++) {
        if (!draft->rule_broken[i])
            check_rule(draft, i);
    }
}

static const struct {
    const char *property;
    const char *instead;
} owned_properties[] = {
    {"group.id", "set application_id instead"},
    {"group.instance.id", "set processing.instance_id or processing.static_membership instead"},
    {"group.protocol", "membership is cardwatch's own; see processing.static_membership"},
    {"partition.assignment.strategy", "membership is cardwatch's own"},
    {"transactional.id", "it is made of application_id, processing.instance_id and the thread"},
    {"enable.idempotence", "set processing.guarantee instead"},
    {"isolation.level", "set processing.guarantee instead"},
    {"enable.auto.commit",
     "offsets are committed with the state; see processing.commit_interval_ms"},
    {"auto.commit.enable",
     "offsets are committed with the state; see processing.commit_interval_ms"},
    {"auto.commit.interval.ms", "set processing.commit_interval_ms instead"},
    {"enable.auto.offset.store", "offsets are committed with the state"},
    {"auto.offset.reset", "the start is decided by the state: committed, or the log's beginning"},
    {"enable.partition.eof", "restoring relies on it"},
    {"acks", "set processing.guarantee instead"},
    {"request.required.acks", "set processing.guarantee instead"},
    {"partitioner", "alerts lie where a Java client would put them (murmur2)"},
    {"enable.gapless.guarantee", "set processing.guarantee instead"},
};

static void check_property(struct draft *draft, size_t index)
{
    char name[FLAT_PATH_BYTES_MAX + 8];
    const struct config_property *property = &draft->config->kafka[index];
    snprintf(name, sizeof(name), "kafka.%s", property->name);
    for (size_t i = 0; i < sizeof(owned_properties) / sizeof(owned_properties[0]); i++) {
        if (strcmp(property->name, owned_properties[i].property) == 0)
            mistakes_add(draft->mistakes, draft->kafka_origins[index], name,
                         "cardwatch sets this property itself: %s", owned_properties[i].instead);
    }
}

void draft_check(struct draft *draft)
{
    check_identity(draft);
    check_topics(draft);
    check_registry(draft);
    check_intervals(draft);
    check_rules(draft);
    for (size_t i = 0; i < draft->config->kafka_count; i++)
        check_property(draft, i);
}
