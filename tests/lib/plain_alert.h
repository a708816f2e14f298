// SPDX-License-Identifier: Apache-2.0
// An Avro alert by its bytes alone: what any consumer can tell of it, the peer's alerts included.
#ifndef LIB_PLAIN_ALERT_H
#define LIB_PLAIN_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct plain_alert {
    struct view type; // borrowed from the value, as the card
    struct view card;
    int64_t timestamp_ms;
};

// Reads {type, credit_card, timestamp} from its frame, none of them null; false when it is no such
// alert.
bool plain_alert_read(struct view value, struct plain_alert *out);

#endif
