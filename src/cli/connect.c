// SPDX-License-Identifier: Apache-2.0
#include "cli/connect.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/colour.h"
#include "stream/setup.h"

enum status connect_cluster(const struct config *config, struct kafka_cluster **out,
                            struct error *err)
{
    struct kafka_property *properties = setup_kafka_properties(config);
    enum status status = kafka_cluster_open(properties, config->kafka_count, out, err);
    free(properties);
    return status;
}

enum status connect_writer(const struct config *config, const char *topic,
                           struct kafka_writer **out, struct error *err)
{
    struct kafka_property *properties = setup_kafka_properties(config);
    const struct kafka_writer_settings settings = {properties, config->kafka_count, topic};
    enum status status = kafka_writer_open(&settings, out, err);
    free(properties);
    return status;
}

enum status connect_follower(const struct config *config, struct kafka_cluster *cluster,
                             const struct kafka_follower_settings *settings,
                             struct kafka_follower **out, struct error *err)
{
    struct kafka_property *properties = setup_kafka_properties(config);
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
    struct registry_settings settings = setup_registry(config);
    settings.unknown_after_ms = unknown_after_ms;
    return registry_open(&settings, out, err);
}

static const char *colour_of(const char *kind)
{
    static const char green[] = "\x1b[32m", yellow[] = "\x1b[33m", red[] = "\x1b[31;1m";
    if (strcmp(kind, "problem") == 0)
        return red;
    return strcmp(kind, "note") == 0 ? yellow : green;
}

static void print_line(const char *kind, const char *subject, const char *format, va_list args)
{
    bool coloured = colour_wanted(STDOUT_FILENO);
    printf("%s%-9s%s%s: ", coloured ? colour_of(kind) : "", kind, coloured ? "\x1b[0m" : "",
           subject);
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
