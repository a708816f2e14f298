// SPDX-License-Identifier: Apache-2.0
#include "stream/service.h"

#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "registry/registry.h"
#include "store/store_lmdb.h"
#include "stream/inquiry.h"
#include "stream/recent.h"
#include "stream/setup.h"
#include "stream/topics.h"
#include "stream/worker.h"

enum {
    INSTANCE_ID_BYTES_MAX = 256,
    UNKNOWN_SCHEMA_AFTER_MS = 10000,
    DIRTY_MAX_COUNT = 1000 * 1000,       // in all workers
    STAGED_MAX_BYTES = 64 * 1024 * 1024, // in all partitions
    STAGED_PARTITION_MIN_BYTES = 1024 * 1024,
};

struct service_worker {
    struct service *service;
    pthread_t thread;
    struct worker *worker; // used by its thread alone once that runs
    struct error err;
    enum status status;
};

struct service {
    const struct config *config;
    const atomic_bool *stop;
    atomic_bool failed; // a worker has left: the others are to stop
    struct stream_settings settings;
    struct kafka_bounds bounds; // of each worker
    struct token_key *token_key;
    struct store_dir *stores;
    struct kafka_cluster *cluster;
    struct registry *registry;
    struct alert_encoder *encoder;
    struct topics topics;
    char state_dir[PATH_MAX]; // of the application
    char instance_id[INSTANCE_ID_BYTES_MAX];
    struct service_worker *workers;
    struct worker_metrics *metrics;
    // For those who look; NULL without http.listen.
    struct recent *recent;
    struct inquiry *inquiries; // a worker each
    int64_t started_ms;
    size_t worker_count; // opened
    size_t thread_count; // as configured
};

static uint64_t random_bits(void *context)
{
    (void)context;
    uint64_t bits = 0;
    ensure(getrandom(&bits, sizeof(bits), 0) == (ssize_t)sizeof(bits));
    return bits;
}

static void make_instance_id(char *value, size_t size)
{
    snprintf(value, size, "%016" PRIx64, random_bits(NULL));
}

static enum registry_answer ask_registry(void *context, uint32_t id, struct view *schema)
{
    return registry_schema(context, id, schema);
}

static enum status open_state(struct service *service, struct error *err)
{
    const struct config *config = service->config;
    snprintf(service->state_dir, sizeof(service->state_dir), "%s/%s", config->state.dir,
             config->application_id);
    enum status status =
        store_lmdb_open(config->state.dir, config->application_id, &service->stores, err);
    if (status != STATUS_OK)
        return status;
    if (config->processing.instance_id[0] != '\0') {
        snprintf(service->instance_id, sizeof(service->instance_id), "%s",
                 config->processing.instance_id);
        return STATUS_OK;
    }
    return store_lmdb_kept_text(service->stores, "instance-id", service->instance_id,
                                sizeof(service->instance_id), make_instance_id, err);
}

static enum status open_registry(struct service *service, struct error *err)
{
    const struct config *config = service->config;
    char cache_dir[PATH_MAX + 16];
    snprintf(cache_dir, sizeof(cache_dir), "%s/schemas", service->state_dir);
    struct registry_settings settings = setup_registry(config);
    settings.unknown_after_ms = UNKNOWN_SCHEMA_AFTER_MS;
    settings.cache_dir = cache_dir;
    return registry_open(&settings, &service->registry, err);
}

static size_t staged_max_bytes(int32_t partitions)
{
    size_t share = STAGED_MAX_BYTES / (size_t)(partitions > 0 ? partitions : 1);
    return share > STAGED_PARTITION_MIN_BYTES ? share : STAGED_PARTITION_MIN_BYTES;
}

