// SPDX-License-Identifier: Apache-2.0
#include "demo/purchase_writer.h"

enum { BRANCH_NULL = 0, BRANCH_VALUE = 2 }; // zigzag of 0 and 1

static bool write_text(struct view text, struct buffer *out)
{
    if (text.data == NULL)
        return buffer_append_byte(out, BRANCH_NULL);
    return buffer_append_byte(out, BRANCH_VALUE) && buffer_append_zigzag(out, (int64_t)text.size) &&
           buffer_append(out, text.data, text.size);
}

// Avro's double is the IEEE 754 bits, little-endian.
static bool write_real(bool known, double value, struct buffer *out)
{
    if (!known)
        return buffer_append_byte(out, BRANCH_NULL);
    uint64_t bits;
    uint8_t bytes[8];
    memcpy(&bits, &value, sizeof(bits));
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(bits >> (8 * i));
    return buffer_append_byte(out, BRANCH_VALUE) && buffer_append(out, bytes, sizeof(bytes));
}

static bool write_integer(bool known, int64_t value, struct buffer *out)
{
    if (!known)
        return buffer_append_byte(out, BRANCH_NULL);
    return buffer_append_byte(out, BRANCH_VALUE) && buffer_append_zigzag(out, value);
}

bool purchase_write(const struct purchase_values *purchase, uint32_t schema_id, struct buffer *out)
{
    return buffer_append_byte(out, 0) && buffer_append_be32(out, schema_id) &&
           buffer_append_zigzag(out, purchase->id) && write_text(purchase->category, out) &&
           write_real(purchase->has_amount, purchase->amount, out) &&
           write_text(purchase->credit_card, out) &&
           write_real(purchase->has_distance, purchase->distance_from_billing_zip, out) &&
           write_integer(purchase->has_timestamp, purchase->timestamp_ms, out);
}
