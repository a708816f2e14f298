// SPDX-License-Identifier: Apache-2.0
// The completion for bash, made from the tables that help is made of: commands, their options and
// arguments, and the values of options where they are known. It needs bash 4 and nothing else.
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include <stdio.h>

// The words that an option may stand in front of, where help names them in its sentence.
struct completion_words {
    const char *command;
    const char *option;
    const char *words; // separated by blanks
};
// Ends with command NULL.
extern const struct completion_words completion_words[];

void completion_print(FILE *out);

#endif
