// SPDX-License-Identifier: Apache-2.0
#include "stream/setup.h"

#include <inttypes.h>
#include <time.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "stream/topics.h"

enum {
    PAUSE_NS = 200 * 1000 * 1000,
    TRY_FOR_MS = 2000,     // one attempt at something out of reach
    WARN_EVERY_MS = 10000, // how often waiting is told of
};

const char *setup_table_topic(const struct config *config)
{
    for (size_t i = 0; i < config->rule_count; i++)
        if (config->rules[i].type == CONFIG_RULE_TRAVEL)
            return config->topics.travel_flags;
    return NULL;
}

enum status setup_token_key(const struct config *config, struct token_key **out, struct error *err)
{
    const char *path = config->state.secret_file;
    if (path[0] != '\0')
        return token_key_read(path, out, err);
    *out = token_key_open((struct view){NULL, 0});
    log_warn("service", "no state.secret_file: card tokens are made with the built-in development "
                        "key, which is no secret");
    return STATUS_OK;
}

void setup_settings(const struct config *config, const struct token_key *key,
                    struct stream_settings *settings)
{
    for (size_t i = 0; i < config->rule_count; i++)
        settings->rule_names[i] = config->rules[i].name;
    settings->at_least_once = config->processing.guarantee == CONFIG_AT_LEAST_ONCE;
    settings->input_topic = config->topics.purchases;
    settings->group_id = config->application_id;
    settings->needed_fields = setup_needed_fields(&settings->engine.settings);
    settings->token_key = key;
    setup_fingerprint(&settings->engine.settings, key, settings->fingerprint);
}

// struct config_property and struct kafka_property are alike, but belong to different layers.
struct kafka_property *setup_kafka_properties(const struct config *config)
{
    struct kafka_property *properties = memory_zeroed(config->kafka_count, sizeof(*properties));
    for (size_t i = 0; i < config->kafka_count; i++)
        properties[i] = (struct kafka_property){config->kafka[i].name, config->kafka[i].value};
    return properties;
}

static const char *optional_topic(const char *name)
{
    return name[0] == '\0' ? NULL : name;
}

struct kafka_settings setup_kafka(const struct config *config,
                                  const struct kafka_property *properties, const char *changelog)
{
    return (struct kafka_settings){
        .properties = properties,
        .property_count = config->kafka_count,
        .group_id = config->application_id,
        .input_topic = config->topics.purchases,
        .outputs = {[OUTPUT_ALERTS_AVRO] = config->topics.alerts_avro,
                    [OUTPUT_ALERTS_JSON] = config->topics.alerts_json,
                    [OUTPUT_DEAD_LETTERS] = config->topics.dead_letters,
                    [OUTPUT_CHANGELOG] = changelog,
                    [OUTPUT_MASKED_PURCHASES] = optional_topic(config->topics.masked_purchases),
                    [OUTPUT_PURCHASE_COUNTS] = optional_topic(config->topics.purchase_counts)},
    };
}

struct registry_settings setup_registry(const struct config *config)
{
    return (struct registry_settings){
        .url = config->schema_registry.url,
        .username = config->schema_registry.username,
        .password = config->schema_registry.password,
        .ca_file = config->schema_registry.ca_file,
        .timeout_ms = config->schema_registry.timeout_ms,
    };
}

// Repeats `attempt` while it answers STATUS_RETRY, telling so once in a while.
struct waiting {
    const char *sentence;
    const atomic_bool *stop;
    int64_t warned_ms;
};

static bool wait_again(struct waiting *waiting, const struct error *err)
{
    if (atomic_load(waiting->stop))
        return false;
    if (log_due(&waiting->warned_ms, clock_now_ms(), WARN_EVERY_MS))
        log_warn("service", waiting->sentence, LOG_TEXT("reason", err->text));
    const struct timespec pause = {0, PAUSE_NS};
    nanosleep(&pause, NULL); // an attempt may fail at once: do not hammer
    return true;
}

static enum status wait_for_cluster(struct kafka_cluster *cluster, const atomic_bool *stop,
                                    struct error *err)
{
    struct waiting waiting = {"waiting for the Kafka cluster", stop, 0};
    enum status status;
    do
        status = kafka_cluster_ping(cluster, TRY_FOR_MS, err);
    while (status == STATUS_RETRY && wait_again(&waiting, err));
    return status;
}

static enum status topic_partitions(struct kafka_cluster *cluster, const char *topic,
                                    const atomic_bool *stop, int32_t *count, struct error *err)
{
    struct waiting waiting = {"waiting for the Kafka cluster's metadata", stop, 0};
    enum status status;
    do
        status = kafka_topic_partitions(cluster, topic, count, err);
    while (status == STATUS_RETRY && wait_again(&waiting, err));
    return status;
}

static enum status create_topic(struct kafka_cluster *cluster, const struct kafka_topic_plan *plan,
                                const atomic_bool *stop, struct error *err)
{
    struct waiting waiting = {"waiting to create a topic", stop, 0};
    bool created = false;
    enum status status;
    do
        status = kafka_topic_create(cluster, plan, &created, err);
    while (status == STATUS_RETRY && wait_again(&waiting, err));
    if (status == STATUS_OK && created)
        log_info("service", "topic created", LOG_TEXT("topic", plan->name));
    return status;
}

