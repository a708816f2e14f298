// SPDX-License-Identifier: Apache-2.0
// Help, made from the tables of commands, options and configuration keys. The words that the manual
// page (manual.h) has as well stand here, so that there is one home for them.
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/commands.h"

// Texts: lines of at most 80 columns without the last line's end.
extern const char help_about[];
extern const char help_config_about[];

// What has a name and a sentence; tables of them end with name NULL.
struct help_row {
    const char *name;
    const char *sentence;
};
extern const struct help_row help_exit_codes[];
extern const struct help_row help_environment[];

// What `cardwatch help` prints besides commands; ends with name NULL.
struct help_topic {
    const char *name;
    void (*print)(FILE *out);
};
extern const struct help_topic help_topics[];

// "-c, --config FILE"; returns `out`, which is cut when it does not fit.
const char *help_option(const struct line_option *option, char *out, size_t size);

void help_program(FILE *out);
void help_command(FILE *out, const struct command *command);
void help_config(FILE *out);

#endif
