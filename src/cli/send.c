// SPDX-License-Identifier: Apache-2.0
// `cardwatch send`: lines of stdin into a topic, until they end or somebody stops it.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/lines.h"
#include "cli/send_record.h"
#include "cli/signals.h"

enum {
    IDLE_MS = 100,
    STEP_MS = 500,
    FLUSH_MS = 60000,
    FLUSH_STOPPED_MS = 5000,
    TROUBLE_AFTER_MS = 2000,
    TROUBLE_EVERY_MS = 10000,
};

struct send {
    const struct config *config;
    struct send_options options;
    struct signals signals;
    struct kafka_cluster *cluster;
    struct kafka_writer *writer;
    struct avsc *avsc;
    struct json_avro *encoder;
    uint32_t schema_id;
    struct send_maker maker;
    struct lines lines;
    uint64_t sent;
    uint64_t refused;
    int64_t begun_ms;
    int64_t troubled_ms;
};

static bool is_stopped(const struct send *send)
{
    return atomic_load(&send->signals.asked);
}

static void refuse(struct send *send, const struct error *why)
{
    send->refused++;
    fprintf(stderr, "line %" PRIu64 ": %s\n", send->lines.number, why->text);
}

// --- What is needed first ------------------------------------------------------------------------

static enum status topic_create(struct send *send, int32_t *count, struct error *err)
{
    const struct kafka_topic_plan plan = {.name = send->options.topic,
                                          .partition_count = send->options.create};
    bool created;
    enum status status = kafka_topic_create(send->cluster, &plan, &created, err);
    if (status == STATUS_OK)
        status = kafka_topic_partitions(send->cluster, send->options.topic, count, err);
    return status;
}

static enum status topic_find(struct send *send, struct error *err)
{
    const char *topic = send->options.topic;
    int32_t count;
    enum status status = kafka_topic_partitions(send->cluster, topic, &count, err);
    if (status == STATUS_OK && count < 0 && send->options.create > 0)
        status = topic_create(send, &count, err);
    if (status != STATUS_OK)
        return status;
    if (count < 0)
        return error_set(err, STATUS_FATAL, "there is no topic %s; --create N makes one", topic);
    if (send->options.partition >= count)
        return error_set(err, STATUS_FATAL,
                         "the topic %s has %" PRId32 " partitions: 0 .. %" PRId32, topic, count,
                         count - 1);
    return STATUS_OK;
}

// The schema of --schema: looked up, or registered where that is allowed.
static enum status schema_of_file(struct send *send, struct registry *registry, const char *subject,
                                  struct buffer *text, struct error *err)
{
    const char *path = send->options.schema_file;
    bool found;
    enum status status = file_read(path, text, &found, err);
    if (status != STATUS_OK)
        return status;
    if (!found)
        return error_set(err, STATUS_FATAL, "%s: there is no such file", path);
    status = avsc_parse(buffer_view(text), &send->avsc, err);
    if (status != STATUS_OK)
        return error_prefix(err, STATUS_FATAL, "%s", path);
    status = registry_lookup(registry, subject, buffer_view(text), CONNECT_DEADLINE_MS,
                             &send->schema_id, err);
    if (status == STATUS_FATAL && send->config->schema_registry.auto_register)
        status = registry_register(registry, subject, buffer_view(text), CONNECT_DEADLINE_MS,
                                   &send->schema_id, err);
    return status;
}

static enum status schema_latest(struct send *send, struct registry *registry, const char *subject,
                                 struct error *err)
{
    char *json;
    enum status status =
        registry_latest(registry, subject, CONNECT_DEADLINE_MS, &send->schema_id, &json, err);
    if (status == STATUS_FATAL)
        return error_prefix(err, status,
                            "there is no schema to write by (--schema FILE brings one, --text "
                            "does without)");
    if (status != STATUS_OK)
        return status;
    status = avsc_parse(view_text(json), &send->avsc, err);
    free(json);
    if (status == STATUS_OK)
        return STATUS_OK;
    return error_prefix(err, STATUS_FATAL, "schema %" PRIu32 " of %s", send->schema_id, subject);
}

static enum status schema_find(struct send *send, struct error *err)
{
    char subject[320];
    struct registry *registry;
    struct buffer text;
    enum status status = connect_registry(send->config, &registry, err);
    if (status != STATUS_OK)
        return status;
    buffer_init(&text, SCHEMA_BYTES_MAX);
    snprintf(subject, sizeof(subject), "%s-value", send->options.topic);
    status = send->options.schema_file != NULL ? schema_of_file(send, registry, subject, &text, err)
                                               : schema_latest(send, registry, subject, err);
    buffer_release(&text);
    registry_close(registry);
    if (status == STATUS_OK)
        status = json_avro_open(send->avsc, &send->encoder, err);
    return status;
}

static enum status open_all(struct send *send, struct error *err)
{
    enum status status = connect_cluster(send->config, &send->cluster, err);
    if (status == STATUS_OK)
        status = kafka_cluster_ping(send->cluster, CONNECT_DEADLINE_MS, err);
    if (status == STATUS_OK)
        status = topic_find(send, err);
    if (status == STATUS_OK && !send->options.text)
        status = schema_find(send, err);
    if (status == STATUS_OK)
        status = connect_writer(send->config, send->options.topic, &send->writer, err);
    return status;
}

