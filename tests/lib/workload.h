// SPDX-License-Identifier: Apache-2.0
// Purchases made by the generator and written into a topic, and what must come of them: the alerts
// by the oracle, one a partition, and the dead letters.
#ifndef LIB_WORKLOAD_H
#define LIB_WORKLOAD_H

#include "demo/generator.h"
#include "lib/loader.h"
#include "lib/oracle.h"

struct expected_alert {
    char *card;
    size_t rule;
    int64_t timestamp_ms;
    int64_t detected_at_ms;
    uint64_t count;
    int32_t partition; // of the purchase that raised it
    int64_t offset;
    int64_t message_timestamp_ms;
};

struct expected_letter {
    enum dead_letter_class class_;
    int32_t partition;
    int64_t offset;
};

struct workload_settings {
    struct generator_settings generator;
    struct oracle_settings oracle;
    const char *bootstrap; // NULL: nothing can be sent, workload_expect alone
    const char *topic;
    int32_t partitions;
    const char *compression; // NULL: none
};

struct workload {
    struct generator *generator;
    struct loader *loader;
    struct oracle **oracles; // by partition
    struct oracle_settings oracle_settings;
    bool (*travelling)(void *context, struct view card); // for travel rules; NULL: nobody is
    void *travelling_context;
    int32_t partitions;
    uint32_t schema_id;
    size_t sent_count;
    size_t duplicate_count;
    size_t late_count; // purchases late for at least one rule
    struct expected_alert *alerts;
    size_t alert_count;
    size_t alert_capacity;
    struct expected_letter *letters;
    size_t letter_count;
    size_t letter_capacity;
    // Called for each purchase that is no dead letter, in the order of sending; NULL: for none.
    void (*accepted)(void *context, const struct generated *message, int32_t partition,
                     bool duplicate);
    void *accepted_context;
};

void workload_open(struct workload *workload, const struct workload_settings *settings);
void workload_close(struct workload *workload);

// Sends the next `count` messages and waits until they are on the broker. May be repeated.
void workload_send(struct workload *workload, size_t count);

// Accounts for the generator's next message, or one made up, that somebody else sends: it is to
// stand at this place of the topic.
void workload_expect(struct workload *workload, const struct generated *message, int32_t partition,
                     int64_t offset);

// Sends one message made up by the test (or by generator_malformed) to a partition (-1: by the
// key) and accounts for it. Flush with loader_flush.
void workload_take(struct workload *workload, const struct generated *message, int32_t partition);

// Sends one purchase with the card as key, to the partition of the key, and accounts for it.
void workload_purchase(struct workload *workload, const struct purchase_values *purchase,
                       int64_t message_timestamp_ms);
// The same without a word to the oracle: for purchases that raise no alert and change no other.
void workload_send_unjudged(struct workload *workload, const struct purchase_values *purchase,
                            int64_t message_timestamp_ms);

#endif
