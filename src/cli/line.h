// SPDX-License-Identifier: Apache-2.0
// The command line, parsed against a table of options.
#ifndef CLI_LINE_H
#define CLI_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct line_option {
    const char *name;  // "partitions"; NULL ends a table
    char letter;       // 'c' for -c; '\0': none
    const char *value; // "N" as help shows it; NULL: a switch
    const char *sentence;
};

enum { LINE_GIVEN_MAX = 256, LINE_ARGUMENTS_MAX = 8 };

// Everything is borrowed from argv.
struct line {
    struct {
        const struct line_option *option;
        const char *value;
    } given[LINE_GIVEN_MAX];
    size_t given_count;
    const char *arguments[LINE_ARGUMENTS_MAX];
    size_t argument_count;
};

// Parses argv[0 .. argc), which begins behind the command's name. --name VALUE, --name=VALUE,
// -c VALUE and -cVALUE; "--" ends the options. STATUS_FATAL says what is wrong.
enum status line_parse(int argc, char **argv, const struct line_option *own,
                       const struct line_option *common, size_t argument_max, struct line *out,
                       struct error *err) MUST_USE;

bool line_has(const struct line *line, const char *name);
// The value given last; NULL when the option was not given.
const char *line_value(const struct line *line, const char *name);
// A number given with the option, or `fallback`. STATUS_FATAL: not a number of low .. high.
enum status line_number(const struct line *line, const char *name, int64_t fallback, int64_t low,
                        int64_t high, int64_t *out, struct error *err) MUST_USE;

#endif
