// SPDX-License-Identifier: Apache-2.0
// The JSON form of an alert (RFC 8259): text that is not UTF-8 becomes U+FFFD byte by byte, so that
// the output is always valid.
#include <inttypes.h>

#include "base/assert.h"
#include "wire/alert.h"
#include "wire/alert_parts.h"
#include "wire/json_text.h"

static bool ids_append(const struct alert_fields *alert, struct buffer *out)
{
    bool done = buffer_append_byte(out, '[');
    for (size_t i = 0; i < alert->purchase_id_count && done; i++)
        done = buffer_append_format(out, "%s%" PRId64, i == 0 ? "" : ", ", alert->purchase_ids[i]);
    return done && buffer_append_byte(out, ']');
}

static bool value_append(const struct alert_fields *alert, enum alert_part part, struct buffer *out)
{
    uint32_t detail = alert_part_detail(part);
    if (detail != 0 && (alert->known & detail) == 0)
        return buffer_append_format(out, "null");
    switch (part) {
    case PART_RULE:
        return json_text_append(out, alert->type);
    case PART_COUNT:
        return buffer_append_format(out, "%" PRIu64, alert->count);
    case PART_DETECTED_AT:
        return buffer_append_format(out, "%" PRId64, alert->detected_at_ms);
    case PART_AMOUNT:
        return json_real_append(out, alert->amount, false);
    case PART_DISTANCE:
        return json_real_append(out, alert->distance, false);
    default:
        ensure(part == PART_PURCHASE_IDS);
        return ids_append(alert, out);
    }
}

void alert_encode_json(const struct alert_encoder *encoder, const struct alert_fields *alert,
                       struct buffer *out)
{
    ensure(buffer_append_format(out, "{\"type\": "));
    ensure(json_text_append(out, alert->type));
    ensure(buffer_append_format(out, ", \"credit_card\": "));
    ensure(json_text_append(out, alert->credit_card));
    ensure(buffer_append_format(out, ", \"timestamp\": %" PRId64, alert->timestamp_ms));
    for (size_t i = 0; i < encoder->piece_count; i++) {
        enum alert_part part = encoder->pieces[i].part;
        if (part < PART_REQUIRED)
            continue;
        ensure(buffer_append_format(out, ", \"%s\": ", alert_part_name(part)));
        ensure(value_append(alert, part, out));
    }
    ensure(buffer_append_byte(out, '}'));
}
