// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_stage.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/assert.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "cli/connect.h"
#include "stream/setup.h"
#include "stream/topics.h"
#include "wire/schemas.h"

enum { SETS_MAX = 32, REPORT_BYTES_MAX = 64 * 1024, SECRET_BYTES = 32 };

// "key=value" texts for config_load.
struct sets {
    char *items[SETS_MAX];
    size_t count;
};

static void sets_add(struct sets *sets, const char *format, ...) PRINTF_LIKE(2, 3);
static void sets_add(struct sets *sets, const char *format, ...)
{
    va_list args;
    ensure(sets->count < SETS_MAX);
    va_start(args, format);
    int size = vasprintf(&sets->items[sets->count], format, args);
    va_end(args);
    ensure(size >= 0);
    sets->count++;
}

static void sets_release(struct sets *sets)
{
    for (size_t i = 0; i < sets->count; i++)
        free(sets->items[i]);
}

// On somebody's brokers another run must not find the topics and the group of this one.
static void add_names(struct sets *sets, bool embedded)
{
    uint32_t unique = 0;
    if (embedded) {
        sets_add(sets, "application_id=cardwatch");
        return;
    }
    ensure(getrandom(&unique, sizeof(unique), 0) == (ssize_t)sizeof(unique));
    sets_add(sets, "application_id=cardwatch-demo-%08" PRIx32, unique);
    sets_add(sets, "topics.purchases=cardwatch-demo-%08" PRIx32 "-purchases", unique);
    sets_add(sets, "topics.travel_flags=cardwatch-demo-%08" PRIx32 "-travel_flags", unique);
    sets_add(sets, "topics.alerts_avro=cardwatch-demo-%08" PRIx32 "-alerts-avro", unique);
    sets_add(sets, "topics.alerts_json=cardwatch-demo-%08" PRIx32 "-alerts-json", unique);
}

static void add_broker(struct sets *sets, const struct demo_stage *stage,
                       const struct demo_plan *plan)
{
    sets_add(sets, "kafka.linger.ms=1"); // few records: nothing to gain by gathering them
    sets_add(sets, "kafka.log_level=3"); // a new broker's first refusals are no news here
    if (stage->embedded == NULL) {
        sets_add(sets, "kafka.bootstrap.servers=%s", plan->brokers);
        sets_add(sets, "processing.guarantee=exactly_once");
        return;
    }
    sets_add(sets, "kafka.bootstrap.servers=%s", kafka_embedded_bootstrap(stage->embedded));
    sets_add(sets, "processing.guarantee=at_least_once");
    // It answers an empty fetch after this time, not when something comes.
    sets_add(sets, "kafka.fetch.wait.max.ms=10");
}

static enum status configure(struct demo_stage *stage, const struct demo_plan *plan,
                             struct error *err)
{
    struct sets sets = {.count = 0};
    struct buffer report;
    buffer_init(&report, REPORT_BYTES_MAX);
    add_names(&sets, stage->embedded != NULL);
    add_broker(&sets, stage, plan);
    sets_add(&sets, "schema_registry.url=http://127.0.0.1:%u", dev_registry_port(stage->registry));
    sets_add(&sets, "processing.static_membership=false"); // it leaves the group for good
    sets_add(&sets, "state.dir=%s/state", stage->dir.path);
    sets_add(&sets, "state.secret_file=%s/secret", stage->dir.path);
    sets_add(&sets, "http.listen=%s", plan->http != NULL ? plan->http : "127.0.0.1:9464");
    const struct config_sources sources = {.sets = (const char *const *)sets.items,
                                           .set_count = sets.count};
    enum status status = config_load(&sources, &stage->config, &report);
    stage->configured = status == STATUS_OK;
    if (status != STATUS_OK)
        (void)error_set(err, status, "%.*s", (int)report.size, (const char *)report.data);
    sets_release(&sets);
    buffer_release(&report);
    return status;
}

