// SPDX-License-Identifier: Apache-2.0
// `cardwatch demo`: broker, registry, generator and the service in one process; alerts as they
// come, and in the end the score against what was planted.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "broker/kafka_follower.h"
#include "cli/commands.h"
#include "cli/demo_feed.h"
#include "cli/demo_screen.h"
#include "cli/demo_service.h"
#include "cli/demo_stage.h"
#include "cli/signals.h"

enum {
    SECONDS_DEFAULT = 60,
    SECONDS_MAX = 30 * 24 * 3600,
    RATE_DEFAULT = 1000,
    RATE_MAX = 100000,
    RATE_EMBEDDED_MAX = 20000,
    SEEDS = 1000000,
    POLL_MS = 20,
    READY_MS = 60000,     // from the start until every partition runs
    PROCESSED_MS = 60000, // from the last purchase until all are processed
    ALERTS_MS = 20000,    // from then until all alerts are read
    LINE_BYTES_MAX = 2048,
};

struct demo {
    struct demo_plan plan;
    struct signals signals;
    struct demo_stage stage;
    struct demo_service service;
    struct demo_feed feed;
    struct kafka_follower *alerts;
    struct demo_screen screen;
    struct demo_glance glance;
    bool playing;           // purchases are being sent, or have been
    uint64_t strange_count; // records in the alerts topic that are none
};

static bool is_asked_to_stop(struct demo *demo)
{
    return atomic_load(&demo->signals.asked);
}

