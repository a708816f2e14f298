// SPDX-License-Identifier: Apache-2.0
// Keys and values of any topic as JSON:
//   null                                       null
//   Confluent's frame, schema in the registry  the datum as JSON
//   JSON                                       as it is (keys: objects and arrays alone)
//   UTF-8                                      a text
//   anything else                              a text, each byte the character of its number
// A frame that cannot be decoded is of the last two kinds; the log says why, once for a schema.
#ifndef CLI_TAIL_VALUES_H
#define CLI_TAIL_VALUES_H

#include "base/bytes.h"
#include "base/status.h"
#include "registry/registry.h"

struct tail_values;

// The registry must outlive it. `readable_times`: as avro_json_append_readable has them.
struct tail_values *tail_values_open(struct registry *registry, bool readable_times);
void tail_values_close(struct tail_values *values);

enum tail_part { TAIL_KEY, TAIL_VALUE };

// Appends the bytes as JSON. STATUS_RETRY: its schema is not here yet; the sentence says so, and
// why when the registry is out of reach. STATUS_FATAL: larger than the buffer takes. In both cases
// the buffer is as it was.
enum status tail_values_append(struct tail_values *values, struct view bytes, enum tail_part part,
                               struct buffer *out, struct error *err) MUST_USE;

#endif