// A secret for the card tokens that lives as long as the demo.
static enum status make_secret(const struct demo_stage *stage, struct error *err)
{
    uint8_t secret[SECRET_BYTES];
    char path[PATH_MAX + 16];
    ensure(getrandom(secret, sizeof(secret), 0) == (ssize_t)sizeof(secret));
    snprintf(path, sizeof(path), "%s/secret", stage->dir.path);
    return file_write(path, (struct view){secret, sizeof(secret)}, err);
}

static enum status connect(struct demo_stage *stage, struct error *err)
{
    const struct config *config = &stage->config;
    stage->properties = setup_kafka_properties(config);
    enum status status = connect_cluster(config, &stage->cluster, err);
    if (status == STATUS_OK)
        status = kafka_cluster_ping(stage->cluster, CONNECT_DEADLINE_MS, err);
    return status;
}

static enum status make_topic(struct demo_stage *stage, const struct kafka_topic_plan *plan,
                              struct error *err)
{
    bool created;
    if (stage->embedded != NULL)
        return kafka_embedded_topic(stage->embedded, plan->name, plan->partition_count, err);
    return kafka_topic_create(stage->cluster, plan, &created, err);
}

static enum status make_topics(struct demo_stage *stage, struct error *err)
{
    struct topics topics;
    enum status status = STATUS_OK;
    topics_plan(&stage->config, DEMO_PARTITIONS, &topics);
    stage->topics_made = stage->embedded == NULL;
    for (size_t i = 0; i < TOPICS_COUNT && status == STATUS_OK; i++)
        if (topics.plans[i].name[0] != '\0')
            status = make_topic(stage, &topics.plans[i], err);
    topics_release(&topics);
    return status;
}

static enum status register_schema(struct demo_stage *stage, struct error *err)
{
    struct registry *registry;
    char subject[300];
    enum status status = connect_registry(&stage->config, &registry, err);
    if (status != STATUS_OK)
        return status;
    snprintf(subject, sizeof(subject), "%s-value", stage->config.topics.purchases);
    status = registry_register(registry, subject, schema_purchase(), CONNECT_DEADLINE_MS,
                               &stage->schema_id, err);
    registry_close(registry);
    return status;
}

enum status demo_stage_open(struct demo_stage *stage, const struct demo_plan *plan,
                            struct error *err)
{
    *stage = (struct demo_stage){.schema_id = 0};
    enum status status = temporary_make(&stage->dir, err);
    if (status == STATUS_OK)
        status = make_secret(stage, err);
    if (status == STATUS_OK && plan->brokers == NULL)
        status = kafka_embedded_open(&stage->embedded, err);
    if (status == STATUS_OK)
        status = dev_registry_open(0, &stage->registry, err);
    if (status == STATUS_OK)
        status = configure(stage, plan, err);
    if (status == STATUS_OK)
        status = connect(stage, err);
    if (status == STATUS_OK)
        status = make_topics(stage, err);
    if (status == STATUS_OK)
        status = register_schema(stage, err);
    return status;
}

static void delete_topics(struct demo_stage *stage)
{
    struct topics topics;
    struct error err;
    topics_plan(&stage->config, DEMO_PARTITIONS, &topics);
    for (size_t i = 0; i < TOPICS_COUNT; i++) {
        if (topics.plans[i].name[0] != '\0' &&
            kafka_topic_delete(stage->cluster, topics.plans[i].name, &err) != STATUS_OK)
            log_warn("demo", "a topic is left behind", LOG_TEXT("topic", topics.plans[i].name),
                     LOG_TEXT("reason", err.text));
    }
    topics_release(&topics);
}

void demo_stage_close(struct demo_stage *stage)
{
    if (stage->topics_made)
        delete_topics(stage);
    kafka_cluster_close(stage->cluster);
    kafka_embedded_close(stage->embedded);
    if (stage->registry != NULL)
        dev_registry_close(stage->registry);
    if (stage->configured)
        config_release(&stage->config);
    free(stage->properties);
    temporary_remove(&stage->dir);
}
