// SPDX-License-Identifier: Apache-2.0
// An alert as its consumers see it: a record of the alerts topic in JSON, read back, and the line
// that shows it to people.
#ifndef DEMO_SEEN_ALERT_H
#define DEMO_SEEN_ALERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "broker/broker.h"

enum { SEEN_TYPE_BYTES = 129 };

// Plain memory.
struct seen_alert {
    char type[SEEN_TYPE_BYTES]; // the rule's name
    char card[CARD_BYTES_MAX + 1];
    int64_t timestamp_ms; // where its window starts
    int64_t count;        // header cardwatch.count
    int64_t detected_at_ms;
    int32_t source_partition; // header cardwatch.source: the purchase that raised it
    int64_t source_offset;
};

// Reads a record's value and headers. STATUS_RECORD says what is missing or not as it should be.
enum status seen_alert_read(struct view value, const struct header *headers, size_t header_count,
                            struct seen_alert *out, struct error *err) MUST_USE;

// Appends "ALERT ************4444  high_purchase_count  3 purchases since 10:31:45.123  4 ms" and
// no line end: the card masked, times in UTC, `age_ms` since its purchase was sent.
void seen_alert_line(const struct seen_alert *alert, int64_t age_ms, bool colour,
                     struct buffer *out);

#endif