static void fill_settings(struct service *service)
{
    const struct config *config = service->config;
    struct stream_settings *settings = &service->settings;
    setup_settings(config, service->token_key, settings);
    settings->commit_interval_ms = config->processing.commit_interval_ms;
    settings->min_commit_interval_ms = config->processing.min_commit_interval_ms;
    settings->checkpoint_interval_ms = config->state.checkpoint_interval_ms;
    settings->cache_bytes = (size_t)config->state.cache_bytes / service->thread_count;
    settings->dirty_max_count = DIRTY_MAX_COUNT / service->thread_count;
    settings->staged_max_bytes = staged_max_bytes(settings->input_partitions);
    settings->table_topic = setup_table_topic(config);
    settings->changelog_topic = service->topics.plans[TOPICS_CHANGELOG].name;
    setup_alerts(service->encoder, settings);
    settings->write_counts = config->topics.purchase_counts[0] != '\0';
    settings->mask_purchases = config->topics.masked_purchases[0] != '\0';
}

static enum status open_worker(struct service *service, const struct kafka_property *properties,
                               struct error *err)
{
    const struct config *config = service->config;
    size_t index = service->worker_count;
    char member[INSTANCE_ID_BYTES_MAX * 2 + 32];
    snprintf(member, sizeof(member), "%s-%s-%zu", config->application_id, service->instance_id,
             index);
    struct kafka_settings kafka =
        setup_kafka(config, properties, service->settings.changelog_topic);
    kafka.group_instance_id = config->processing.static_membership ? member : NULL;
    kafka.transactional_id = service->settings.at_least_once ? NULL : member;
    kafka.table_topic = service->settings.table_topic;
    struct stream_ports ports = {
        .stores = service->stores,
        .schemas = {ask_registry, service->registry},
        .random = random_bits,
    };
    enum status status = broker_kafka_open(service->cluster, &kafka, &ports.broker, err);
    if (status != STATUS_OK)
        return status;
    struct service_worker *worker = &service->workers[index];
    worker_metrics_init(&service->metrics[index], service->settings.input_partitions);
    service->metrics[index].recent = service->recent;
    if (service->inquiries != NULL)
        service->metrics[index].inquiry = &service->inquiries[index];
    worker->service = service;
    worker->worker = worker_open(&service->settings, &ports, &service->metrics[index]);
    service->worker_count++;
    return STATUS_OK;
}

static enum status open_all(struct service *service, const struct kafka_property *properties,
                            struct error *err)
{
    const struct config *config = service->config;
    enum status status = setup_engine(config, &service->settings.engine, err);
    if (status == STATUS_OK)
        status = setup_token_key(config, &service->token_key, err);
    if (status == STATUS_OK)
        status = open_state(service, err);
    if (status == STATUS_OK)
        status = kafka_cluster_open(properties, config->kafka_count, &service->cluster, err);
    if (status == STATUS_OK)
        status = setup_topics(config, service->cluster, service->stop,
                              &service->settings.input_partitions, err);
    if (status == STATUS_OK)
        status = open_registry(service, err);
    if (status == STATUS_OK)
        status = setup_alert_encoder(config, service->registry, service->state_dir, service->stop,
                                     &service->encoder, err);
    if (status != STATUS_OK)
        return status;
    setup_masked_subject(config, service->registry);
    topics_plan(config, service->settings.input_partitions, &service->topics);
    fill_settings(service);
    status = kafka_bounds_read(properties, config->kafka_count, &service->bounds, err);
    for (size_t i = 0; i < service->thread_count && status == STATUS_OK; i++)
        status = open_worker(service, properties, err);
    return status;
}

static void open_to_view(struct service *service)
{
    if (service->config->http.listen[0] == '\0')
        return;
    service->recent = memory_zeroed(1, sizeof(*service->recent));
    recent_init(service->recent);
    service->inquiries = memory_zeroed(service->thread_count, sizeof(*service->inquiries));
    for (size_t i = 0; i < service->thread_count; i++)
        inquiry_init(&service->inquiries[i]);
}

static void close_to_view(struct service *service)
{
    if (service->recent == NULL)
        return;
    recent_release(service->recent);
    for (size_t i = 0; i < service->thread_count; i++)
        inquiry_release(&service->inquiries[i]);
    free(service->recent);
    free(service->inquiries);
}

