// SPDX-License-Identifier: Apache-2.0
// The options of `cardwatch generate` as settings of the generator.
#ifndef CLI_GENERATE_OPTIONS_H
#define CLI_GENERATE_OPTIONS_H

#include "cli/line.h"
#include "demo/generator.h"

struct generate_options {
    struct generator_settings generator; // schema ids are still to be set
    uint64_t events;                     // 0: until stopped
    int64_t rate;                        // 0: as fast as possible
    const char *out;                     // NULL: the topic
    const char *truth;                   // NULL: nowhere
    uint64_t clean_cards;                // what truth without bursts by chance would have taken
};

extern const struct line_option generate_options[];

// STATUS_FATAL says which option is wrong. `wall_ms`: now; what is not given follows from it.
enum status generate_options_read(const struct line *line, int64_t wall_ms,
                                  struct generate_options *out, struct error *err) MUST_USE;

#endif
