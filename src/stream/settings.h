// SPDX-License-Identifier: Apache-2.0
// What the stream runtime is told at start: its settings (const, shared by all workers) and the
// ports through which it sees the world. Given the ports' answers a worker is deterministic.
#ifndef STREAM_SETTINGS_H
#define STREAM_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/broker.h"
#include "engine/engine.h"
#include "registry/registry.h"
#include "store/store.h"
#include "store/token.h"
#include "wire/alert.h"

struct stream_settings {
    struct engine engine;
    const char *rule_names[RULES_MAX]; // by the engine's rule index; an alert's type
    bool at_least_once;
    int64_t commit_interval_ms;
    int64_t min_commit_interval_ms;
    int64_t checkpoint_interval_ms;
    size_t cache_bytes;      // cards in memory, a worker
    size_t dirty_max_count;  // a transaction with more changed cards is committed at once
    size_t staged_max_bytes; // a task with more to checkpoint does so at once
    const char *input_topic;
    const char *table_topic;     // of the travel rule; NULL: no rule asks for it
    const char *changelog_topic; // for sentences
    const char *group_id;        // for sentences
    uint32_t needed_fields;      // enum purchase_field bits
    uint8_t fingerprint[FINGERPRINT_BYTES];
    int32_t input_partitions;
    bool mask_purchases; // write OUTPUT_MASKED_PURCHASES
    bool write_counts;   // write OUTPUT_PURCHASE_COUNTS; the engine counts purchases then
    const struct token_key *token_key;
    const struct alert_encoder *alert_encoder;
    uint32_t alert_details; // enum alert_detail: those that its schema has
};

// Where writer schemas come from: the registry's client, or a table in tests. Never blocks.
struct schema_source {
    enum registry_answer (*schema)(void *context, uint32_t id, struct view *schema);
    void *context;
};

struct stream_ports {
    struct broker *broker; // owned by the worker that is given them
    struct store_dir *stores;
    struct schema_source schemas;
    uint64_t (*random)(void *context); // for incarnations
    void *random_context;
};

#endif