static enum status check_changelog(const struct config *config, struct kafka_cluster *cluster,
                                   const char *changelog, int32_t partitions,
                                   const atomic_bool *stop, struct error *err)
{
    int32_t count;
    enum status status = topic_partitions(cluster, changelog, stop, &count, err);
    if (status != STATUS_OK)
        return status;
    if (count != partitions)
        return error_set(
            err, STATUS_FATAL,
            "the changelog %s has %" PRId32 " partitions but %s has %" PRId32
            ": with every process stopped, give it as many (kafka-topics --alter), see "
            "deploy/RUNBOOK.md on another partition count; or use another "
            "application_id",
            changelog, count, config->topics.purchases, partitions);
    char policy[64];
    status =
        kafka_topic_setting_get(cluster, changelog, "cleanup.policy", policy, sizeof(policy), err);
    if (status == STATUS_FATAL)
        return status;
    if (status == STATUS_OK && strcmp(policy, "compact") != 0)
        return error_set(err, STATUS_FATAL,
                         "the changelog %s has cleanup.policy=%s: state would be deleted with its "
                         "age; set cleanup.policy=compact on the topic",
                         changelog, policy);
    return STATUS_OK;
}

static enum status check_exists(struct kafka_cluster *cluster, const char *topic,
                                const atomic_bool *stop, int32_t *count, struct error *err)
{
    enum status status = topic_partitions(cluster, topic, stop, count, err);
    if (status != STATUS_OK || *count > 0)
        return status;
    return error_set(err, STATUS_FATAL,
                     "the topic %s does not exist: create it, or run `cardwatch init -c FILE`, "
                     "which creates every topic that is missing",
                     topic);
}

// Masked keys are shared by cards, so compaction would delete purchases; counts are wanted of cards
// that have been quiet for long, so deletion would lose them.
static enum status check_optional_policy(struct kafka_cluster *cluster,
                                         const struct kafka_topic_plan *plan, struct error *err)
{
    char policy[64];
    enum status status =
        kafka_topic_setting_get(cluster, plan->name, "cleanup.policy", policy, sizeof(policy), err);
    if (status != STATUS_OK)
        return status == STATUS_FATAL ? status : STATUS_OK;
    bool compacted = strstr(policy, "compact") != NULL;
    if (compacted == (plan->setting_count > 0))
        return STATUS_OK;
    return error_set(err, STATUS_FATAL,
                     "the topic %s has cleanup.policy=%s, but %s; set cleanup.policy=%s on the "
                     "topic",
                     plan->name, policy,
                     compacted ? "masked keys are shared by many cards, so compaction would delete "
                                 "purchases"
                               : "the counts of cards would be deleted with their age",
                     compacted ? "delete" : "compact");
}

// An output whose records lie in the partition of the purchases that they are of.
static enum status check_optional(const struct config *config, struct kafka_cluster *cluster,
                                  const struct kafka_topic_plan *plan, const atomic_bool *stop,
                                  struct error *err)
{
    int32_t count;
    enum status status = create_topic(cluster, plan, stop, err);
    if (status == STATUS_OK)
        status = topic_partitions(cluster, plan->name, stop, &count, err);
    if (status != STATUS_OK)
        return status;
    if (count != plan->partition_count)
        return error_set(err, STATUS_FATAL,
                         "the topic %s has %" PRId32 " partitions but %s has %" PRId32
                         ": what is written of a purchase lies in the purchase's partition; delete "
                         "the topic, or name another one",
                         plan->name, count, config->topics.purchases, plan->partition_count);
    return check_optional_policy(cluster, plan, err);
}

static enum status setup_optional(const struct config *config, struct kafka_cluster *cluster,
                                  const struct topics *topics, const atomic_bool *stop,
                                  struct error *err)
{
    enum status status = STATUS_OK;
    for (int i = TOPICS_MASKED_PURCHASES; i <= TOPICS_PURCHASE_COUNTS; i++) {
        if (status == STATUS_OK && topics->plans[i].name[0] != '\0')
            status = check_optional(config, cluster, &topics->plans[i], stop, err);
    }
    return status;
}

enum status setup_topics(const struct config *config, struct kafka_cluster *cluster,
                         const atomic_bool *stop, int32_t *input_partitions, struct error *err)
{
    int32_t ignored;
    enum status status = wait_for_cluster(cluster, stop, err);
    if (status == STATUS_OK)
        status = check_exists(cluster, config->topics.purchases, stop, input_partitions, err);
    if (status == STATUS_OK)
        status = check_exists(cluster, config->topics.alerts_avro, stop, &ignored, err);
    if (status == STATUS_OK)
        status = check_exists(cluster, config->topics.alerts_json, stop, &ignored, err);
    if (status != STATUS_OK)
        return status;
    if (*input_partitions > PARTITIONS_MAX)
        return error_set(err, STATUS_FATAL, "the topic %s has more than %d partitions",
                         config->topics.purchases, PARTITIONS_MAX);
    struct topics topics;
    topics_plan(config, *input_partitions, &topics);
    status = create_topic(cluster, &topics.plans[TOPICS_CHANGELOG], stop, err);
    if (status == STATUS_OK)
        status = create_topic(cluster, &topics.plans[TOPICS_DEAD_LETTERS], stop, err);
    if (status == STATUS_OK)
        status = check_changelog(config, cluster, topics.plans[TOPICS_CHANGELOG].name,
                                 *input_partitions, stop, err);
    if (status == STATUS_OK)
        status = setup_optional(config, cluster, &topics, stop, err);
    topics_release(&topics);
    return status;
}
