// SPDX-License-Identifier: Apache-2.0
#include "stream/output.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/log.h"
#include "engine/evidence.h"
#include "wire/mask.h"

enum {
    NUMBER_BYTES_MAX = 24,
    SOURCE_BYTES_MAX = 320, // a topic name has at most 249 bytes
    ALERT_BYTES_MAX = 64 * 1024,
    MASKED_BYTES_MAX = 1024 * 1024 * 1024, // as a message, which librdkafka bounds
};

void output_init(struct output *output, const struct stream_settings *settings,
                 struct broker *broker)
{
    *output = (struct output){.settings = settings, .broker = broker};
    buffer_init(&output->avro, ALERT_BYTES_MAX);
    buffer_init(&output->json, ALERT_BYTES_MAX);
    buffer_init(&output->masked, MASKED_BYTES_MAX);
}

void output_release(struct output *output)
{
    buffer_release(&output->avro);
    buffer_release(&output->json);
    buffer_release(&output->masked);
}

static int64_t record_time(const struct message *message)
{
    return message->has_timestamp ? message->timestamp_ms : -1;
}

// What only some alert schemas show.
static void add_details(struct output *output, const struct alert *alert,
                        const struct output_cause *cause, struct alert_fields *fields)
{
    const struct engine *engine = &output->settings->engine;
    uint32_t wanted = output->settings->alert_details;
    const struct purchase *purchase = cause->purchase;
    if ((purchase->present & PURCHASE_AMOUNT) != 0)
        fields->known |= ALERT_AMOUNT;
    if ((purchase->present & PURCHASE_DISTANCE) != 0)
        fields->known |= ALERT_DISTANCE;
    fields->amount = purchase->amount;
    fields->distance = purchase->distance_from_billing_zip;
    if ((wanted & ALERT_PURCHASE_IDS) == 0 || !engine->settings.dedupe)
        return;
    fields->known |= ALERT_PURCHASE_IDS;
    fields->purchase_ids = output->purchase_ids;
    fields->purchase_id_count =
        evidence_ids(engine, alert, cause->state, output->purchase_ids, ALERT_PURCHASE_IDS_MAX);
    bool alone = !rule_is_windowed(engine->settings.rules[alert->rule].kind);
    if (alone && (purchase->present & PURCHASE_ID) != 0)
        output->purchase_ids[fields->purchase_id_count++] = purchase->id;
}

// The sum with four digits behind the point, or the number of values; false for other rules.
static bool format_level(const struct output *output, const struct alert *alert,
                         char text[NUMBER_BYTES_MAX])
{
    text[0] = '\0';
    switch (output->settings->engine.settings.rules[alert->rule].kind) {
    case RULE_SUM:
        snprintf(text, NUMBER_BYTES_MAX, "%" PRId64 ".%04" PRId64, alert->level / AMOUNT_UNITS,
                 alert->level % AMOUNT_UNITS);
        return true;
    case RULE_DISTINCT:
        snprintf(text, NUMBER_BYTES_MAX, "%" PRId64, alert->level);
        return true;
    default:
        return false;
    }
}

enum status output_alert(struct output *output, const struct alert *alert,
                         const struct output_cause *cause, struct error *err)
{
    const struct message *source = cause->message;
    ensure(alert->rule < output->settings->engine.settings.rule_count);
    const char *rule = output->settings->rule_names[alert->rule];
    char count[NUMBER_BYTES_MAX];
    char detected_at[NUMBER_BYTES_MAX];
    char origin[SOURCE_BYTES_MAX];
    char level[NUMBER_BYTES_MAX];
    bool has_level = format_level(output, alert, level);
    snprintf(count, sizeof(count), "%" PRIu64, alert->count);
    snprintf(detected_at, sizeof(detected_at), "%" PRId64, alert->detected_at_ms);
    snprintf(origin, sizeof(origin), "%s/%" PRId32 "/%" PRId64, output->settings->input_topic,
             source->partition, source->offset);
    const struct header headers[] = {
        {"cardwatch.rule", view_text(rule)},
        {"cardwatch.count", view_text(count)},
        {"cardwatch.detected_at", view_text(detected_at)},
        {"cardwatch.source", view_text(origin)},
        {"cardwatch.level", view_text(level)}, // the last: only where there is one
    };
    struct alert_fields fields = {.type = view_text(rule),
                                  .credit_card = cause->card,
                                  .timestamp_ms = alert->timestamp_ms,
                                  .count = alert->count,
                                  .detected_at_ms = alert->detected_at_ms};
    if (output->settings->alert_details != 0)
        add_details(output, alert, cause, &fields);
    buffer_clear(&output->avro);
    buffer_clear(&output->json);
    alert_encode_avro(output->settings->alert_encoder, &fields, &output->avro);
    alert_encode_json(output->settings->alert_encoder, &fields, &output->json);
    struct record record = {
        .topic = OUTPUT_ALERTS_AVRO,
        .partition = -1,
        .timestamp_ms = record_time(source),
        .key = cause->card,
        .value = buffer_view(&output->avro),
        .headers = headers,
        .header_count = sizeof(headers) / sizeof(headers[0]) - !has_level,
    };
    enum status status = output->broker->ops->produce(output->broker, &record, err);
    if (status != STATUS_OK)
        return status;
    record.topic = OUTPUT_ALERTS_JSON;
    record.value = buffer_view(&output->json);
    return output->broker->ops->produce(output->broker, &record, err);
}

