// SPDX-License-Identifier: Apache-2.0
// The fields of an alert that an encoder fills, as alert.c compiles them and alert_json.c follows.
#ifndef WIRE_ALERT_PARTS_H
#define WIRE_ALERT_PARTS_H

#include "wire/alert.h"

enum alert_part {
    PART_TYPE,
    PART_CREDIT_CARD,
    PART_TIMESTAMP,
    PART_REQUIRED, // count of those that every schema has
    PART_RULE = PART_REQUIRED,
    PART_COUNT,
    PART_DETECTED_AT,
    PART_AMOUNT,
    PART_DISTANCE,
    PART_PURCHASE_IDS,
    ALERT_PARTS, // count of the above
};

// Static storage.
const char *alert_part_name(enum alert_part part);

// The detail that the part is null without; 0: it never is.
uint32_t alert_part_detail(enum alert_part part);

// The encoder is what every alert has in common, cut at the places of the values:
//   constant[0 .. cuts[0]) value constant[cuts[0] .. cuts[1]) value ... constant[last cut .. size)
// It begins with the frame; union branches and the nulls of other fields are part of it. The branch
// of a value that may be null is not: it goes in front of the value.
struct alert_piece {
    size_t cut;
    enum alert_part part;
    uint32_t value_branch; // of a value that may be null
    uint32_t null_branch;
};

struct alert_encoder {
    struct buffer constant;
    struct alert_piece pieces[ALERT_PARTS]; // in the schema's order
    size_t piece_count;
    uint32_t details;
};

#endif
