// SPDX-License-Identifier: Apache-2.0
// Alerts onto the wire: the Avro encoder for the schema file that the configuration names, behind
// the Confluent frame, and the JSON form.
#ifndef WIRE_ALERT_H
#define WIRE_ALERT_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

// An alert as the topics show it; the views are borrowed.
struct alert_fields {
    struct view type; // the rule's name
    struct view credit_card;
    int64_t timestamp_ms;
};

struct alert_encoder; // const after compile: shared by threads

// Compiles the encoder from an alert schema: a record with the fields type, credit_card (string or
// nullable string) and timestamp (long or nullable long), in any order; other fields must be
// nullable with default null and are written as null. STATUS_FATAL names the field that does not
// fit.
enum status alert_encoder_compile(struct view schema_json, uint32_t schema_id,
                                  struct alert_encoder **out, struct error *err) MUST_USE;
void alert_encoder_free(struct alert_encoder *encoder);

// Appends frame and body. The buffer's maximum must leave room for them (ensured).
void alert_encode_avro(const struct alert_encoder *encoder, const struct alert_fields *alert,
                       struct buffer *out);
// Appends {"type": ..., "credit_card": ..., "timestamp": ...}.
void alert_encode_json(const struct alert_fields *alert, struct buffer *out);

#endif
