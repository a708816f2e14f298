// SPDX-License-Identifier: Apache-2.0
// A record as a line. Its value alone, or with whatever else is asked for around it:
//   {"partition": 0, "offset": 7, "timestamp": 1767225600000, "key": "4111", "headers": {"a": "b"},
//    "value": {...}}
#ifndef CLI_TAIL_LINE_H
#define CLI_TAIL_LINE_H

#include "cli/tail_options.h"
#include "cli/tail_values.h"

// Appends the line, without its end. As tail_values_append: the buffer is as it was unless all went
// well.
enum status tail_line_append(const struct tail_options *options, struct tail_values *values,
                             const struct kafka_followed *record, struct buffer *out,
                             struct error *err) MUST_USE;

#endif
