// SPDX-License-Identifier: Apache-2.0
#include "demo/purchase_writer.h"

enum { BRANCH_NULL = 0, BRANCH_VALUE = 2 }; // zigzag of 0 and 1

static bool write_text(struct view text, struct buffer *out)
{
    if (text.data == NULL)
        return buffer_append_byte(out, BRANCH_NULL);
    return buffer_append_byte(out, BRANCH_VALUE) && buffer_append_sized(out, text);
}

static bool write_real(bool known, double value, struct buffer *out)
{
    if (!known)
        return buffer_append_byte(out, BRANCH_NULL);
    return buffer_append_byte(out, BRANCH_VALUE) && buffer_append_double(out, value);
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
