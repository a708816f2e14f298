// SPDX-License-Identifier: Apache-2.0
// What the group has committed was committed together with its alerts: so its offsets are noted
// first, then the ends of the alert topics, and all that belongs to the purchases below the offsets
// lies before these ends.
#include "cli/replay_verify.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/comparison.h"
#include "cli/connect.h"
#include "cli/printer.h"
#include "cli/replay_summary.h"
#include "cli/replay_topic.h"
#include "cli/tail_values.h"
#include "wire/json_text.h"

enum {
    POLL_MS = 100,
    QUIET_END_MS = 60000, // an open transaction of a dead process is over by then
    NAP_NS = 10 * 1000 * 1000,
    TEXT_BYTES_MAX = 16 * 1024 * 1024,
};

// Alerts that are no difference though nothing was compared with them, or too little.
struct set_aside {
    uint64_t before; // of purchases before the span
    uint64_t after;  // of purchases that came later
    uint64_t foreign;
    uint64_t travel;
    uint64_t unsure; // of purchases that others before the span may have mattered to
};

struct verify {
    struct replay_site *site;
    struct replay_topic topic;
    int32_t partitions[OUTPUT_TOPICS]; // of the alert topics
    pthread_mutex_t lock;
    struct comparison *comparison;
    struct set_aside aside;
    struct tail_values *values;
    struct printer printer;
    struct buffer text;
    uint64_t differences[3]; // by kind
    enum status status;      // of writing
    struct error err;
};

static const char *topic_name(const struct verify *verify, enum output_topic topic)
{
    const struct config *config = verify->site->config;
    return topic == OUTPUT_ALERTS_AVRO ? config->topics.alerts_avro : config->topics.alerts_json;
}

// ---------------------------------------------------------------------------------------------
// Both sides

// What a travel rule raises depends on when rows of its table were read.
static bool is_travel(const struct verify *verify, const struct replay_alert *alert)
{
    const struct config *config = verify->site->config;
    for (size_t r = 0; r < config->rule_count; r++)
        if (config->rules[r].type == CONFIG_RULE_TRAVEL &&
            view_equal(alert->rule, view_text(config->rules[r].name)))
            return true;
    return false;
}

static void expected(void *context, const struct record *record)
{
    struct verify *verify = context;
    if (record->topic != OUTPUT_ALERTS_AVRO && record->topic != OUTPUT_ALERTS_JSON)
        return;
    const struct replay_alert alert =
        replay_alert_written(record, verify->partitions[record->topic]);
    if (is_travel(verify, &alert))
        return;
    pthread_mutex_lock(&verify->lock);
    comparison_expect(verify->comparison, &alert);
    pthread_mutex_unlock(&verify->lock);
}

static void met(struct verify *verify, const struct replay_alert *alert)
{
    struct view topic;
    int32_t partition;
    int64_t offset;
    struct set_aside *aside = &verify->aside;
    if (is_travel(verify, alert)) {
        aside->travel++;
        return;
    }
    if (!replay_alert_source(alert, &topic, &partition, &offset)) {
        comparison_meet(verify->comparison, alert);
        return;
    }
    bool ours = view_equal(topic, view_text(verify->site->config->topics.purchases)) &&
                partition < verify->topic.partition_count;
    if (!ours)
        aside->foreign++;
    else if (offset < verify->topic.spans[partition].from)
        aside->before++;
    else if (offset >= verify->topic.spans[partition].end)
        aside->after++;
    else
        comparison_meet(verify->comparison, alert);
}

// ---------------------------------------------------------------------------------------------
// The alert topics

static enum status follow(struct verify *verify, struct kafka_follower *follower,
                          enum output_topic topic, struct error *err)
{
    int64_t heard_ms = clock_now_ms();
    while (!kafka_follower_at_end(follower)) {
        const struct kafka_followed *records;
        size_t count;
        enum status status = kafka_follower_poll(follower, POLL_MS, &records, &count, err);
        if (status != STATUS_OK && status != STATUS_RETRY)
            return status;
        for (size_t i = 0; i < count; i++) {
            const struct replay_alert alert = replay_alert_read(&records[i], topic);
            met(verify, &alert);
        }
        if (count > 0 || status == STATUS_RETRY)
            heard_ms = clock_now_ms();
        if (replay_site_is_asked_to_stop(verify->site))
            return error_set(err, STATUS_RETRY, "stopped before the end");
        if (clock_now_ms() - heard_ms > QUIET_END_MS)
            return error_set(err, STATUS_FATAL,
                             "the end of %s does not come: an open transaction hides it",
                             topic_name(verify, topic));
    }
    return STATUS_OK;
}

