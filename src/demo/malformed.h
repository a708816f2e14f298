// SPDX-License-Identifier: Apache-2.0
// Messages that must become dead letters: a good purchase spoilt in the way of a class.
#ifndef DEMO_MALFORMED_H
#define DEMO_MALFORMED_H

#include "base/random.h"
#include "demo/generator.h"

// Writes into `value` and `out` (key, value, message timestamp, malformed) a message of the class
// made from out->purchase and out->message_timestamp_ms. The buffer must have room (ensured).
void malformed_write(const struct generator_settings *settings, struct random *random,
                     enum dead_letter_class class_, struct buffer *value, struct generated *out);

// One of the classes that are dead letters wherever they stand in a partition.
enum dead_letter_class malformed_draw(const struct generator_settings *settings,
                                      struct random *random);

#endif
