// SPDX-License-Identifier: Apache-2.0
#include "stream/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "stream/card_view.h"
#include "stream/inquiry.h"
#include "stream/recent.h"
#include "wire/json_out.h"

enum { REASON_BYTES_MAX = 1024, SOURCE_BYTES_MAX = 320 };

static void write_window(struct json_out *out, const struct rule *rule)
{
    json_out_text(out, "window", rule->kind == RULE_TUMBLING ? "tumbling" : "sliding");
    json_out_integer(out, "window_ms", rule->window_ms);
    json_out_integer(out, "grace_ms", rule->grace_ms);
    if (rule->kind == RULE_SUM)
        json_out_integer(out, "limit_ten_thousandths", rule->limit);
    else
        json_out_count(out, "threshold", rule->threshold);
}

static void write_rules(struct json_out *out, const struct stream_settings *settings)
{
    const struct engine_settings *engine = &settings->engine.settings;
    json_out_array(out, "rules");
    for (size_t r = 0; r < engine->rule_count; r++) {
        json_out_object(out, NULL);
        json_out_text(out, "name", settings->rule_names[r]);
        if (rule_is_windowed(engine->rules[r].kind))
            write_window(out, &engine->rules[r]);
        json_out_object_end(out);
    }
    json_out_array_end(out);
}

static void write_readiness(struct json_out *out, const struct exposition *exposition)
{
    struct buffer reason;
    buffer_init(&reason, REASON_BYTES_MAX);
    bool ready = exposition_ready(exposition, &reason);
    json_out_truth(out, "ready", ready);
    if (!ready && reason.size > 0) {
        // It is an object; its end is a line's end.
        json_out_object(out, "readiness");
        out->failed = out->failed || reason.size < 3 ||
                      !buffer_append(out->buffer, reason.data + 1, reason.size - 3);
        out->more = true;
        json_out_object_end(out);
    }
    buffer_release(&reason);
}

static void write_by_rule(struct json_out *out, const char *name,
                          const struct stream_settings *settings, const uint64_t *values)
{
    json_out_object(out, name);
    for (size_t r = 0; r < settings->engine.settings.rule_count; r++)
        json_out_count(out, settings->rule_names[r], values[r]);
    json_out_object_end(out);
}

static void write_totals(struct json_out *out, const struct stream_settings *settings,
                         const struct counters *sum)
{
    json_out_object(out, "totals");
    json_out_count(out, "purchases", sum->purchases_consumed);
    json_out_count(out, "duplicates", sum->purchases_duplicate);
    json_out_count(out, "capped", sum->purchases_capped);
    json_out_count(out, "tombstones", sum->purchases_tombstone);
    json_out_count(out, "misplaced", sum->purchases_misplaced);
    json_out_count(out, "lost", sum->purchases_lost);
    write_by_rule(out, "late", settings, sum->purchases_late);
    write_by_rule(out, "alerts", settings, sum->alerts);
    json_out_object(out, "dead_letters");
    for (unsigned c = DEAD_LETTER_NONE + 1; c < DEAD_LETTER_CLASSES; c++)
        json_out_count(out, dead_letter_class_name((enum dead_letter_class)c),
                       sum->dead_letters[c]);
    json_out_object_end(out);
    json_out_count(out, "commits", sum->commits);
    json_out_count(out, "aborts", sum->aborts);
    json_out_count(out, "resets", sum->resets);
    json_out_count(out, "checkpoints", sum->checkpoints);
    json_out_count(out, "swept_cards", sum->swept_cards);
    json_out_count(out, "changelog_records", sum->changelog_records);
    json_out_count(out, "restore_records", sum->restore_records);
    json_out_object_end(out);
}

static void write_histogram(struct json_out *out, const char *name,
                            const struct histogram *histogram)
{
    json_out_array(out, name);
    for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++)
        json_out_count(out, NULL, histogram->counts[b]);
    json_out_array_end(out);
}

static void write_latency(struct json_out *out, const struct counters *sum)
{
    json_out_object(out, "latency");
    json_out_array(out, "bounds_seconds");
    for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++)
        json_out_real(out, NULL, histogram_bound(b)); // the last one is infinite: null
    json_out_array_end(out);
    write_histogram(out, "commit", &sum->commit_seconds);
    write_histogram(out, "alert", &sum->alert_latency_seconds);
    json_out_object_end(out);
}

