// SPDX-License-Identifier: Apache-2.0
// Help, made from the tables of commands, options and configuration keys.
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/commands.h"

void help_program(FILE *out);
void help_command(FILE *out, const struct command *command);
void help_config(FILE *out);

#endif
