// SPDX-License-Identifier: Apache-2.0
#include "cli/replay_site.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "cli/connect.h"
#include "store/store_lmdb.h"
#include "stream/setup.h"

enum {
    UNKNOWN_AFTER_MS = 10000, // as the service has it: an id that it did not know is unknown here
    SCHEMA_NAP_MS = 5,
    TROUBLE_EVERY_MS = 10000,
};

static enum status open_scratch(struct replay_site *site, struct error *err)
{
    enum status status = temporary_make(&site->scratch_dir, err);
    if (status == STATUS_OK)
        status = store_lmdb_open(site->scratch_dir.path, "replay", &site->scratch, err);
    return status;
}

// The id counts only where alerts are compared, byte for byte, with those in the topic.
static enum status find_schema_id(const struct replay_site *site, struct view schema, uint32_t *id,
                                  struct error *err)
{
    char subject[320];
    *id = 0;
    if (site->options->mode != REPLAY_VERIFY)
        return STATUS_OK;
    snprintf(subject, sizeof(subject), "%s-value", site->config->topics.alerts_avro);
    enum status status =
        registry_lookup(site->registry, subject, schema, CONNECT_DEADLINE_MS, id, err);
    return status == STATUS_OK ? STATUS_OK : error_prefix(err, status, "the alert schema");
}

static enum status open_encoder(struct replay_site *site, struct error *err)
{
    struct buffer file;
    struct view schema;
    uint32_t id;
    buffer_init(&file, SCHEMA_BYTES_MAX);
    enum status status = setup_alert_schema(site->config, &file, &schema, err);
    if (status == STATUS_OK)
        status = find_schema_id(site, schema, &id, err);
    if (status == STATUS_OK)
        status = alert_encoder_compile(schema, id, &site->encoder, err);
    buffer_release(&file);
    return status;
}

static enum status connect(struct replay_site *site, struct error *err)
{
    if (site->options->input != NULL)
        return STATUS_OK;
    site->properties = setup_kafka_properties(site->config);
    enum status status = connect_cluster(site->config, &site->cluster, err);
    if (status == STATUS_OK)
        status = connect_registry_within(site->config, UNKNOWN_AFTER_MS, &site->registry, err);
    if (status == STATUS_OK)
        status = kafka_cluster_ping(site->cluster, CONNECT_DEADLINE_MS, err);
    return status;
}

enum status replay_site_open(struct replay_site *site, const struct config *config,
                             const struct replay_options *options, struct error *err)
{
    *site = (struct replay_site){.config = config, .options = options};
    signals_open(&site->signals, NULL, NULL);
    enum status status = setup_engine(config, &site->settings.engine, err);
    if (status == STATUS_OK)
        status = setup_token_key(config, &site->token_key, err);
    if (status == STATUS_OK)
        status = connect(site, err);
    if (status == STATUS_OK)
        status = open_encoder(site, err);
    if (status == STATUS_OK)
        status = open_scratch(site, err);
    if (status != STATUS_OK)
        return status;
    setup_settings(config, site->token_key, &site->settings);
    setup_alerts(site->encoder, &site->settings);
    return STATUS_OK;
}

void replay_site_close(struct replay_site *site)
{
    alert_encoder_free(site->encoder);
    registry_close(site->registry);
    if (site->cluster != NULL)
        kafka_cluster_close(site->cluster);
    free(site->properties);
    if (site->scratch != NULL)
        site->scratch->ops->close(site->scratch);
    temporary_remove(&site->scratch_dir);
    if (site->token_key != NULL)
        token_key_close(site->token_key);
    signals_close(&site->signals);
}

static enum registry_answer await_schema(void *context, uint32_t id, struct view *schema)
{
    struct replay_site *site = context;
    int64_t told_ms = clock_now_ms();
    for (;;) {
        enum registry_answer answer = registry_schema(site->registry, id, schema);
        if (answer != REGISTRY_PENDING || replay_site_is_asked_to_stop(site))
            return answer;
        struct error why = {.text = ""};
        if (registry_unreachable(site->registry, &why) &&
            log_due(&told_ms, clock_now_ms(), TROUBLE_EVERY_MS))
            log_warn("replay", "waiting for the schema registry", LOG_TEXT("reason", why.text));
        nanosleep(&(struct timespec){.tv_nsec = SCHEMA_NAP_MS * 1000000L}, NULL);
    }
}

struct schema_source replay_site_schemas(struct replay_site *site)
{
    return (struct schema_source){await_schema, site};
}
