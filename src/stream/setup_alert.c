// SPDX-License-Identifier: Apache-2.0
// The alert's encoder: its schema file, and the id under which the registry knows it.
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/file.h"
#include "base/log.h"
#include "base/murmur2.h"
#include "stream/setup.h"
#include "wire/purchase.h"
#include "wire/schemas.h"

enum {
    TRY_FOR_MS = 3000,
    WARN_EVERY_TRIES = 4,
    KEPT_BYTES_MAX = 512,
    PAUSE_US = 200 * 1000,
};

// "<subject> <murmur2 of the schema's text> <id>": the id of the last time, for a start while the
// registry is down. Ids never change, so it holds as long as subject and schema are the same.
static void kept_line(const char *subject, struct view schema, uint32_t id, struct buffer *out)
{
    ensure(
        buffer_append_format(out, "%s %08" PRIx32 " %" PRIu32 "\n", subject, murmur2(schema), id));
}

static bool read_kept(const char *path, const char *subject, struct view schema, uint32_t *id)
{
    struct buffer content;
    struct buffer expected;
    struct error ignored;
    bool found;
    bool same = false;
    buffer_init(&content, KEPT_BYTES_MAX);
    buffer_init(&expected, KEPT_BYTES_MAX);
    if (file_read(path, &content, &found, &ignored) == STATUS_OK && found &&
        buffer_append_byte(&content, '\0')) {
        const char *last = strrchr((const char *)content.data, ' ');
        *id = last == NULL ? 0 : (uint32_t)strtoul(last + 1, NULL, 10);
        kept_line(subject, schema, *id, &expected);
        content.size--;
        same = view_equal(buffer_view(&content), buffer_view(&expected));
    }
    buffer_release(&content);
    buffer_release(&expected);
    return same;
}

static void write_kept(const char *path, const char *subject, struct view schema, uint32_t id)
{
    struct buffer line;
    struct error err;
    buffer_init(&line, KEPT_BYTES_MAX);
    kept_line(subject, schema, id, &line);
    if (file_write(path, buffer_view(&line), &err) != STATUS_OK)
        log_warn("service", "the alert schema's id cannot be kept for a start without registry",
                 LOG_TEXT("reason", err.text));
    buffer_release(&line);
}

static enum status ask(const struct config *config, struct registry *registry, const char *subject,
                       struct view schema, uint32_t *id, struct error *err)
{
    if (config->schema_registry.auto_register)
        return registry_register(registry, subject, schema, TRY_FOR_MS, id, err);
    return registry_lookup(registry, subject, schema, TRY_FOR_MS, id, err);
}

static enum status find_id(const struct config *config, struct registry *registry,
                           const char *kept_path, struct view schema, const atomic_bool *stop,
                           uint32_t *id, struct error *err)
{
    char subject[300];
    snprintf(subject, sizeof(subject), "%s-value", config->topics.alerts_avro);
    for (unsigned tries = 0;; tries++) {
        enum status status = ask(config, registry, subject, schema, id, err);
        if (status == STATUS_OK)
            write_kept(kept_path, subject, schema, *id);
        if (status != STATUS_RETRY)
            return status;
        if (read_kept(kept_path, subject, schema, id)) {
            log_warn("service", "registry out of reach: using the alert schema's id of last time",
                     LOG_INT("schema_id", *id), LOG_TEXT("reason", err->text));
            return STATUS_OK;
        }
        if (tries % WARN_EVERY_TRIES == 0)
            log_warn("service", "waiting for the schema registry", LOG_TEXT("reason", err->text));
        if (atomic_load(stop))
            return STATUS_RETRY;
        usleep(PAUSE_US); // an attempt may fail at once: do not hammer
    }
}

enum status setup_alert_schema(const struct config *config, struct buffer *file,
                               struct view *schema, struct error *err)
{
    bool found;
    *schema = schema_alert();
    if (config->alerts.schema_file[0] == '\0')
        return STATUS_OK;
    enum status status = file_read(config->alerts.schema_file, file, &found, err);
    if (status == STATUS_OK && !found)
        return error_set(err, STATUS_FATAL, "alerts.schema_file: there is no file %s",
                         config->alerts.schema_file);
    *schema = buffer_view(file);
    return status;
}

enum status setup_alert_encoder(const struct config *config, struct registry *registry,
                                const char *state_dir, const atomic_bool *stop,
                                struct alert_encoder **out, struct error *err)
{
    char kept_path[PATH_MAX];
    snprintf(kept_path, sizeof(kept_path), "%s/alert-schema-id", state_dir);
    struct buffer file;
    struct view schema;
    uint32_t id = 0;
    buffer_init(&file, SCHEMA_BYTES_MAX);
    enum status status = setup_alert_schema(config, &file, &schema, err);
    if (status == STATUS_OK)
        status = find_id(config, registry, kept_path, schema, stop, &id, err);
    if (status == STATUS_OK)
        status = alert_encoder_compile(schema, id, out, err);
    buffer_release(&file);
    return status;
}

void setup_alerts(const struct alert_encoder *encoder, struct stream_settings *settings)
{
    settings->alert_encoder = encoder;
    settings->alert_details = alert_encoder_details(encoder);
    if ((settings->alert_details & ALERT_AMOUNT) != 0)
        settings->needed_fields |= PURCHASE_AMOUNT;
    if ((settings->alert_details & ALERT_DISTANCE) != 0)
        settings->needed_fields |= PURCHASE_DISTANCE;
}