static void say(struct demo *demo, const char *format, ...) PRINTF_LIKE(2, 3);
static void say(struct demo *demo, const char *format, ...)
{
    char text[LINE_BYTES_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (!demo_screen_line(&demo->screen, view_text(text)))
        atomic_store(&demo->signals.asked, true); // nobody listens any more
}

static void say_what_comes(struct demo *demo)
{
    char length[48] = "until Ctrl-C";
    if (demo->plan.seconds > 0)
        snprintf(length, sizeof(length), "for %" PRId64 " s", demo->plan.seconds);
    say(demo, "cardwatch demo: %" PRId64 " purchases a second %s, seed %" PRId64, demo->plan.rate,
        length, demo->plan.seed);
}

static void say_what_runs(struct demo *demo)
{
    const struct config *config = &demo->stage.config;
    say(demo, "  registry  %s", config->schema_registry.url);
    if (demo->stage.embedded == NULL) {
        say(demo, "  broker    %s, topics %s-*", demo->plan.brokers, config->application_id);
        say(demo, "  service   exactly_once");
        return;
    }
    const char *bootstrap = kafka_embedded_bootstrap(demo->stage.embedded);
    say(demo, "  broker    %s, embedded (kcat -C -b %s -t %s)", bootstrap, bootstrap,
        config->topics.alerts_json);
    say(demo, "  service   at_least_once: the embedded broker has no transactions. On a real Kafka "
              "it is\n            exactly_once: make demo BROKER=kafka");
}

static void take_alert(struct demo *demo, const struct kafka_followed *record)
{
    struct seen_alert alert;
    struct error err;
    struct buffer line;
    if (seen_alert_read(record->value, record->headers, record->header_count, &alert, &err) !=
        STATUS_OK) {
        log_error("demo", "a record that is no alert", LOG_INT("partition", record->partition),
                  LOG_INT("offset", record->offset), LOG_TEXT("reason", err.text));
        demo->strange_count++;
        return;
    }
    bool planted = demo_feed_judge(&demo->feed, &alert);
    buffer_init(&line, LINE_BYTES_MAX);
    seen_alert_line(&alert, clock_wall_ms() - record->timestamp_ms, demo->screen.colour, &line);
    say(demo, "%.*s%s", (int)line.size, (const char *)line.data,
        planted ? "" : "  (nothing was planted there)");
    buffer_release(&line);
}

static enum status take_alerts(struct demo *demo, struct error *err)
{
    const struct kafka_followed *records;
    size_t count;
    enum status status = kafka_follower_poll(demo->alerts, POLL_MS, &records, &count, err);
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        take_alert(demo, &records[i]);
    return status == STATUS_RETRY ? STATUS_OK : status; // librdkafka is at it already
}

// A step of waiting for something: alerts and the status are shown meanwhile.
static enum status watch(struct demo *demo, struct error *err)
{
    demo_service_look(&demo->service, &demo->glance);
    if (demo->glance.ready)
        demo_feed_tell(&demo->feed, demo->glance.position);
    if (demo->playing)
        demo_screen_status(&demo->screen, &demo->glance, atomic_load(&demo->feed.sent));
    else
        demo_screen_wait(&demo->screen, "the service joins its consumer group ...");
    if (!demo_service_has_ended(&demo->service))
        return take_alerts(demo, err);
    return demo_service_finish(&demo->service, err) == STATUS_OK
               ? error_set(err, STATUS_FATAL, "the service has stopped by itself")
               : STATUS_FATAL;
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
}

static enum status start_service(struct demo *demo, struct error *err)
{
    demo_service_start(&demo->service, &demo->stage.config);
    while (!demo_service_is_open(&demo->service) && !is_asked_to_stop(demo))
        nap();
    if (demo_service_has_ended(&demo->service))
        return demo_service_finish(&demo->service, err);
    if (is_asked_to_stop(demo))
        return STATUS_OK;
    enum status status = demo_service_listen(&demo->service, demo->plan.http == NULL, err);
    unsigned port = operators_port(&demo->service.operators);
    if (status == STATUS_OK && port != 0)
        say(demo, "  dashboard http://127.0.0.1:%u/  (metrics: /metrics)", port);
    return status;
}

static enum status follow_alerts(struct demo *demo, struct error *err)
{
    const struct config *config = &demo->stage.config;
    char group_id[300];
    snprintf(group_id, sizeof(group_id), "%s-watch", config->application_id);
    const struct kafka_follower_settings settings = {
        .properties = demo->stage.properties,
        .property_count = config->kafka_count,
        .topic = config->topics.alerts_json,
        .group_id = group_id,
        .from = KAFKA_FOLLOW_BEGINNING,
    };
    return kafka_follower_open(demo->stage.cluster, &settings, &demo->alerts, err);
}

// So that the first alerts are as quick as the later ones.
static enum status await_ready(struct demo *demo, struct error *err)
{
    int64_t deadline_ms = clock_now_ms() + READY_MS;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !demo->glance.ready && !is_asked_to_stop(demo)) {
        if (clock_now_ms() > deadline_ms)
            return error_set(err, STATUS_FATAL, "the service has not got its partitions in %d s",
                             READY_MS / 1000);
        status = watch(demo, err);
    }
    return status;
}

static enum status await_processed(struct demo *demo, struct error *err)
{
    int64_t deadline_ms = clock_now_ms() + PROCESSED_MS;
    uint64_t sent = atomic_load(&demo->feed.sent);
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !(demo->glance.ready && demo->glance.position >= sent)) {
        if (clock_now_ms() > deadline_ms)
            return error_set(err, STATUS_FATAL,
                             "%" PRIu64 " of %" PRIu64 " purchases were processed %d s after the "
                             "last one was sent",
                             demo->glance.position, sent, PROCESSED_MS / 1000);
        status = watch(demo, err);
    }
    return status;
}

// Everything is committed by now: there are no more alerts than the topic has.
static enum status read_to_end(struct demo *demo, struct error *err)
{
    int64_t deadline_ms = clock_now_ms() + ALERTS_MS;
    enum status status = kafka_follower_note_end(demo->alerts, err);
    while (status == STATUS_OK && !kafka_follower_at_end(demo->alerts)) {
        if (clock_now_ms() > deadline_ms)
            return error_set(err, STATUS_FATAL, "the alerts cannot be read to their end");
        status = take_alerts(demo, err);
    }
    return status;
}

