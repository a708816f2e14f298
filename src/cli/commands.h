// SPDX-License-Identifier: Apache-2.0
// The table of commands: dispatch, option parsing and help are made from it.
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include <stddef.h>

#include "cli/cli.h"
#include "cli/line.h"
#include "config/config.h"

struct command {
    const char *name;
    const char *arguments; // as help shows them: "[COMMAND | config]"; "" for none
    size_t argument_max;
    const char *summary;               // one line
    const char *text;                  // what help says of it, lines of at most 80 columns
    const struct line_option *options; // its own, besides the common ones; ends with name NULL
    // Exactly one of them: with a configuration, read and validated, or without.
    int (*run)(const struct config *config, const struct line *line);
    int (*run_bare)(const struct line *line);
};

// The commands in the order of help; ends with name NULL.
extern const struct command commands[];
// The options that every command takes; ends with name NULL.
extern const struct line_option common_options[];
// NULL when there is none of the name.
const struct command *command_find(const char *name);

int cli_run(const struct config *config);
int cli_init(const struct config *config, const struct line *line);
int cli_check(const struct config *config, const struct line *line);
int cli_generate(const struct config *config, const struct line *line);
int cli_inspect(const struct config *config, const struct line *line);
int cli_demo(const struct line *line);
int cli_replay(const struct config *config, const struct line *line);
int cli_tail(const struct config *config, const struct line *line);
int cli_send(const struct config *config, const struct line *line);
int cli_help(const struct line *line);

#endif
