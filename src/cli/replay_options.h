// SPDX-License-Identifier: Apache-2.0
// The options of `cardwatch replay`.
#ifndef CLI_REPLAY_OPTIONS_H
#define CLI_REPLAY_OPTIONS_H

#include <stdbool.h>

#include "cli/line.h"

enum replay_mode {
    REPLAY_COUNT,   // take the purchases and say what came of them
    REPLAY_OUT,     // and print the alerts
    REPLAY_VERIFY,  // compare the alerts with those in the topics
    REPLAY_REBUILD, // write the state that comes of them
};

// A place in every partition of the topic.
enum replay_place_kind {
    REPLAY_EDGE,   // where the log begins, or ends
    REPLAY_OFFSET, // number: an offset
    REPLAY_TIME,   // number: Unix milliseconds; the first message of that time or later
};

struct replay_place {
    enum replay_place_kind kind;
    int64_t number;
};

struct replay_options {
    enum replay_mode mode;
    struct replay_place from;
    struct replay_place until;
    const char *input; // an Avro container file instead of the topic; NULL: the topic
    int32_t partitions;
    const char *out; // "-": stdout
    bool show_cards;
};

extern const struct line_option replay_options[];

// STATUS_FATAL says which option is wrong, or does not go with another.
enum status replay_options_read(const struct line *line, struct replay_options *out,
                                struct error *err) MUST_USE;

#endif
