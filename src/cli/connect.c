// SPDX-License-Identifier: Apache-2.0
#include "cli/connect.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "wire/schemas.h"

// Borrowed from the configuration; the caller frees the list.
static struct kafka_property *properties_of(const struct config *config)
{
    struct kafka_property *properties = memory_zeroed(config->kafka_count, sizeof(*properties));
    for (size_t i = 0; i < config->kafka_count; i++)
        properties[i] = (struct kafka_property){config->kafka[i].name, config->kafka[i].value};
    return properties;
}

enum status connect_cluster(const struct config *config, struct kafka_cluster **out,
                            struct error *err)
{
    struct kafka_property *properties = properties_of(config);
    enum status status = kafka_cluster_open(properties, config->kafka_count, out, err);
    free(properties);
    return status;
}

enum status connect_writer(const struct config *config, struct kafka_cluster *cluster,
                           const char *topic, struct kafka_writer **out, struct error *err)
{
    struct kafka_property *properties = properties_of(config);
    const struct kafka_writer_settings settings = {properties, config->kafka_count, topic};
    enum status status = kafka_writer_open(cluster, &settings, out, err);
    free(properties);
    return status;
}

enum status connect_follower(const struct config *config, struct kafka_cluster *cluster,
                             const struct kafka_follower_settings *settings,
                             struct kafka_follower **out, struct error *err)
{
    struct kafka_property *properties = properties_of(config);
    struct kafka_follower_settings all = *settings;
    all.properties = properties;
    all.property_count = config->kafka_count;
    enum status status = kafka_follower_open(cluster, &all, out, err);
    free(properties);
    return status;
}

enum status connect_registry(const struct config *config, struct registry **out, struct error *err)
{
    return connect_registry_within(config, CONNECT_DEADLINE_MS, out, err);
}

enum status connect_registry_within(const struct config *config, int64_t unknown_after_ms,
                                    struct registry **out, struct error *err)
{
    const struct registry_settings settings = {
        .url = config->schema_registry.url,
        .username = config->schema_registry.username,
        .password = config->schema_registry.password,
        .ca_file = config->schema_registry.ca_file,
        .timeout_ms = config->schema_registry.timeout_ms,
        .unknown_after_ms = unknown_after_ms,
    };
    return registry_open(&settings, out, err);
}

enum status connect_alert_schema(const struct config *config, struct buffer *file,
                                 struct view *schema, struct error *err)
{
    bool found;
    *schema = schema_alert();
    if (config->alerts.schema_file[0] == '\0')
        return STATUS_OK;
    enum status status = file_read(config->alerts.schema_file, file, &found, err);
    if (status == STATUS_OK && !found)
        return error_set(err, STATUS_FATAL, "there is no file %s; set alerts.schema_file",
                         config->alerts.schema_file);
    *schema = buffer_view(file);
    return status;
}

static void print_line(const char *kind, const char *subject, const char *format, va_list args)
{
    printf("%-9s%s: ", kind, subject);
    vprintf(format, args);
    printf("\n");
    fflush(stdout); // whoever waits for the next check sees this one
}

void findings_add(struct findings *findings, const char *kind, const char *subject,
                  const char *format, ...)
{
    va_list args;
    (void)findings;
    va_start(args, format);
    print_line(kind, subject, format, args);
    va_end(args);
}

void findings_problem(struct findings *findings, const char *subject, const char *format, ...)
{
    va_list args;
    findings->problem_count++;
    va_start(args, format);
    print_line("problem", subject, format, args);
    va_end(args);
}
