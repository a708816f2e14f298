// SPDX-License-Identifier: Apache-2.0
// The options of `cardwatch tail`.
#ifndef CLI_TAIL_OPTIONS_H
#define CLI_TAIL_OPTIONS_H

#include "broker/kafka_follower.h"
#include "cli/line.h"

struct tail_options {
    const char *topic;
    enum kafka_follow_from from;
    int64_t from_ms;
    uint64_t count;    // 0: no end
    int32_t partition; // -1: all of them
    bool exit_at_end;
    bool readable_times;
    bool uncommitted;
    bool show_key;
    bool show_headers;
    bool show_timestamp;
    bool show_partition; // and offset
};

extern const struct line_option tail_options[];

// STATUS_FATAL says what is wrong.
enum status tail_options_read(const struct line *line, struct tail_options *out,
                              struct error *err) MUST_USE;

#endif
