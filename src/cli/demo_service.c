// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_service.h"

#include <string.h>

#include "base/assert.h"
#include "base/clock.h"

static void *run(void *argument)
{
    struct demo_service *service = argument;
    service->status =
        service_open(service->config, &service->stop, &service->service, &service->err);
    if (service->status == STATUS_OK) {
        service->exposition = service_exposition(service->service);
        atomic_store(&service->opened, true);
        service->status = service_run(service->service, &service->err);
    }
    atomic_store(&service->ended, true);
    return NULL;
}

void demo_service_start(struct demo_service *service, const struct config *config)
{
    *service = (struct demo_service){.config = config, .started = true};
    ensure(pthread_create(&service->thread, NULL, run, service) == 0);
}

bool demo_service_is_open(struct demo_service *service)
{
    return atomic_load(&service->opened) || atomic_load(&service->ended);
}

bool demo_service_has_ended(struct demo_service *service)
{
    return atomic_load(&service->ended);
}

enum status demo_service_listen(struct demo_service *service, bool else_any_port, struct error *err)
{
    return operators_open(&service->operators, service->service, service->config, else_any_port,
                          err);
}

static void add_counters(struct demo_glance *sum, const struct counters *counters)
{
    sum->consumed += counters->purchases_consumed;
    for (size_t i = 0; i < RULES_MAX; i++)
        sum->alerts += counters->alerts[i];
    for (size_t i = 0; i < DEAD_LETTER_CLASSES; i++)
        sum->dead_letters += counters->dead_letters[i];
    histogram_add(&sum->commit_seconds, &counters->commit_seconds);
    histogram_add(&sum->alert_latency_seconds, &counters->alert_latency_seconds);
}

static int32_t add_worker(struct demo_glance *sum, struct worker_metrics *metrics)
{
    int32_t running = 0;
    pthread_mutex_lock(&metrics->lock);
    add_counters(sum, &metrics->counters);
    for (int32_t p = 0; p < metrics->partition_count; p++) {
        const struct partition_gauges *gauges = &metrics->partitions[p];
        if (!gauges->owned || !gauges->running)
            continue;
        running++;
        sum->position += (uint64_t)gauges->position;
    }
    pthread_mutex_unlock(&metrics->lock);
    return running;
}

void demo_service_look(struct demo_service *service, struct demo_glance *out)
{
    int32_t running = 0;
    *out = (struct demo_glance){.at_ms = clock_now_ms()};
    if (!atomic_load(&service->opened))
        return;
    for (size_t i = 0; i < service->exposition.worker_count; i++)
        running += add_worker(out, &service->exposition.workers[i]);
    out->ready = running == service->exposition.settings->input_partitions;
}

enum status demo_service_finish(struct demo_service *service, struct error *err)
{
    if (!service->started)
        return STATUS_OK;
    service->started = false;
    atomic_store(&service->stop, true);
    pthread_join(service->thread, NULL);
    if (service->status != STATUS_OK)
        *err = service->err;
    return service->status;
}

void demo_service_close(struct demo_service *service)
{
    struct error ignored;
    (void)!demo_service_finish(service, &ignored);
    operators_close(&service->operators);
    if (service->service != NULL)
        service_close(service->service);
}
