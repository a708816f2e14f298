// SPDX-License-Identifier: Apache-2.0
// The options of `cardwatch send`.
#ifndef CLI_SEND_OPTIONS_H
#define CLI_SEND_OPTIONS_H

#include "broker/broker.h"
#include "cli/line.h"

enum { SEND_HEADERS_MAX = 32, SEND_HEADER_NAME_BYTES = 128, SEND_SEPARATOR_BYTES = 64 };

struct send_options {
    const char *topic;
    bool text;
    bool tombstones;                          // an empty value, or null, is no value at all
    const char *schema_file;                  // NULL: the subject's latest
    const char *key;                          // of all records; NULL: none
    const char *key_field;                    // NULL: none
    char key_separator[SEND_SEPARATOR_BYTES]; // "": none
    struct header headers[SEND_HEADERS_MAX];
    char header_names[SEND_HEADERS_MAX][SEND_HEADER_NAME_BYTES];
    size_t header_count;
    int32_t partition;    // -1: by the key
    int64_t timestamp_ms; // 0: now
    int64_t rate;         // records a second; 0: as fast as it goes
    int32_t create;       // partitions of the topic when it is missing; 0: it must be there
};

extern const struct line_option send_options[];

// Fills *out, which must not move: it points into itself. STATUS_FATAL says what is wrong.
enum status send_options_read(const struct line *line, struct send_options *out,
                              struct error *err) MUST_USE;

#endif
