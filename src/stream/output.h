// SPDX-License-Identifier: Apache-2.0
// What a purchase makes the service write besides its state: alerts on both topics, itself without
// its card number, and dead letters in Kafka Connect's form (KIP-298: the __connect.errors.*
// headers).
#ifndef STREAM_OUTPUT_H
#define STREAM_OUTPUT_H

#include "engine/engine.h"
#include "stream/settings.h"
#include "wire/purchase.h"

// The purchase that raises an alert.
struct output_cause {
    const struct message *message;
    struct view card;
    const struct purchase *purchase;
    struct card *state; // as the engine left it
};

// Buffers reused from record to record; owned by the worker.
struct output {
    const struct stream_settings *settings;
    struct broker *broker;
    struct buffer avro;
    struct buffer json;
    struct buffer masked;
    int64_t purchase_ids[ALERT_PURCHASE_IDS_MAX];
};

void output_init(struct output *output, const struct stream_settings *settings,
                 struct broker *broker);
void output_release(struct output *output);

// Queues one alert on alerts-avro and alerts-json, with the details that the alert schema has.
enum status output_alert(struct output *output, const struct alert *alert,
                         const struct output_cause *cause, struct error *err) MUST_USE;

// Queues the purchase on the topic of masked purchases, in the partition it came from: value and
// key without the card number, headers and timestamp as they were. One that the topic does not take
// goes without its value.
enum status output_masked(struct output *output, const struct message *message,
                          const struct purchase *purchase, struct view card,
                          struct error *err) MUST_USE;

// Queues a dead letter: the message as it was, plus why. One that the topic does not take goes
// without its value.
enum status output_dead_letter(struct output *output, const struct message *message,
                               enum dead_letter_class class_, const char *reason,
                               struct error *err) MUST_USE;

#endif
