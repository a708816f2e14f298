// SPDX-License-Identifier: Apache-2.0
// `cardwatch check`: looks at everything that `run` will need, and changes nothing. A line on
// stdout for each thing: ok, note, or problem with what to do about it.
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/rule_words.h"
#include "store/token.h"
#include "stream/setup.h"
#include "stream/topics.h"
#include "wire/alert.h"

enum { PING_MS = 5000, WORDS_BYTES_MAX = 65536 };

// What is asked of the cluster, and of each topic.
struct cluster_check {
    const struct config *config;
    struct kafka_cluster *cluster;
    struct findings *findings;
    int32_t input_partitions; // -1: not known
};

// The partitions of a topic; -1 when there is none or the question failed, which is then said.
static int32_t partitions_of(const struct cluster_check *check, const char *topic,
                             const char *subject, bool *asked)
{
    struct error err;
    int32_t count = -1;
    enum status status = kafka_topic_partitions(check->cluster, topic, &count, &err);
    *asked = status == STATUS_OK;
    if (!*asked)
        findings_problem(check->findings, subject, "%s", err.text);
    return *asked ? count : -1;
}

static void check_cleanup_policy(const struct cluster_check *check, const char *topic,
                                 const char *subject)
{
    struct error err;
    char policy[64];
    enum status status = kafka_topic_setting_get(check->cluster, topic, "cleanup.policy", policy,
                                                 sizeof(policy), &err);
    if (status != STATUS_OK)
        findings_add(check->findings, "note", subject, "cleanup.policy could not be read: %s",
                     err.text);
    else if (strcmp(policy, "compact") != 0)
        findings_problem(check->findings, subject,
                         "cleanup.policy is %s, so state would be lost with its age; set "
                         "cleanup.policy=compact on the topic",
                         policy);
}

// Rows that are deleted with their age are flags that go off by themselves: allowed, but odd.
static void check_table_policy(const struct cluster_check *check, const char *topic,
                               const char *subject)
{
    struct error err;
    char policy[64];
    if (kafka_topic_setting_get(check->cluster, topic, "cleanup.policy", policy, sizeof(policy),
                                &err) == STATUS_OK &&
        strstr(policy, "compact") == NULL)
        findings_add(check->findings, "note", subject,
                     "cleanup.policy is %s, so flags are forgotten with their age; a table's topic "
                     "is compacted",
                     policy);
}

static void check_partitions(const struct cluster_check *check, size_t index, const char *subject,
                             int32_t count)
{
    const char *advice = "; delete the topic, or name another one";
    if (count == check->input_partitions || check->input_partitions <= 0)
        return;
    if (index == TOPICS_CHANGELOG)
        advice = "; stop the service and give it as many: deploy/RUNBOOK.md, another partition "
                 "count";
    if (index == TOPICS_TRAVEL_FLAGS)
        advice = ": a card's flag would be in another partition than its purchases; make it anew "
                 "with as many";
    findings_problem(check->findings, subject,
                     "it has %" PRId32 " partitions, but %s has %" PRId32 "%s", count,
                     check->config->topics.purchases, check->input_partitions, advice);
}

static void check_topic(struct cluster_check *check, size_t index, const char *topic)
{
    char subject[300];
    bool asked;
    snprintf(subject, sizeof(subject), "topic %s", topic);
    int32_t count = partitions_of(check, topic, subject, &asked);
    if (!asked)
        return;
    if (index == TOPICS_PURCHASES)
        check->input_partitions = count;
    bool made_by_run = index >= TOPICS_DEAD_LETTERS;
    if (count < 0 && made_by_run)
        findings_add(check->findings, "note", subject, "missing; `cardwatch run` creates it");
    else if (count < 0)
        findings_problem(check->findings, subject,
                         "missing; create it, or run `cardwatch init`, which does");
    else if (count > PARTITIONS_MAX)
        findings_problem(check->findings, subject,
                         "%" PRId32 " partitions; at most %d are possible", count, PARTITIONS_MAX);
    else
        findings_add(check->findings, "ok", subject, "%" PRId32 " partitions", count);
    if (count <= 0)
        return;
    if (topics_follow_input((enum topics_index)index))
        check_partitions(check, index, subject, count);
    if (index == TOPICS_CHANGELOG)
        check_cleanup_policy(check, topic, subject);
    if (index == TOPICS_TRAVEL_FLAGS)
        check_table_policy(check, topic, subject);
}

