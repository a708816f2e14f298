// SPDX-License-Identifier: Apache-2.0
// `cardwatch tail`: follows a topic and prints its records, a line each.
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/colour.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/printer.h"
#include "cli/signals.h"
#include "cli/tail_line.h"

enum {
    POLL_MS = 100,
    SCHEMA_NAP_MS = 10,
    UNKNOWN_AFTER_MS = 1000, // until a schema counts as unknown: nothing is lost by a mistake
    TROUBLE_EVERY_MS = 10000,
    QUIET_END_MS = 5000,
};

struct tail {
    const struct config *config;
    struct tail_options options;
    struct signals signals;
    struct kafka_cluster *cluster;
    struct kafka_follower *follower;
    struct registry *registry;
    struct tail_values *values;
    struct printer printer;
    struct buffer line; // before it gets its colours
    bool colours;
    uint64_t shown;
    int64_t heard_ms; // when the last record came
    int64_t troubled_ms;
};

static bool is_over(const struct tail *tail)
{
    return atomic_load(&tail->signals.asked) || tail->printer.closed ||
           (tail->options.count > 0 && tail->shown == tail->options.count);
}

static void say_trouble(struct tail *tail, const char *reason)
{
    if (log_due(&tail->troubled_ms, clock_now_ms(), TROUBLE_EVERY_MS))
        log_warn("tail", "waiting", LOG_TEXT("reason", reason));
}

// Whoever reads is not kept waiting for what is there already.
static enum status await_schema(struct tail *tail, const struct error *why, struct error *err)
{
    enum status status = printer_flush(&tail->printer, err);
    printer_look(&tail->printer);
    if (registry_unreachable(tail->registry, NULL))
        say_trouble(tail, why->text);
    nanosleep(&(struct timespec){.tv_nsec = SCHEMA_NAP_MS * 1000000L}, NULL);
    return status;
}

// The line of a record into tail->line; empty when all is over first.
static enum status make_line(struct tail *tail, const struct kafka_followed *record,
                             struct error *err)
{
    struct error why;
    enum status status = STATUS_RETRY;
    buffer_clear(&tail->line);
    while (status == STATUS_RETRY && !is_over(tail)) {
        status = tail_line_append(&tail->options, tail->values, record, &tail->line, &why);
        if (status == STATUS_RETRY && await_schema(tail, &why, err) != STATUS_OK)
            return STATUS_FATAL;
    }
    if (status == STATUS_FATAL)
        return error_set(err, STATUS_FATAL, "%s/%" PRId32 " offset %" PRId64 ": %s",
                         tail->options.topic, record->partition, record->offset, why.text);
    return STATUS_OK;
}

static enum status show(struct tail *tail, const struct kafka_followed *record, struct error *err)
{
    enum status status = make_line(tail, record, err);
    if (status != STATUS_OK || tail->line.size == 0)
        return status;
    struct buffer *out = printer_buffer(&tail->printer);
    const struct view line = buffer_view(&tail->line);
    bool fits = tail->colours ? colour_json(line, out) : buffer_append(out, line.data, line.size);
    if (!fits || !buffer_append_byte(out, '\n'))
        return error_set(err, STATUS_FATAL, "%s/%" PRId32 " offset %" PRId64 " is too large",
                         tail->options.topic, record->partition, record->offset);
    tail->shown++;
    return printer_is_large(&tail->printer) ? printer_flush(&tail->printer, err) : STATUS_OK;
}

static bool is_wanted(const struct tail *tail, const struct kafka_followed *record)
{
    return tail->options.partition < 0 || record->partition == tail->options.partition;
}

static enum status step(struct tail *tail, struct error *err)
{
    const struct kafka_followed *records;
    size_t count;
    enum status status = kafka_follower_poll(tail->follower, POLL_MS, &records, &count, err);
    if (status == STATUS_RETRY) {
        say_trouble(tail, err->text);
        tail->heard_ms = clock_now_ms();
        return STATUS_OK;
    }
    if (count > 0)
        tail->heard_ms = clock_now_ms();
    for (size_t i = 0; i < count && status == STATUS_OK && !is_over(tail); i++) {
        if (is_wanted(tail, &records[i]))
            status = show(tail, &records[i], err);
    }
    if (status == STATUS_OK)
        status = printer_flush(&tail->printer, err);
    printer_look(&tail->printer);
    return status;
}

// The end as it was in the beginning. What an open transaction hides cannot be waited for.
static bool is_at_end(struct tail *tail)
{
    if (!tail->options.exit_at_end)
        return false;
    if (kafka_follower_at_end(tail->follower))
        return true;
    if (clock_now_ms() - tail->heard_ms < QUIET_END_MS)
        return false;
    log_warn("tail", "nothing more comes, though the topic goes on: an open transaction hides it",
             LOG_TEXT("topic", tail->options.topic));
    return true;
}

static enum status follow(struct tail *tail, struct error *err)
{
    enum status status = STATUS_OK;
    tail->heard_ms = clock_now_ms();
    if (tail->options.exit_at_end)
        status = kafka_follower_note_end(tail->follower, err);
    while (status == STATUS_OK && !is_over(tail) && !is_at_end(tail))
        status = step(tail, err);
    return status;
}

static enum status open_follower(struct tail *tail, struct error *err)
{
    const struct tail_options *options = &tail->options;
    const struct kafka_follower_settings settings = {
        .topic = options->topic,
        .group_id = tail->config->application_id,
        .from = options->from,
        .from_ms = options->from_ms,
        .uncommitted = options->uncommitted,
    };
    return connect_follower(tail->config, tail->cluster, &settings, &tail->follower, err);
}

static enum status open_all(struct tail *tail, struct error *err)
{
    enum status status = connect_cluster(tail->config, &tail->cluster, err);
    if (status == STATUS_OK)
        status = connect_registry_within(tail->config, UNKNOWN_AFTER_MS, &tail->registry, err);
    if (status == STATUS_OK)
        status = kafka_cluster_ping(tail->cluster, CONNECT_DEADLINE_MS, err);
    if (status == STATUS_OK)
        status = open_follower(tail, err);
    if (status == STATUS_OK)
        tail->values = tail_values_open(tail->registry, tail->options.readable_times);
    return status;
}

static enum status run(struct tail *tail, struct error *err)
{
    printer_init(&tail->printer, STDOUT_FILENO, &tail->signals.asked);
    buffer_init(&tail->line, PRINTER_LINE_BYTES_MAX);
    enum status status = open_all(tail, err);
    if (status == STATUS_OK)
        status = follow(tail, err);
    tail_values_close(tail->values);
    kafka_follower_close(tail->follower);
    registry_close(tail->registry);
    kafka_cluster_close(tail->cluster);
    buffer_release(&tail->line);
    printer_release(&tail->printer);
    return status;
}

int cli_tail(const struct config *config, const struct line *line)
{
    struct tail tail = {.config = config, .colours = colour_wanted(STDOUT_FILENO)};
    struct error err;
    if (tail_options_read(line, &tail.options, &err) != STATUS_OK) {
        fprintf(stderr, "cardwatch tail: %s\n", err.text);
        return CLI_BAD_USAGE;
    }
    signals_open(&tail.signals, NULL, NULL);
    enum status status = run(&tail, &err);
    bool asked = atomic_load(&tail.signals.asked);
    signals_close(&tail.signals);
    if (status == STATUS_OK || (asked && status == STATUS_RETRY))
        return CLI_DONE;
    fprintf(stderr, "cardwatch tail: %s\n", err.text);
    return CLI_FAILED;
}
