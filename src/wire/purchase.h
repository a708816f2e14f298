// SPDX-License-Identifier: Apache-2.0
// Purchases off the wire: the Confluent frame (0x00, schema id as u32 big-endian, Avro body), and
// the projection plan: a writer schema compiled once into a flat list of operations that reads just
// the needed fields straight from the bytes (Avro 1.11 specification, "Schema Resolution" against
// schemas/purchase.avsc, matched by field name).
#ifndef WIRE_PURCHASE_H
#define WIRE_PURCHASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

// Why a message is a dead letter.
enum dead_letter_class {
    DEAD_LETTER_NONE,
    DEAD_LETTER_BAD_FRAME,
    DEAD_LETTER_UNKNOWN_SCHEMA,
    DEAD_LETTER_BAD_AVRO,
    DEAD_LETTER_SCHEMA_MISMATCH,
    DEAD_LETTER_NO_CARD,
    DEAD_LETTER_NO_TIMESTAMP,
    DEAD_LETTER_FUTURE_TIMESTAMP,
    DEAD_LETTER_CLASSES,
};

// "BadFrame", "UnknownSchema", ...; static storage.
const char *dead_letter_class_name(enum dead_letter_class class_);

// Fields of a purchase; a bit each says which ones the configuration needs. credit_card and
// timestamp are always needed.
enum purchase_field {
    PURCHASE_ID = 1u << 0,
    PURCHASE_CATEGORY = 1u << 1,
    PURCHASE_AMOUNT = 1u << 2,
    PURCHASE_CREDIT_CARD = 1u << 3,
    PURCHASE_DISTANCE = 1u << 4,
    PURCHASE_TIMESTAMP = 1u << 5,
};

// A decoded purchase. `present` has the bits of the needed fields that are there and not null. The
// views borrow the message's bytes.
struct purchase {
    uint32_t present;
    int64_t id;
    struct view category;
    double amount;
    struct view credit_card;
    double distance_from_billing_zip;
    int64_t timestamp_ms;
};

// Splits the frame; false: BadFrame (short, or another magic byte).
bool frame_split(struct view value, uint32_t *schema_id, struct view *body) MUST_USE;

struct purchase_plan; // const after compile: shared by threads

// Compiles a writer schema (JSON text as the registry serves it, keys in any order). STATUS_RECORD:
// the schema cannot be read as a purchase with the fields in `needed` (SchemaMismatch; the sentence
// names the field and both types) or is not an Avro schema at all. Bounded work whatever the text.
enum status purchase_plan_compile(struct view schema_json, uint32_t needed,
                                  struct purchase_plan **out, struct error *err) MUST_USE;
void purchase_plan_free(struct purchase_plan *plan);

// Decodes one body. DEAD_LETTER_NONE, DEAD_LETTER_BAD_AVRO or DEAD_LETTER_SCHEMA_MISMATCH (the
// datum takes a union branch that cannot be read); a static sentence in *reason then. Never reads
// outside the body; bounded work.
enum dead_letter_class purchase_decode(const struct purchase_plan *plan, struct view body,
                                       struct purchase *out, const char **reason) MUST_USE;

// The card's text: credit_card, if null the message key. False: NoCard (missing, empty, over
// CARD_BYTES_MAX bytes or not UTF-8); a static sentence in *reason.
bool purchase_card(const struct purchase *purchase, struct view message_key, struct view *card,
                   const char **reason) MUST_USE;

#endif