// What no rule reads is not asked for: the service need not have a right to it.
static bool is_used(const struct config *config, size_t index)
{
    return index != TOPICS_TRAVEL_FLAGS || setup_table_topic(config) != NULL;
}

static void check_topics(struct cluster_check *check)
{
    struct topics topics;
    topics_plan(check->config, -1, &topics);
    for (size_t i = 0; i < TOPICS_COUNT; i++)
        if (topics.plans[i].name[0] != '\0' && is_used(check->config, i))
            check_topic(check, i, topics.plans[i].name);
    topics_release(&topics);
}

static void check_cluster(const struct config *config, struct findings *findings)
{
    struct cluster_check check = {config, NULL, findings, -1};
    struct error err;
    if (connect_cluster(config, &check.cluster, &err) != STATUS_OK) {
        findings_problem(findings, "kafka", "%s", err.text);
        return;
    }
    if (kafka_cluster_ping(check.cluster, PING_MS, &err) == STATUS_OK) {
        findings_add(findings, "ok", "kafka", "the cluster answers");
        check_topics(&check);
    } else {
        findings_problem(findings, "kafka", "%s", err.text);
        findings_add(findings, "note", "topics", "not looked at, for want of a cluster");
    }
    kafka_cluster_close(check.cluster);
}

static void check_alert_subject(const struct config *config, struct registry *registry,
                                struct view schema, struct findings *findings)
{
    char name[300];
    char subject[320];
    struct error err;
    uint32_t id;
    snprintf(name, sizeof(name), "%s-value", config->topics.alerts_avro);
    snprintf(subject, sizeof(subject), "subject %s", name);
    enum status status = registry_lookup(registry, name, schema, PING_MS, &id, &err);
    if (status == STATUS_OK)
        findings_add(findings, "ok", subject, "the alert schema is registered, id %" PRIu32, id);
    else if (status == STATUS_RETRY)
        findings_problem(findings, subject, "%s", err.text);
    else if (config->schema_registry.auto_register)
        findings_add(findings, "note", subject, "`cardwatch run` registers the alert schema: %s",
                     err.text);
    else
        findings_problem(findings, subject,
                         "%s; run `cardwatch init`, or set schema_registry.auto_register",
                         err.text);
}

static void check_registry(const struct config *config, struct findings *findings,
                           const struct view *alert_schema)
{
    struct registry *registry;
    struct error err;
    if (connect_registry(config, &registry, &err) != STATUS_OK) {
        findings_problem(findings, "registry", "%s", err.text);
        return;
    }
    if (registry_ping(registry, PING_MS, &err) == STATUS_OK) {
        findings_add(findings, "ok", "registry", "it answers");
        if (alert_schema != NULL)
            check_alert_subject(config, registry, *alert_schema, findings);
    } else {
        findings_problem(findings, "registry", "%s", err.text);
    }
    registry_close(registry);
}

// Whether alerts can be written with the schema, whatever its id.
static bool check_alert_schema(const struct config *config, struct buffer *file,
                               struct view *schema, struct findings *findings)
{
    struct error err;
    struct alert_encoder *encoder;
    enum status status = setup_alert_schema(config, file, schema, &err);
    if (status == STATUS_OK)
        status = alert_encoder_compile(*schema, 0, &encoder, &err);
    if (status != STATUS_OK) {
        findings_problem(findings, "alert schema", "%s", err.text);
        return false;
    }
    alert_encoder_free(encoder);
    findings_add(findings, "ok", "alert schema", "%s",
                 config->alerts.schema_file[0] != '\0' ? config->alerts.schema_file
                                                       : "the built-in one");
    return true;
}