// Queues the record; one that the topic does not take goes without its value, with its last header,
// which says how large that was. STATUS_FATAL when there is nothing left to omit.
static enum status put_whole_or_without_value(struct output *output, struct record *record,
                                              const struct message *source, const char *what,
                                              struct error *err)
{
    size_t header_count = record->header_count;
    record->header_count--;
    enum status status = output->broker->ops->produce(output->broker, record, err);
    if (status != STATUS_RECORD)
        return status;
    record->value = (struct view){NULL, 0};
    record->header_count = header_count;
    status = output->broker->ops->produce(output->broker, record, err);
    if (status == STATUS_RECORD) // the key or the headers alone are too large
        return error_prefix(err, STATUS_FATAL,
                            "%s of %s/%" PRId32 "/%" PRId64
                            " does not fit the topic even without its value; raise the "
                            "topic's max.message.bytes",
                            what, output->settings->input_topic, source->partition, source->offset);
    return status;
}

enum status output_masked(struct output *output, const struct message *message,
                          const struct purchase *purchase, struct view card, struct error *err)
{
    char masked_card[CARD_MASKED_MAX];
    char masked_key[CARD_MASKED_MAX];
    char omitted[NUMBER_BYTES_MAX];
    card_mask(card, masked_card);
    card_mask(message->key, masked_key);
    snprintf(omitted, sizeof(omitted), "%zu", message->value.size);
    buffer_clear(&output->masked);
    ensure(mask_append(message->value, purchase, view_text(masked_card), &output->masked));
    const struct header headers[] = {{"cardwatch.value_omitted", view_text(omitted)}};
    struct record record = {
        .topic = OUTPUT_MASKED_PURCHASES,
        .partition = message->partition,
        .timestamp_ms = record_time(message),
        .key = message->key.data == NULL ? message->key : view_text(masked_key),
        .value = buffer_view(&output->masked),
        .headers = headers,
        .header_count = 1,
        .copy_headers_of = message,
    };
    return put_whole_or_without_value(output, &record, message, "the masked purchase", err);
}

// The stage of Kafka Connect's pipeline that corresponds to where the purchase failed.
static const char *stage_name(enum dead_letter_class class_)
{
    switch (class_) {
    case DEAD_LETTER_NO_CARD:
    case DEAD_LETTER_NO_TIMESTAMP:
    case DEAD_LETTER_FUTURE_TIMESTAMP:
        return "TRANSFORMATION";
    default:
        return "VALUE_CONVERTER";
    }
}

enum status output_dead_letter(struct output *output, const struct message *message,
                               enum dead_letter_class class_, const char *reason, struct error *err)
{
    ensure(class_ != DEAD_LETTER_NONE);
    char partition[NUMBER_BYTES_MAX];
    char offset[NUMBER_BYTES_MAX];
    char omitted[NUMBER_BYTES_MAX];
    snprintf(partition, sizeof(partition), "%" PRId32, message->partition);
    snprintf(offset, sizeof(offset), "%" PRId64, message->offset);
    snprintf(omitted, sizeof(omitted), "%zu", message->value.size);
    const char *name = dead_letter_class_name(class_);
    const struct header headers[] = {
        {"__connect.errors.topic", view_text(output->settings->input_topic)},
        {"__connect.errors.partition", view_text(partition)},
        {"__connect.errors.offset", view_text(offset)},
        {"__connect.errors.stage", view_text(stage_name(class_))},
        {"__connect.errors.class.name", view_text(name)},
        {"__connect.errors.exception.class.name", view_text(name)},
        {"__connect.errors.exception.message", view_text(reason)},
        {"cardwatch.value_omitted", view_text(omitted)}, // the last: only when it is
    };
    struct record record = {
        .topic = OUTPUT_DEAD_LETTERS,
        .partition = -1,
        .timestamp_ms = record_time(message),
        .key = message->key,
        .value = message->value,
        .headers = headers,
        .header_count = sizeof(headers) / sizeof(headers[0]),
        .copy_headers_of = message,
    };
    return put_whole_or_without_value(output, &record, message, "the dead letter", err);
}
