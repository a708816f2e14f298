// SPDX-License-Identifier: Apache-2.0
// The JSON form of an alert (RFC 8259): text that is not UTF-8 becomes U+FFFD byte by byte, so that
// the output is always valid.
#include <inttypes.h>

#include "base/assert.h"
#include "wire/alert.h"
#include "wire/json_text.h"

void alert_encode_json(const struct alert_fields *alert, struct buffer *out)
{
    ensure(buffer_append_format(out, "{\"type\": "));
    ensure(json_text_append(out, alert->type));
    ensure(buffer_append_format(out, ", \"credit_card\": "));
    ensure(json_text_append(out, alert->credit_card));
    ensure(buffer_append_format(out, ", \"timestamp\": %" PRId64 "}", alert->timestamp_ms));
}