static void check_schemas(const struct config *config, struct findings *findings)
{
    struct buffer file;
    struct view schema;
    buffer_init(&file, SCHEMA_BYTES_MAX);
    bool good = check_alert_schema(config, &file, &schema, findings);
    check_registry(config, findings, good ? &schema : NULL);
    buffer_release(&file);
}

static void show_rule(const struct config_rule *rule, struct findings *findings)
{
    char subject[300];
    struct buffer words;
    buffer_init(&words, WORDS_BYTES_MAX);
    snprintf(subject, sizeof(subject), "rule %s", rule->name);
    bool whole = rule_words(rule, &words);
    findings_add(findings, "ok", subject, "%.*s%s", (int)words.size, (const char *)words.data,
                 whole ? "" : " ...");
    buffer_release(&words);
}

static void check_engine(const struct config *config, struct findings *findings)
{
    struct engine engine;
    struct error err;
    if (setup_engine(config, &engine, &err) != STATUS_OK) {
        findings_problem(findings, "rules", "%s", err.text);
        return;
    }
    for (size_t i = 0; i < config->rule_count; i++)
        show_rule(&config->rules[i], findings);
}

static void check_secret(const struct config *config, struct findings *findings)
{
    struct token_key *key;
    struct error err;
    if (config->state.secret_file[0] == '\0') {
        findings_add(findings, "note", "secret",
                     "cards are hidden by a development key that protects nothing; set "
                     "state.secret_file before real cards come");
        return;
    }
    if (token_key_read(config->state.secret_file, &key, &err) != STATUS_OK) {
        findings_problem(findings, "secret", "%s", err.text);
        return;
    }
    token_key_close(key);
    findings_add(findings, "ok", "secret", "%s", config->state.secret_file);
}

// Cuts the path down to what would hold it: "a/b" to "a", "a" to ".", "/a" to "/".
static void to_parent(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        memcpy(path, ".", sizeof("."));
    else
        slash[slash == path ? 1 : 0] = '\0';
}

// What exists of <state.dir>/<application_id> must be a directory that can be written.
static void check_state(const struct config *config, struct findings *findings)
{
    char path[PATH_MAX];
    struct stat info;
    snprintf(path, sizeof(path), "%s/%s", config->state.dir, config->application_id);
    while (stat(path, &info) != 0) {
        if (errno != ENOENT || strcmp(path, "/") == 0 || strcmp(path, ".") == 0) {
            findings_problem(findings, "state",
                             "%s: %s; set state.dir to a directory that can be "
                             "written",
                             path, strerror(errno));
            return;
        }
        to_parent(path);
    }
    if (!S_ISDIR(info.st_mode))
        findings_problem(findings, "state", "%s is no directory; set state.dir to one", path);
    else if (access(path, W_OK | X_OK) != 0)
        findings_problem(findings, "state",
                         "%s cannot be written: %s; give this user the right, or set state.dir",
                         path, strerror(errno));
    else
        findings_add(findings, "ok", "state", "%s can be written", path);
}

int cli_check(const struct config *config, const struct line *line)
{
    struct findings findings = {0};
    const char *file = line_value(line, "config");
    findings_add(&findings, "ok", "configuration", "%s", file != NULL ? file : "no file, defaults");
    check_engine(config, &findings);
    check_state(config, &findings);
    check_secret(config, &findings);
    check_cluster(config, &findings);
    check_schemas(config, &findings);
    if (findings.problem_count > 0)
        fprintf(stderr, "cardwatch check: %zu problem%s\n", findings.problem_count,
                findings.problem_count == 1 ? "" : "s");
    return findings.problem_count == 0 ? CLI_DONE : CLI_FAILED;
}
