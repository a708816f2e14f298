// SPDX-License-Identifier: Apache-2.0
#include "lib/workload.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

void workload_open(struct workload *workload, const struct workload_settings *settings)
{
    const char *compression = settings->compression == NULL ? "none" : settings->compression;
    *workload = (struct workload){
        .generator = generator_open(&settings->generator),
        .oracles = memory_zeroed((size_t)settings->partitions, sizeof(struct oracle *)),
        .oracle_settings = settings->oracle,
        .partitions = settings->partitions,
        .schema_id = settings->generator.schema_id,
    };
    if (settings->bootstrap != NULL)
        workload->loader = loader_open_with(settings->bootstrap, settings->topic,
                                            settings->partitions, compression);
    for (int32_t p = 0; p < settings->partitions; p++)
        workload->oracles[p] = oracle_open(&settings->oracle);
}

void workload_close(struct workload *workload)
{
    if (workload->oracles == NULL)
        return;
    generator_close(workload->generator);
    loader_close(workload->loader);
    for (int32_t p = 0; p < workload->partitions; p++)
        oracle_close(workload->oracles[p]);
    for (size_t i = 0; i < workload->alert_count; i++)
        free(workload->alerts[i].card);
    free(workload->oracles);
    free(workload->alerts);
    free(workload->letters);
    *workload = (struct workload){0};
}

static void expect_letter(struct workload *workload, enum dead_letter_class class_,
                          int32_t partition, int64_t offset)
{
    if (workload->letter_count == workload->letter_capacity) {
        workload->letter_capacity = 2 * workload->letter_capacity + 64;
        workload->letters = memory_resized(workload->letters, workload->letter_capacity,
                                           sizeof(*workload->letters));
    }
    workload->letters[workload->letter_count++] =
        (struct expected_letter){class_, partition, offset};
}

static void expect_alert(struct workload *workload, const struct oracle_alert *alert,
                         const struct generated *message, int32_t partition)
{
    if (workload->alert_count == workload->alert_capacity) {
        workload->alert_capacity = 2 * workload->alert_capacity + 1024;
        workload->alerts =
            memory_resized(workload->alerts, workload->alert_capacity, sizeof(*workload->alerts));
    }
    workload->alerts[workload->alert_count++] = (struct expected_alert){
        .card = memory_copy(message->purchase.credit_card.data, message->purchase.credit_card.size),
        .rule = alert->rule,
        .timestamp_ms = alert->timestamp_ms,
        .detected_at_ms = alert->detected_at_ms,
        .count = alert->count,
        .partition = partition,
        .offset = alert->source_offset,
        .message_timestamp_ms = message->message_timestamp_ms,
    };
}

// The purchase as the oracle takes it: judged by the event-time rules.
static enum dead_letter_class step(struct workload *workload, const struct generated *message,
                                   int32_t partition, int64_t offset, struct oracle_result *result)
{
    struct oracle *oracle = workload->oracles[partition];
    const struct oracle_time own = {message->purchase.has_timestamp,
                                    message->purchase.timestamp_ms};
    const struct oracle_time sent = {message->message_timestamp_ms >= 0,
                                     message->message_timestamp_ms};
    struct oracle_purchase purchase = {
        .card = message->purchase.credit_card,
        .offset = offset,
        .id = message->purchase.id,
        .has_id = true,
        .distance = message->purchase.distance_from_billing_zip,
        .has_distance = message->purchase.has_distance,
        .amount = message->purchase.amount,
        .has_amount = message->purchase.has_amount,
        .category = message->purchase.category,
    };
    if (workload->travelling != NULL)
        purchase.travelling = workload->travelling(workload->travelling_context, purchase.card);
    enum oracle_time_verdict verdict = oracle_event_time(
        &workload->oracle_settings, oracle_stream_time(oracle), own, sent, &purchase.event_time_ms);
    if (verdict == ORACLE_NO_TIMESTAMP)
        return DEAD_LETTER_NO_TIMESTAMP;
    if (verdict == ORACLE_FUTURE_TIMESTAMP)
        return DEAD_LETTER_FUTURE_TIMESTAMP;
    oracle_step(oracle, &purchase, result);
    return DEAD_LETTER_NONE;
}

void workload_expect(struct workload *workload, const struct generated *message, int32_t partition,
                     int64_t offset)
{
    struct oracle_result result = {0};
    enum dead_letter_class class_ = message->malformed;
    // What NoTimestamp comes to depends on the partition: only the rules can tell.
    if (class_ == DEAD_LETTER_NONE || class_ == DEAD_LETTER_NO_TIMESTAMP)
        class_ = step(workload, message, partition, offset, &result);
    if (class_ != DEAD_LETTER_NONE) {
        expect_letter(workload, class_, partition, offset);
        return;
    }
    if (workload->accepted != NULL)
        workload->accepted(workload->accepted_context, message, partition, result.duplicate);
    workload->duplicate_count += result.duplicate;
    workload->late_count += result.late_rules != 0;
    for (size_t i = 0; i < result.alert_count; i++)
        expect_alert(workload, &result.alerts[i], message, partition);
}

// Sends a message: the partition and offset that it has.
static void send_one(struct workload *workload, const struct generated *message, int32_t *partition,
                     int64_t *offset)
{
    struct loader_message sent = {
        .partition = *partition,
        .key = message->key,
        .value = message->value,
        .timestamp_ms = message->message_timestamp_ms,
    };
    loader_send(workload->loader, &sent, partition, offset);
    workload->sent_count++;
}

void workload_take(struct workload *workload, const struct generated *message, int32_t partition)
{
    int64_t offset;
    send_one(workload, message, &partition, &offset);
    workload_expect(workload, message, partition, offset);
}

void workload_send(struct workload *workload, size_t count)
{
    struct generated message;
    for (size_t i = 0; i < count; i++) {
        generator_next(workload->generator, &message);
        workload_take(workload, &message, -1);
    }
    loader_flush(workload->loader);
}

static void send_purchase(struct workload *workload, const struct purchase_values *purchase,
                          int64_t message_timestamp_ms, bool judged)
{
    struct buffer value;
    int32_t partition = -1;
    int64_t offset;
    buffer_init(&value, 4096);
    ensure(purchase_write(purchase, workload->schema_id, &value));
    const struct generated message = {
        .key = purchase->credit_card,
        .value = buffer_view(&value),
        .message_timestamp_ms = message_timestamp_ms,
        .purchase = *purchase,
    };
    send_one(workload, &message, &partition, &offset);
    if (judged)
        workload_expect(workload, &message, partition, offset);
    buffer_release(&value);
}

void workload_purchase(struct workload *workload, const struct purchase_values *purchase,
                       int64_t message_timestamp_ms)
{
    send_purchase(workload, purchase, message_timestamp_ms, true);
}

void workload_send_unjudged(struct workload *workload, const struct purchase_values *purchase,
                            int64_t message_timestamp_ms)
{
    send_purchase(workload, purchase, message_timestamp_ms, false);
}
