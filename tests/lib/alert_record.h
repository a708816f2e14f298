// SPDX-License-Identifier: Apache-2.0
// An alert as a consumer finds it in alerts-avro or alerts-json, decoded apart from the product's
// own code.
#ifndef LIB_ALERT_RECORD_H
#define LIB_ALERT_RECORD_H

#include <stdbool.h>

#include "lib/records.h"

struct alert_record {
    char *card;
    size_t rule; // index of the type in the rule names
    int64_t timestamp_ms;
    int64_t detected_at_ms;
    uint64_t count;
    int32_t source_partition;
    int64_t source_offset;
    int32_t partition; // where the record itself stands
    int64_t offset;
    int64_t message_timestamp_ms;
};

// Reads value and headers: NULL, or what is wrong with them (static storage). `topic` is what
// cardwatch.source must name; `rule_names` ends with NULL. Key and card must be equal, and so must
// type and the header cardwatch.rule. To be released in both cases.
const char *alert_record_read(const struct topic_record *record, bool json, const char *topic,
                              const char *const *rule_names, struct alert_record *out);
void alert_record_release(struct alert_record *alert);

#endif