static enum status read_alerts(struct verify *verify, enum output_topic topic, struct error *err)
{
    const struct replay_site *site = verify->site;
    const struct kafka_follower_settings settings = {
        .topic = topic_name(verify, topic),
        .group_id = site->config->application_id,
        .from = KAFKA_FOLLOW_BEGINNING,
    };
    struct kafka_follower *follower;
    enum status status =
        kafka_topic_partitions(site->cluster, settings.topic, &verify->partitions[topic], err);
    if (status == STATUS_OK)
        status = connect_follower(site->config, site->cluster, &settings, &follower, err);
    if (status != STATUS_OK)
        return status;
    status = kafka_follower_note_end(follower, err);
    if (status == STATUS_OK)
        status = follow(verify, follower, topic, err);
    kafka_follower_close(follower);
    return status;
}

// ---------------------------------------------------------------------------------------------
// Differences

// Waits for the schema of an Avro alert. False: it cannot be shown.
static bool decode(struct verify *verify, struct view value)
{
    struct error why;
    enum status status;
    buffer_clear(&verify->text);
    while ((status = tail_values_append(verify->values, value, TAIL_VALUE, &verify->text, &why)) ==
               STATUS_RETRY &&
           !replay_site_is_asked_to_stop(verify->site))
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    return status == STATUS_OK;
}

// An alert's value with its card masked; null for what has no card that could be found.
static bool value_append(struct verify *verify, const struct replay_alert *alert,
                         struct buffer *out)
{
    if (alert == NULL || !decode(verify, alert->value))
        return buffer_append_format(out, "null");
    return replay_alert_mask(buffer_view(&verify->text), out) || buffer_append_format(out, "null");
}

static bool text_append(const char *lead, struct view text, struct buffer *out)
{
    return buffer_append_format(out, "%s", lead) &&
           (text.data == NULL ? buffer_append_format(out, "null") : json_text_append(out, text));
}

static bool line_append(struct verify *verify, const struct difference *difference,
                        struct buffer *out)
{
    static const char *const kinds[] = {"missing", "extra", "different"};
    const struct replay_alert *alert =
        difference->expected != NULL ? difference->expected : difference->met;
    char card[CARD_MASKED_MAX];
    card_mask(alert->key, card);
    return text_append("{\"difference\": ", view_text(kinds[difference->kind]), out) &&
           text_append(", \"topic\": ", view_text(topic_name(verify, alert->topic)), out) &&
           buffer_append_format(out, ", \"partition\": %" PRId32, alert->partition) &&
           text_append(", \"key\": ", view_text(card), out) &&
           text_append(", \"rule\": ", alert->rule, out) &&
           text_append(", \"source\": ", alert->source, out) &&
           buffer_append_format(out, ", \"expected\": ") &&
           value_append(verify, difference->expected, out) &&
           buffer_append_format(out, ", \"found\": ") &&
           value_append(verify, difference->met, out) && buffer_append(out, "}\n", 2);
}

static bool is_unsure(const struct verify *verify, const struct replay_alert *alert)
{
    struct view topic;
    int32_t partition;
    int64_t offset;
    return replay_alert_source(alert, &topic, &partition, &offset) &&
           partition < verify->topic.partition_count &&
           offset < verify->topic.spans[partition].warm_offset;
}

static void tell(void *context, const struct difference *difference)
{
    struct verify *verify = context;
    const struct replay_alert *alert =
        difference->expected != NULL ? difference->expected : difference->met;
    if (is_unsure(verify, alert)) {
        verify->aside.unsure++;
        return;
    }
    verify->differences[difference->kind]++;
    if (verify->printer.closed || verify->status != STATUS_OK)
        return;
    ensure(line_append(verify, difference, printer_buffer(&verify->printer)));
    if (printer_is_large(&verify->printer))
        verify->status = printer_flush(&verify->printer, &verify->err);
}

// ---------------------------------------------------------------------------------------------
// The whole

