// SPDX-License-Identifier: Apache-2.0
#include "bench/site.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/workspace.h"

// A heap as Kafka's own start script has it, and seldom a pause: with the few MiB that are enough
// for tests, the collector's pauses are half of all that is seen of the latency's tail.
static const char broker_jvm[] = "-XX:+UseSerialGC -Xms1g -Xmx1g -Xmn600m";

_Noreturn void site_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    exit(1);
}

void site_open(struct site *site, const struct options *options)
{
    struct error err;
    *site = (struct site){.options = *options};
    (void)setenv("KAFKA_JVM", broker_jvm, 0);
    site->kafka = kafkad_open(); // forks: before there are threads
    site->bootstrap = kafkad_bootstrap(site->kafka);
    if (dev_registry_open(0, &site->registry, &err) != STATUS_OK)
        site_fail("the development registry does not start: %s", err.text);
    site->registry_url = workspace_text("http://127.0.0.1:%u", dev_registry_port(site->registry));
}

void site_close(struct site *site)
{
    dev_registry_close(site->registry);
    kafkad_close(site->kafka);
    free(site->registry_url);
}

uint32_t site_purchases_topic(struct site *site, const char *topic, int32_t partitions)
{
    kafkad_topic_with(site->kafka, topic, partitions, "retention.ms", "-1");
    char *alerts = workspace_text("%s-alerts", topic);
    uint32_t id = registrar_register(site->registry_url, topic, alerts).purchase;
    free(alerts);
    return id;
}
