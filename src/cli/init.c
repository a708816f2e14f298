// SPDX-License-Identifier: Apache-2.0
// `cardwatch init`: what a cluster needs before `run`, made where it is missing. A line on stdout
// for each thing made or found; idempotent.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/connect.h"
#include "stream/setup.h"
#include "stream/topics.h"
#include "wire/schemas.h"

enum { PARTITIONS_DEFAULT = 4 };

// Tables and changelog are read beside the input, partition by partition.
static void compare_partitions(const struct kafka_topic_plan *plan, bool needed, int32_t count,
                               const char *subject, struct findings *findings)
{
    if (count == plan->partition_count)
        return;
    if (needed)
        findings_problem(findings, subject,
                         "its partitions must be those of the purchases topic, %" PRId32
                         "; stop the service and give it as many: deploy/RUNBOOK.md, another "
                         "partition count",
                         plan->partition_count);
    else
        findings_add(findings, "note", subject,
                     "a rule of type travel_distance would need the partitions of the purchases "
                     "topic, %" PRId32,
                     plan->partition_count);
}

static void init_topic(struct kafka_cluster *cluster, const struct topics *topics,
                       enum topics_index index, struct findings *findings)
{
    const struct kafka_topic_plan *plan = &topics->plans[index];
    char subject[300];
    struct error err;
    bool created = false;
    int32_t count = -1;
    snprintf(subject, sizeof(subject), "topic %s", plan->name);
    enum status status = kafka_topic_create(cluster, plan, &created, &err);
    if (status == STATUS_OK)
        status = kafka_topic_partitions(cluster, plan->name, &count, &err);
    if (status != STATUS_OK) {
        findings_problem(findings, subject, "%s", err.text);
        return;
    }
    findings_add(findings, created ? "created" : "found", subject, "%" PRId32 " partitions", count);
    if (topics_follow_input(index))
        compare_partitions(plan, index != TOPICS_TRAVEL_FLAGS || topics->table_needed, count,
                           subject, findings);
}

static void init_topics(const struct config *config, struct kafka_cluster *cluster,
                        int32_t partitions, struct findings *findings)
{
    struct topics topics;
    struct error err;
    int32_t existing;
    enum status status = kafka_topic_partitions(cluster, config->topics.purchases, &existing, &err);
    if (status != STATUS_OK) {
        findings_problem(findings, "topics", "%s", err.text);
        return;
    }
    topics_plan(config, existing > 0 ? existing : partitions, &topics);
    for (size_t i = 0; i < TOPICS_COUNT; i++)
        if (topics.plans[i].name[0] != '\0')
            init_topic(cluster, &topics, (enum topics_index)i, findings);
    topics_release(&topics);
}

static void init_cluster(const struct config *config, int32_t partitions, struct findings *findings)
{
    struct kafka_cluster *cluster;
    struct error err;
    if (connect_cluster(config, &cluster, &err) != STATUS_OK) {
        findings_problem(findings, "kafka", "%s", err.text);
        return;
    }
    if (kafka_cluster_ping(cluster, CONNECT_DEADLINE_MS, &err) == STATUS_OK)
        init_topics(config, cluster, partitions, findings);
    else
        findings_problem(findings, "kafka", "%s", err.text);
    kafka_cluster_close(cluster);
}

// A subject and the schema that it is to have.
struct subject {
    char name[300];
    struct view schema;
    bool ours; // we write the topic: exactly this schema must be there
};

static struct subject subject_of(const char *topic, struct view schema, bool ours)
{
    struct subject subject = {.schema = schema, .ours = ours};
    snprintf(subject.name, sizeof(subject.name), "%s-value", topic);
    return subject;
}