// Nothing is compared that the group has not committed: its alerts are not there yet. Offsets that
// have expired are no reason not to compare, but whoever wants that says where to end.
static enum status cut_spans(struct replay_topic *topic, struct error *err)
{
    bool any = false;
    for (int32_t p = 0; p < topic->partition_count; p++)
        any = any || topic->spans[p].committed >= 0;
    if (!any && topic->site->options->until.kind == REPLAY_EDGE)
        return error_set(
            err, STATUS_FATAL,
            "the consumer group %s has committed nothing: which alerts should be there "
            "is not known (with --until, those of all purchases before it)",
            topic->site->config->application_id);
    for (int32_t p = 0; p < topic->partition_count && any; p++) {
        struct replay_span *span = &topic->spans[p];
        if (span->committed < span->end)
            span->end = span->committed;
        if (span->end < span->from)
            span->end = span->from;
    }
    return STATUS_OK;
}

static void append_aside(uint64_t count, const char *what, struct buffer *out)
{
    if (count > 0)
        ensure(buffer_append_format(out, "not compared: %" PRIu64 " %s\n", count, what));
}

static void summarise(const struct verify *verify, int64_t taken_ms)
{
    const struct counters counters = replay_topic_counters(&verify->topic);
    const struct set_aside *aside = &verify->aside;
    const uint64_t *differences = verify->differences;
    struct buffer out;
    buffer_init(&out, TEXT_BYTES_MAX);
    replay_summary_append(&counters, &verify->site->settings, taken_ms, &out);
    append_aside(aside->before,
                 "alerts of purchases that are not in the topic any more, or not asked for", &out);
    append_aside(aside->after, "alerts of purchases behind the end of the comparison", &out);
    append_aside(aside->foreign, "alerts of purchases in another topic", &out);
    append_aside(aside->travel, "alerts of travel rules, which depend on when flags were read",
                 &out);
    append_aside(aside->unsure,
                 "differences that earlier purchases, which are not in the topic any more or not "
                 "asked for, may explain",
                 &out);
    if (comparison_repeated_count(verify->comparison) > 0)
        ensure(buffer_append_format(&out, "repeated: %zu alerts (at least once)\n",
                                    comparison_repeated_count(verify->comparison)));
    ensure(buffer_append_format(
        &out,
        "compared: %zu equal, %" PRIu64 " missing, %" PRIu64 " extra, %" PRIu64 " different\n",
        comparison_equal_count(verify->comparison), differences[DIFFERENCE_MISSING],
        differences[DIFFERENCE_EXTRA], differences[DIFFERENCE_DIFFERENT]));
    fprintf(stderr, "%.*s", (int)out.size, (const char *)out.data);
    buffer_release(&out);
}

static enum status compare(struct verify *verify, struct error *err)
{
    enum status status = cut_spans(&verify->topic, err);
    if (status == STATUS_OK)
        status = read_alerts(verify, OUTPUT_ALERTS_AVRO, err);
    if (status == STATUS_OK)
        status = read_alerts(verify, OUTPUT_ALERTS_JSON, err);
    int64_t begun_ms = clock_now_ms();
    if (status == STATUS_OK)
        status = replay_topic_run(&verify->topic, err);
    if (status != STATUS_OK)
        return status;
    int64_t taken_ms = clock_now_ms() - begun_ms;
    comparison_end(verify->comparison, tell, verify);
    if (verify->status == STATUS_OK)
        verify->status = printer_flush(&verify->printer, &verify->err);
    summarise(verify, taken_ms);
    if (verify->status != STATUS_OK)
        *err = verify->err;
    return verify->status;
}

enum status replay_verify(struct replay_site *site, bool *equal, struct error *err)
{
    struct verify verify = {.site = site};
    const struct replay_listener listener = {expected, &verify};
    pthread_mutex_init(&verify.lock, NULL);
    verify.comparison = comparison_open(site->settings.at_least_once);
    verify.values = tail_values_open(site->registry, false);
    printer_init(&verify.printer, STDOUT_FILENO, &site->signals.asked);
    buffer_init(&verify.text, TEXT_BYTES_MAX);
    enum status status = replay_topic_open(&verify.topic, site, &listener, err);
    if (status == STATUS_OK)
        status = compare(&verify, err);
    *equal = verify.differences[0] + verify.differences[1] + verify.differences[2] == 0;
    replay_topic_close(&verify.topic);
    buffer_release(&verify.text);
    printer_release(&verify.printer);
    tail_values_close(verify.values);
    comparison_close(verify.comparison);
    pthread_mutex_destroy(&verify.lock);
    return status;
}