enum status service_open(const struct config *config, const atomic_bool *stop, struct service **out,
                         struct error *err)
{
    struct service *service = memory_zeroed(1, sizeof(*service));
    service->config = config;
    service->stop = stop;
    service->started_ms = clock_wall_ms();
    service->thread_count = (size_t)config->processing.threads;
    service->workers = memory_zeroed(service->thread_count, sizeof(*service->workers));
    service->metrics = memory_zeroed(service->thread_count, sizeof(*service->metrics));
    open_to_view(service);
    struct kafka_property *properties = setup_kafka_properties(config);
    enum status status = open_all(service, properties, err);
    free(properties);
    if (status != STATUS_OK) {
        service_close(service);
        return status;
    }
    *out = service;
    return STATUS_OK;
}

static bool should_stop(const struct service *service)
{
    return atomic_load(service->stop) || atomic_load(&service->failed);
}

static void *run_worker(void *argument)
{
    struct service_worker *worker = argument;
    struct service *service = worker->service;
    worker->status = STATUS_OK;
    while (worker->status == STATUS_OK && !should_stop(service))
        worker->status = worker_step(worker->worker, &worker->err);
    if (worker->status == STATUS_OK)
        worker->status = worker_finish(worker->worker, &worker->err);
    if (worker->status != STATUS_OK)
        atomic_store(&service->failed, true);
    worker_close(worker->worker);
    worker->worker = NULL;
    return NULL;
}

enum status service_run(struct service *service, struct error *err)
{
    log_info(
        "service", "service started", LOG_TEXT("application_id", service->config->application_id),
        LOG_TEXT("guarantee", service->settings.at_least_once ? "at_least_once" : "exactly_once"),
        LOG_INT("threads", service->worker_count),
        LOG_INT("partitions", service->settings.input_partitions));
    log_info(
        "service", "memory is bounded", LOG_INT("cache_bytes", service->config->state.cache_bytes),
        LOG_INT("dirty_cards_max", DIRTY_MAX_COUNT),
        LOG_INT("checkpoint_bytes", 2 * STAGED_MAX_BYTES), LOG_INT("queues", service->worker_count),
        LOG_INT("consume_queue_bytes", service->bounds.consume_queue_bytes),
        LOG_INT("produce_queue_bytes", service->bounds.produce_queue_bytes));
    for (size_t i = 0; i < service->worker_count; i++) {
        struct service_worker *worker = &service->workers[i];
        char name[16]; // all that the kernel keeps
        ensure(pthread_create(&worker->thread, NULL, run_worker, worker) == 0);
        snprintf(name, sizeof(name), "worker-%u", (unsigned)(uint16_t)i);
        (void)pthread_setname_np(worker->thread, name);
    }
    enum status status = STATUS_OK;
    for (size_t i = 0; i < service->worker_count; i++) {
        struct service_worker *worker = &service->workers[i];
        pthread_join(worker->thread, NULL);
        if (worker->status != STATUS_OK && status == STATUS_OK) {
            status = worker->status;
            *err = worker->err;
        }
    }
    log_info("service", "service stopped");
    return status;
}

void service_close(struct service *service)
{
    for (size_t i = 0; i < service->worker_count; i++) {
        if (service->workers[i].worker != NULL)
            worker_close(service->workers[i].worker);
        worker_metrics_release(&service->metrics[i]);
    }
    topics_release(&service->topics);
    alert_encoder_free(service->encoder);
    if (service->registry != NULL)
        registry_close(service->registry);
    if (service->cluster != NULL)
        kafka_cluster_close(service->cluster);
    if (service->stores != NULL)
        service->stores->ops->close(service->stores);
    if (service->token_key != NULL)
        token_key_close(service->token_key);
    close_to_view(service);
    free(service->workers);
    free(service->metrics);
    free(service);
}

struct exposition service_exposition(struct service *service)
{
    return (struct exposition){
        .workers = service->metrics,
        .worker_count = service->worker_count,
        .settings = &service->settings,
        .registry = service->registry,
        .instance_id = service->instance_id,
        .started_ms = service->started_ms,
        .recent = service->recent,
    };
}