static void write_worker(struct json_out *out, struct worker_metrics *metrics)
{
    int32_t partitions = 0;
    pthread_mutex_lock(&metrics->lock);
    struct counters counters = metrics->counters;
    bool ready = metrics->ready;
    for (int32_t p = 0; p < metrics->partition_count; p++)
        partitions += metrics->partitions[p].owned;
    pthread_mutex_unlock(&metrics->lock);
    json_out_object(out, NULL);
    json_out_truth(out, "ready", ready);
    json_out_integer(out, "partitions", partitions);
    json_out_count(out, "purchases", counters.purchases_consumed);
    json_out_count(out, "alerts", counters_alerts(&counters));
    json_out_count(out, "commits", counters.commits);
    json_out_count(out, "aborts", counters.aborts);
    json_out_count(out, "resets", counters.resets);
    json_out_object_end(out);
}

static const char *state_name(const struct partition_gauges *gauges)
{
    if (gauges->running)
        return "running";
    return gauges->stalled ? "waiting for a schema" : "restoring";
}

static void write_restore(struct json_out *out, const struct partition_gauges *gauges)
{
    json_out_object(out, "restore");
    json_out_integer(out, "from", gauges->restore_from);
    json_out_integer(out, "at", gauges->restore_at);
    json_out_integer(out, "end", gauges->restore_end);
    json_out_integer(out, "records", gauges->restore_records);
    json_out_integer(out, "elapsed_ms", gauges->restore_ms);
    json_out_object_end(out);
}

static void write_partition(struct json_out *out, int32_t partition, int32_t worker,
                            const struct partition_gauges *gauges)
{
    json_out_object(out, NULL);
    json_out_integer(out, "partition", partition);
    json_out_integer(out, "worker", worker);
    json_out_text(out, "state", state_name(gauges));
    json_out_integer(out, "position", gauges->position);
    json_out_integer_if(out, "lag", gauges->lag >= 0, gauges->lag);
    json_out_integer_if(out, "stream_time_ms", gauges->stream_time_known, gauges->stream_time_ms);
    json_out_count(out, "cards", gauges->state_cards);
    json_out_count(out, "bytes", gauges->state_bytes);
    if (gauges->stalled)
        json_out_integer(out, "schema_id", gauges->stalled_schema);
    if (!gauges->running && !gauges->stalled)
        write_restore(out, gauges);
    json_out_object_end(out);
}

static void write_letters(struct json_out *out, struct recent *recent)
{
    struct recent_letter letters[RECENT_LETTERS];
    json_out_array(out, "dead_letters");
    for (unsigned c = DEAD_LETTER_NONE + 1; recent != NULL && c < DEAD_LETTER_CLASSES; c++) {
        size_t count = recent_letters(recent, (enum dead_letter_class)c, letters);
        for (size_t i = 0; i < count; i++) {
            json_out_object(out, NULL);
            json_out_text(out, "class", dead_letter_class_name(letters[i].class_));
            json_out_integer(out, "partition", letters[i].partition);
            json_out_integer(out, "offset", letters[i].offset);
            json_out_text(out, "reason", letters[i].reason);
            json_out_integer(out, "committed_ms", letters[i].committed_ms);
            json_out_object_end(out);
        }
    }
    json_out_array_end(out);
}

static void write_identity(struct json_out *out, const struct exposition *exposition,
                           int64_t wall_ms)
{
    const struct stream_settings *settings = exposition->settings;
    json_out_text(out, "application_id", settings->group_id);
    json_out_text(out, "instance_id",
                  exposition->instance_id != NULL ? exposition->instance_id : "");
    json_out_text(out, "guarantee", settings->at_least_once ? "at_least_once" : "exactly_once");
    json_out_text(out, "topic", settings->input_topic);
    json_out_integer(out, "input_partitions", settings->input_partitions);
    json_out_integer(out, "started_ms", exposition->started_ms);
    json_out_integer(out, "now_ms", wall_ms);
}

bool report_status(const struct exposition *exposition, int64_t wall_ms, struct buffer *buffer)
{
    struct exposition_snapshot snapshot;
    struct json_out out = json_out_to(buffer);
    exposition_take(exposition, &snapshot);
    json_out_object(&out, NULL);
    write_identity(&out, exposition, wall_ms);
    write_readiness(&out, exposition);
    write_rules(&out, exposition->settings);
    write_totals(&out, exposition->settings, &snapshot.sum);
    write_latency(&out, &snapshot.sum);
    json_out_array(&out, "workers");
    for (size_t w = 0; w < exposition->worker_count; w++)
        write_worker(&out, &exposition->workers[w]);
    json_out_array_end(&out);
    json_out_array(&out, "partitions");
    for (int32_t p = 0; p < snapshot.partition_count; p++)
        if (snapshot.owners[p] >= 0)
            write_partition(&out, p, snapshot.owners[p], &snapshot.partitions[p]);
    json_out_array_end(&out);
    write_letters(&out, exposition->recent);
    json_out_object_end(&out);
    exposition_release(&snapshot);
    return !out.failed;
}