static void close_all(struct send *send)
{
    kafka_writer_close(send->writer);
    json_avro_close(send->encoder);
    avsc_free(send->avsc);
    kafka_cluster_close(send->cluster);
}

// --- Line by line --------------------------------------------------------------------------------

static void trouble(struct send *send, const char *reason)
{
    if (log_due(&send->troubled_ms, clock_now_ms(), TROUBLE_EVERY_MS))
        log_warn("send", "waiting", LOG_TEXT("reason", reason));
}

// Until the record is due at the rate.
static void pace(const struct send *send)
{
    if (send->options.rate == 0)
        return;
    int64_t due_ms = send->begun_ms + (int64_t)send->sent * 1000 / send->options.rate;
    for (;;) {
        int64_t left_ms = due_ms - clock_now_ms();
        if (left_ms <= 0 || is_stopped(send))
            return;
        int64_t nap_ms = left_ms < IDLE_MS ? left_ms : IDLE_MS;
        nanosleep(&(struct timespec){.tv_nsec = nap_ms * 1000000}, NULL);
    }
}

static enum status write_record(struct send *send, const struct kafka_writer_record *record,
                                struct error *err)
{
    enum status status;
    do {
        status = kafka_writer_write(send->writer, record, STEP_MS, err);
        if (status == STATUS_RETRY)
            trouble(send, err->text);
    } while (status == STATUS_RETRY && !is_stopped(send));
    return status;
}

static enum status send_line(struct send *send, struct view line, struct error *err)
{
    struct kafka_writer_record record;
    if (send_maker_passes_over(&send->maker, line))
        return STATUS_OK;
    enum status status = send_maker_make(&send->maker, line, &record, err);
    if (status == STATUS_OK) {
        pace(send);
        status = is_stopped(send) ? STATUS_RETRY : write_record(send, &record, err);
    }
    if (status == STATUS_RECORD) {
        refuse(send, err);
        return STATUS_OK;
    }
    send->sent += status == STATUS_OK;
    return status == STATUS_RETRY ? STATUS_OK : status;
}

// Nothing is there to be read: acknowledgements are looked at.
static enum status idle(struct send *send, struct error *err)
{
    enum status status = kafka_writer_flush(send->writer, 0, err);
    return status == STATUS_RETRY ? STATUS_OK : status;
}

static enum status send_lines(struct send *send, struct error *err)
{
    enum status status = STATUS_OK;
    send->begun_ms = clock_now_ms();
    while (status == STATUS_OK && !is_stopped(send)) {
        struct view line;
        switch (lines_next(&send->lines, IDLE_MS, &line, err)) {
        case LINES_LINE:
            status = send_line(send, line, err);
            break;
        case LINES_TOO_LONG:
            error_set(err, STATUS_RECORD, "longer than %d bytes", LINES_BYTES_MAX);
            refuse(send, err);
            break;
        case LINES_IDLE:
            status = idle(send, err);
            break;
        case LINES_END:
            return STATUS_OK;
        case LINES_FAILED:
            return STATUS_FATAL;
        }
    }
    return status;
}

// Waits for the acknowledgements.
static enum status flush(struct send *send, struct error *err)
{
    int64_t begun_ms = clock_now_ms();
    int64_t waited_ms;
    enum status status;
    do {
        status = kafka_writer_flush(send->writer, STEP_MS, err);
        waited_ms = clock_now_ms() - begun_ms;
        if (status == STATUS_RETRY && waited_ms > TROUBLE_AFTER_MS)
            trouble(send, err->text);
    } while (status == STATUS_RETRY &&
             waited_ms < (is_stopped(send) ? FLUSH_STOPPED_MS : FLUSH_MS));
    return status;
}

static enum status run(struct send *send, struct error *err)
{
    struct error why;
    enum status status = open_all(send, err);
    if (status == STATUS_OK) {
        send_maker_init(&send->maker, &send->options, send->encoder, send->schema_id);
        lines_init(&send->lines, STDIN_FILENO);
        status = send_lines(send, err);
        // What was sent before the input failed is waited for too.
        enum status flushed = flush(send, &why);
        if (status == STATUS_OK && flushed != STATUS_OK) {
            *err = why;
            status = flushed;
        }
        lines_release(&send->lines);
        send_maker_release(&send->maker);
        printf("%" PRIu64 " records to %s, %" PRIu64 " refused\n",
               send->sent - (uint64_t)kafka_writer_waiting(send->writer), send->options.topic,
               send->refused);
    }
    close_all(send);
    return status;
}

int cli_send(const struct config *config, const struct line *line)
{
    struct send send = {.config = config};
    struct error err;
    if (send_options_read(line, &send.options, &err) != STATUS_OK) {
        fprintf(stderr, "cardwatch send: %s\n", err.text);
        return CLI_BAD_USAGE;
    }
    signals_open(&send.signals, NULL, NULL);
    enum status status = run(&send, &err);
    signals_close(&send.signals);
    if (status == STATUS_OK)
        return send.refused == 0 ? CLI_DONE : CLI_FAILED;
    fprintf(stderr, "cardwatch send: %s\n", err.text);
    return CLI_FAILED;
}
