// SPDX-License-Identifier: Apache-2.0
// What the HTTP endpoint shows, as callbacks. Called from the endpoint's thread alone; they must be
// quick, and thread-safe against the service. The appenders return false when the buffer's maximum
// is passed.
#ifndef OPS_SOURCE_H
#define OPS_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct endpoint_source {
    // Appends the metrics page.
    bool (*metrics)(void *context, struct buffer *out);
    // True when the service is ready; otherwise appends the reason as JSON.
    bool (*ready)(void *context, struct buffer *reason);
    // True when the service gets on; otherwise appends the reason as a line.
    bool (*alive)(void *context, struct buffer *reason);
    // Appends the service's state as a JSON object.
    bool (*status)(void *context, struct buffer *out);
    // Appends the alerts with a sequence above *after as a JSON array, and moves *after.
    bool (*alerts)(void *context, uint64_t *after, struct buffer *out);
    // The look-up of a card, one at a time: asks (false: not possible right now), then tells
    // whether the answer is complete, and appends it as a JSON object.
    bool (*card_ask)(void *context, struct view card);
    bool (*card_answer)(void *context, struct view card, struct buffer *out);
    void *context;
};

#endif
