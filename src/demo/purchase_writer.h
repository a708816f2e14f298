// SPDX-License-Identifier: Apache-2.0
// A purchase as schemas/purchase.avsc writes it, behind the Confluent frame:
//   0x00, schema id (u32 big-endian), id (long), then five nullable fields in the schema's order,
//   each a branch (0: null, 1: the value) and the value.
#ifndef DEMO_PURCHASE_WRITER_H
#define DEMO_PURCHASE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

// Values of a purchase; borrowed views, .data NULL: null.
struct purchase_values {
    int64_t id;
    struct view category;
    struct view credit_card;
    double amount;
    double distance_from_billing_zip;
    int64_t timestamp_ms;
    bool has_amount;
    bool has_distance;
    bool has_timestamp;
};

// Appends frame and body; false when the buffer's maximum would be passed (some may be there then).
bool purchase_write(const struct purchase_values *purchase, uint32_t schema_id,
                    struct buffer *out) MUST_USE;

#endif