// ---- alerts ----

static void write_alert(struct json_out *out, const struct stream_settings *settings,
                        const struct recent_alert *note)
{
    char source[SOURCE_BYTES_MAX];
    snprintf(source, sizeof(source), "%s/%" PRId32 "/%" PRId64, settings->input_topic,
             note->partition, note->offset);
    json_out_object(out, NULL);
    json_out_count(out, "sequence", note->sequence);
    json_out_text(out, "rule", settings->rule_names[note->alert.rule]);
    json_out_text(out, "card", note->card);
    json_out_count(out, "count", note->alert.count);
    json_out_integer(out, "timestamp_ms", note->alert.timestamp_ms);
    json_out_integer(out, "detected_at_ms", note->alert.detected_at_ms);
    json_out_text(out, "source", source);
    json_out_integer(out, "committed_ms", note->committed_ms);
    json_out_integer_if(out, "latency_ms", note->message_ms >= 0,
                        note->committed_ms - note->message_ms);
    json_out_object_end(out);
}

bool report_alerts(const struct exposition *exposition, uint64_t *after, struct buffer *buffer)
{
    struct json_out out = json_out_to(buffer);
    size_t count = 0;
    struct recent_alert *notes = memory_zeroed(RECENT_ALERTS, sizeof(*notes));
    if (exposition->recent != NULL)
        count = recent_alerts(exposition->recent, *after, notes);
    json_out_array(&out, NULL);
    for (size_t i = 0; i < count; i++)
        write_alert(&out, exposition->settings, &notes[i]);
    json_out_array_end(&out);
    if (count > 0)
        *after = notes[count - 1].sequence;
    free(notes);
    return !out.failed;
}

// ---- a card ----

bool report_card_ask(const struct exposition *exposition, struct view card)
{
    struct token token;
    for (size_t w = 0; w < exposition->worker_count; w++) {
        struct inquiry *inquiry = exposition->workers[w].inquiry;
        if (inquiry == NULL || inquiry_waits(inquiry))
            return false;
    }
    token_of(exposition->settings->token_key, card, &token);
    for (size_t w = 0; w < exposition->worker_count; w++)
        (void)inquiry_ask(exposition->workers[w].inquiry, &token);
    return true;
}

static void write_found(const struct exposition *exposition, const struct inquiry *inquiry,
                        struct json_out *out)
{
    struct error err;
    const struct card_view view = {
        .engine = &exposition->settings->engine,
        .rule_names = exposition->settings->rule_names,
        .stream_time = inquiry->stream_time,
        .record = buffer_view(&inquiry->card),
    };
    json_out_integer(out, "partition", inquiry->partition);
    json_out_text(out, "as_of", inquiry->in_memory ? "now" : "last checkpoint");
    json_out_integer_if(out, "stream_time_ms", inquiry->stream_time.known, inquiry->stream_time.ms);
    if (card_view_write(&view, out, &err) != STATUS_OK)
        json_out_text(out, "problem", err.text);
}

bool report_card_answer(const struct exposition *exposition, struct view card,
                        struct buffer *buffer)
{
    char masked[CARD_MASKED_MAX];
    struct inquiry *found = NULL;
    int64_t untold = 0;
    for (size_t w = 0; w < exposition->worker_count; w++) {
        struct inquiry *inquiry = exposition->workers[w].inquiry;
        if (!inquiry_is_answered(inquiry))
            return false;
        untold += inquiry->untold_count;
        if (inquiry->partition >= 0)
            found = inquiry;
    }
    struct json_out out = json_out_to(buffer);
    card_mask(card, masked);
    json_out_object(&out, NULL);
    json_out_text(&out, "card", masked);
    json_out_truth(&out, "found", found != NULL);
    json_out_integer(&out, "untold_partitions", untold);
    if (found != NULL)
        write_found(exposition, found, &out);
    json_out_object_end(&out);
    return true;
}
