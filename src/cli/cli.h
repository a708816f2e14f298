// SPDX-License-Identifier: Apache-2.0
// The program: a table of commands (commands.h), a file each.
#ifndef CLI_CLI_H
#define CLI_CLI_H

#define CARDWATCH_VERSION "0.1.0"
#define CARDWATCH_VERSION_DATE "2026-11-21" // as the manual page has it

// Exit codes of every command.
enum cli_exit {
    CLI_DONE = 0,
    CLI_FAILED = 1,
    CLI_BAD_USAGE = 2, // wrong usage or configuration
};

int cli_main(int argc, char **argv);

#endif
