// SPDX-License-Identifier: Apache-2.0
// From the configuration to what the workers are given: settings, topics, the alert's schema id.
#ifndef STREAM_SETUP_H
#define STREAM_SETUP_H

#include <stdatomic.h>

#include "broker/broker_kafka.h"
#include "config/config.h"
#include "stream/settings.h"

// Rules and bounds as the engine wants them; STATUS_FATAL names what the engine refuses.
enum status setup_engine(const struct config *config, struct engine *engine,
                         struct error *err) MUST_USE;

// The purchase's fields (enum purchase_field bits) that the rules and dedupe read: only these are
// decoded.
uint32_t setup_needed_fields(const struct engine_settings *settings);

// The topic of the table that the rules ask for, borrowed; NULL: none does.
const char *setup_table_topic(const struct config *config);

// The key of card tokens: of state.secret_file, or, with a warning, the built-in one.
enum status setup_token_key(const struct config *config, struct token_key **out,
                            struct error *err) MUST_USE;

// All of the settings that decide what becomes of a purchase, whoever takes it, besides `engine`,
// which must have been set up. Borrows from the configuration and the key.
void setup_settings(const struct config *config, const struct token_key *key,
                    struct stream_settings *settings);

// With masked purchases and auto_register: registers the purchases' latest schema under the subject
// of the masked ones. What goes wrong is a warning, no more.
void setup_masked_subject(const struct config *config, struct registry *registry);

// Adds the alerts' encoder, borrowed, and the fields that its schema shows of a purchase.
void setup_alerts(const struct alert_encoder *encoder, struct stream_settings *settings);

// The configuration's kafka.* as the broker wants them: config->kafka_count of them, borrowed from
// the configuration; the caller frees the list.
struct kafka_property *setup_kafka_properties(const struct config *config);

// What the broker of anybody who writes the application's topics is told; the ids are the caller's
// to set. Borrows everything.
struct kafka_settings setup_kafka(const struct config *config,
                                  const struct kafka_property *properties, const char *changelog);

// The registry's address and access; no cache directory, and no word on unknown ids. Borrowed.
struct registry_settings setup_registry(const struct config *config);

// The alert schema that the configuration names: the built-in one, or the file's content, read into
// `file`, from which *schema borrows then.
enum status setup_alert_schema(const struct config *config, struct buffer *file,
                               struct view *schema, struct error *err) MUST_USE;

// The fingerprint of all that gives stored state its meaning: a keyed hash, so that another secret
// gives another fingerprint too.
void setup_fingerprint(const struct engine_settings *settings, const struct token_key *key,
                       uint8_t out[FINGERPRINT_BYTES]);

// Waits for the cluster, makes the changelog, the dead-letter topic and the optional outputs where
// they are missing, and checks that the topics fit together. *input_partitions is the input's
// partition count.
enum status setup_topics(const struct config *config, struct kafka_cluster *cluster,
                         const atomic_bool *stop, int32_t *input_partitions,
                         struct error *err) MUST_USE;

// Registers or looks up the alert schema; with the registry out of reach, the id of the last time
// (kept in `state_dir`) serves if the schema is the same.
enum status setup_alert_encoder(const struct config *config, struct registry *registry,
                                const char *state_dir, const atomic_bool *stop,
                                struct alert_encoder **out, struct error *err) MUST_USE;

#endif