static enum status play(struct demo *demo, struct error *err)
{
    enum status status = await_ready(demo, err);
    if (status != STATUS_OK || is_asked_to_stop(demo))
        return status;
    demo->playing = true;
    demo_feed_start(&demo->feed);
    while (status == STATUS_OK && !demo_feed_has_ended(&demo->feed) && !is_asked_to_stop(demo))
        status = watch(demo, err);
    if (status == STATUS_OK)
        status = demo_feed_finish(&demo->feed, err);
    if (status == STATUS_OK)
        status = await_processed(demo, err);
    if (status == STATUS_OK)
        status = demo_service_finish(&demo->service, err);
    if (status == STATUS_OK)
        status = read_to_end(demo, err);
    demo_screen_end(&demo->screen);
    return status;
}

static enum status run(struct demo *demo, struct error *err)
{
    say_what_comes(demo);
    enum status status = demo_stage_open(&demo->stage, &demo->plan, err);
    if (status != STATUS_OK)
        return status;
    say_what_runs(demo);
    status = demo_feed_open(&demo->feed, &demo->stage, &demo->plan, err);
    if (status == STATUS_OK)
        status = follow_alerts(demo, err);
    if (status == STATUS_OK)
        status = start_service(demo, err);
    return status == STATUS_OK ? play(demo, err) : status;
}

static int report(struct demo *demo)
{
    struct score_result result = demo_feed_score(&demo->feed);
    struct buffer line;
    buffer_init(&line, LINE_BYTES_MAX);
    score_line(&result, &line);
    printf("%.*s\n", (int)line.size, (const char *)line.data);
    buffer_release(&line);
    return score_is_clean(&result) && demo->strange_count == 0 ? CLI_DONE : CLI_FAILED;
}

// At a second Ctrl-C.
static void leave_nothing(void *context)
{
    struct demo *demo = context;
    demo_screen_end(&demo->screen);
    temporary_remove(&demo->stage.dir);
}

static int run_and_report(struct demo *demo)
{
    struct error err = {.text = ""};
    int code = CLI_FAILED;
    log_configure(LOG_WARN, LOG_FORMAT_TEXT);
    signals_open(&demo->signals, leave_nothing, demo);
    demo_screen_init(&demo->screen);
    enum status status = run(demo, &err);
    demo_screen_end(&demo->screen);
    demo_service_close(&demo->service);
    if (status == STATUS_OK)
        code = demo->feed.score != NULL ? report(demo) : CLI_DONE;
    else
        fprintf(stderr, "cardwatch demo: %s\n", err.text);
    demo_feed_close(&demo->feed);
    kafka_follower_close(demo->alerts);
    demo_stage_close(&demo->stage);
    signals_close(&demo->signals);
    return code;
}

static int64_t some_seed(void)
{
    uint32_t bits = 0;
    if (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
        return 1;
    return bits % SEEDS;
}

static enum status plan_of(const struct line *line, struct demo_plan *plan, struct error *err)
{
    plan->brokers = line_value(line, "brokers");
    plan->http = line_value(line, "http");
    int64_t rate_max = plan->brokers == NULL ? RATE_EMBEDDED_MAX : RATE_MAX;
    if (line_has(line, "config") || line_has(line, "set"))
        return error_set(err, STATUS_FATAL, "the demo makes its own configuration");
    enum status status =
        line_number(line, "seconds", SECONDS_DEFAULT, 0, SECONDS_MAX, &plan->seconds, err);
    if (status == STATUS_OK)
        status = line_number(line, "rate", RATE_DEFAULT, 1, rate_max, &plan->rate, err);
    if (status == STATUS_OK)
        status = line_number(line, "seed", some_seed(), 0, INT64_MAX, &plan->seed, err);
    return status;
}

int cli_demo(const struct line *line)
{
    struct demo *demo = memory_zeroed(1, sizeof(*demo));
    struct error err;
    if (plan_of(line, &demo->plan, &err) != STATUS_OK) {
        fprintf(stderr, "cardwatch demo: %s; `cardwatch help demo` lists the options\n", err.text);
        free(demo);
        return CLI_BAD_USAGE;
    }
    int code = run_and_report(demo);
    free(demo);
    return code;
}
