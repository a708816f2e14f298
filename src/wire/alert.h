// SPDX-License-Identifier: Apache-2.0
// Alerts onto the wire: the Avro encoder for the schema file that the configuration names, behind
// the Confluent frame, and the JSON form with the same fields.
#ifndef WIRE_ALERT_H
#define WIRE_ALERT_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

enum { ALERT_PURCHASE_IDS_MAX = 256 }; // the newest ones

// An alert as the topics show it; the views and the ids are borrowed. All behind the timestamp is
// for schemas that have fields for it (schemas/alert-v2.avsc).
struct alert_fields {
    struct view type; // the rule's name; also in the field rule
    struct view credit_card;
    int64_t timestamp_ms;
    uint64_t count; // at most INT64_MAX
    int64_t detected_at_ms;
    uint32_t known; // enum alert_detail: which of the following are, null otherwise
    double amount;  // of the purchase that raised the alert
    double distance;
    const int64_t *purchase_ids; // of the purchases in the window, the oldest first
    size_t purchase_id_count;    // at most ALERT_PURCHASE_IDS_MAX
};

enum alert_detail {
    ALERT_AMOUNT = 1u << 0,
    ALERT_DISTANCE = 1u << 1,
    ALERT_PURCHASE_IDS = 1u << 2,
};

struct alert_encoder; // const after compile: shared by threads

// Compiles the encoder from an alert schema: a record, its fields in any order.
//   type, credit_card       string or a union with it; both required
//   timestamp               long or timestamp-millis, or a union with it; required
//   rule                    string          count           long
//   detected_at             long or timestamp-millis        (or unions with these)
//   amount, distance        a union of null and double
//   purchase_ids            a union of null and an array of long
// Another field must be nullable with default null and is written as null. STATUS_FATAL names the
// field that does not fit.
enum status alert_encoder_compile(struct view schema_json, uint32_t schema_id,
                                  struct alert_encoder **out, struct error *err) MUST_USE;
void alert_encoder_free(struct alert_encoder *encoder);

// Which details the schema has fields for: enum alert_detail bits.
uint32_t alert_encoder_details(const struct alert_encoder *encoder);

// Appends frame and body. The buffer's maximum must leave room for them (ensured).
void alert_encode_avro(const struct alert_encoder *encoder, const struct alert_fields *alert,
                       struct buffer *out);
// Appends {"type": ..., "credit_card": ..., "timestamp": ...} and, behind them and in its order,
// the other fields of the above that the encoder's schema has.
void alert_encode_json(const struct alert_encoder *encoder, const struct alert_fields *alert,
                       struct buffer *out);

#endif
