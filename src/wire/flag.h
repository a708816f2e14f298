// SPDX-License-Identifier: Apache-2.0
// Rows of the travel_flags table off the wire (schemas/travel_flags.avsc): whose they are, and
// whether they say that the card is travelling. A row's card is its key: a tombstone has no more.
#ifndef WIRE_FLAG_H
#define WIRE_FLAG_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/status.h"

struct flag_plan; // const after compile

// Reads a writer schema (JSON text as the registry serves it) for its field `enabled`; all others
// are passed over, whatever they are. Without that field every row is off, as the reader's default
// says. STATUS_RECORD: the schema cannot be read as a travel flag, and why. Bounded work.
enum status flag_plan_compile(struct view schema_json, struct flag_plan **out,
                              struct error *err) MUST_USE;
void flag_plan_free(struct flag_plan *plan); // NULL: nothing happens

// Decodes one body; null is off. False: the bytes are not a row of the schema, or the branch of a
// union that they take cannot be read; a static sentence in *reason.
bool flag_decode(const struct flag_plan *plan, struct view body, bool *enabled,
                 const char **reason) MUST_USE;

// The card that a key names, borrowed from it: the key as text; or, as Kafka Connect's converters
// write a text: a JSON string without escapes ("1111-2222"), an Avro string in the Confluent frame,
// nullable or not. False: missing, empty, over CARD_BYTES_MAX bytes or not UTF-8.
bool flag_card(struct view key, struct view *card, const char **reason) MUST_USE;

#endif