// Others write purchases and travel flags: whatever schema they have registered is left alone.
static bool found_another(struct registry *registry, const struct subject *subject, uint32_t *id)
{
    struct error err;
    char *schema = NULL;
    if (subject->ours)
        return false;
    enum status status =
        registry_latest(registry, subject->name, CONNECT_DEADLINE_MS, id, &schema, &err);
    free(schema);
    return status == STATUS_OK;
}

static void init_subject(struct registry *registry, const struct subject *subject,
                         struct findings *findings)
{
    char shown[320];
    struct error err;
    uint32_t id;
    snprintf(shown, sizeof(shown), "subject %s", subject->name);
    if (registry_lookup(registry, subject->name, subject->schema, CONNECT_DEADLINE_MS, &id, &err) ==
        STATUS_OK) {
        findings_add(findings, "found", shown, "schema id %" PRIu32, id);
        return;
    }
    if (found_another(registry, subject, &id)) {
        findings_add(findings, "found", shown, "another schema, id %" PRIu32 ", left as it is", id);
        return;
    }
    if (registry_register(registry, subject->name, subject->schema, CONNECT_DEADLINE_MS, &id,
                          &err) == STATUS_OK)
        findings_add(findings, "created", shown, "schema id %" PRIu32, id);
    else
        findings_problem(findings, shown, "%s", err.text);
}

// Masked purchases have the schemas of purchases: it gets the latest of them.
static void init_masked_subject(const struct config *config, struct registry *registry,
                                const struct subject *purchases, struct findings *findings)
{
    uint32_t id;
    struct error err;
    char *schema = NULL;
    if (registry_latest(registry, purchases->name, CONNECT_DEADLINE_MS, &id, &schema, &err) !=
        STATUS_OK) {
        findings_problem(findings, "masked purchases", "%s", err.text);
        return;
    }
    const struct subject masked =
        subject_of(config->topics.masked_purchases, view_text(schema), true);
    init_subject(registry, &masked, findings);
    free(schema);
}

static void init_subjects(const struct config *config, struct registry *registry,
                          struct findings *findings)
{
    struct buffer file;
    struct view alert;
    struct error err;
    buffer_init(&file, SCHEMA_BYTES_MAX);
    if (setup_alert_schema(config, &file, &alert, &err) == STATUS_OK) {
        const struct subject alerts = subject_of(config->topics.alerts_avro, alert, true);
        init_subject(registry, &alerts, findings);
    } else {
        findings_problem(findings, "alert schema", "%s", err.text);
    }
    const struct subject purchases = subject_of(config->topics.purchases, schema_purchase(), false);
    const struct subject flags =
        subject_of(config->topics.travel_flags, schema_travel_flags(), false);
    init_subject(registry, &purchases, findings);
    init_subject(registry, &flags, findings);
    if (config->topics.masked_purchases[0] != '\0')
        init_masked_subject(config, registry, &purchases, findings);
    buffer_release(&file);
}

static void init_registry(const struct config *config, struct findings *findings)
{
    struct registry *registry;
    struct error err;
    if (connect_registry(config, &registry, &err) != STATUS_OK) {
        findings_problem(findings, "registry", "%s", err.text);
        return;
    }
    if (registry_ping(registry, CONNECT_DEADLINE_MS, &err) == STATUS_OK)
        init_subjects(config, registry, findings);
    else
        findings_problem(findings, "registry", "%s", err.text);
    registry_close(registry);
}

int cli_init(const struct config *config, const struct line *line)
{
    struct findings findings = {0};
    struct error err;
    int64_t partitions;
    if (line_number(line, "partitions", PARTITIONS_DEFAULT, 1, PARTITIONS_MAX, &partitions, &err) !=
        STATUS_OK) {
        fprintf(stderr, "cardwatch init: %s\n", err.text);
        return CLI_BAD_USAGE;
    }
    init_cluster(config, (int32_t)partitions, &findings);
    if (!line_has(line, "topics-only"))
        init_registry(config, &findings);
    return findings.problem_count == 0 ? CLI_DONE : CLI_FAILED;
}
