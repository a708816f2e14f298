// SPDX-License-Identifier: Apache-2.0
#include "cli/manual.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "cli/help.h"

static const char name_line[] = "alerts on cards that make too many purchases in a short time";

// Lines of the page end behind the word that passes this.
enum { LINE_FULL = 60 };

// Text on its way into roff. What stands between backquotes is bold.
struct roff {
    FILE *out;
    bool bold;
    int column;
};

// Characters that roff takes for something else, or shows as another one.
static const char *escaped(char c)
{
    static const struct {
        char c;
        const char *roff;
    } escapes[] = {
        {'\\', "\\e"},  {'-', "\\-"},   {'\'', "\\(aq"},
        {'"', "\\(dq"}, {'^', "\\(ha"}, {'~', "\\(ti"},
    };
    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
        if (escapes[i].c == c)
            return escapes[i].roff;
    return NULL;
}

static void roff_character(struct roff *roff, char c)
{
    const char *escape = escaped(c);
    if (c == '`') {
        roff->bold = !roff->bold;
        fputs(roff->bold ? "\\fB" : "\\fR", roff->out);
    } else if (escape != NULL) {
        fputs(escape, roff->out);
    } else {
        fprintf(roff->out, "%s%c", roff->column == 0 && c == '.' ? "\\&" : "", c);
    }
    roff->column++;
}

// A sentence ends in front of the blank: roff wants the next one on a line of its own.
static bool ends_sentence(const char *text, const char *blank)
{
    return blank > text && strchr(".!?", blank[-1]) != NULL &&
           (isupper((unsigned char)blank[1]) || blank[1] == '`');
}

// A paragraph, which is filled anew, and the end of its last line.
static void roff_text(FILE *out, const char *text)
{
    struct roff roff = {out, false, 0};
    for (const char *at = text; *at != '\0'; at++) {
        bool blank = isspace((unsigned char)*at);
        if (blank && at[1] != '\0' && (roff.column > LINE_FULL || ends_sentence(text, at))) {
            fputc('\n', out);
            roff.column = 0;
        } else if (!blank || at[1] != '\0') {
            roff_character(&roff, blank ? ' ' : *at);
        }
    }
    fputs(roff.bold ? "\\fR\n" : "\n", out);
}

// The same without an end of line, in a font: 'B' or 'I'.
static void roff_word(FILE *out, char font, const char *word)
{
    struct roff roff = {out, false, 1};
    fprintf(out, "\\f%c", font);
    for (; *word != '\0'; word++)
        roff_character(&roff, *word);
    fputs("\\fR", out);
}

static void roff_option(FILE *out, const struct line_option *option)
{
    char dashed[64];
    fputs(".TP\n", out);
    if (option->letter != '\0') {
        snprintf(dashed, sizeof(dashed), "-%c", option->letter);
        roff_word(out, 'B', dashed);
        fputs(", ", out);
    }
    snprintf(dashed, sizeof(dashed), "--%s", option->name);
    roff_word(out, 'B', dashed);
    if (option->value != NULL) {
        fputc(' ', out);
        roff_word(out, 'I', option->value);
    }
    fputc('\n', out);
    roff_text(out, option->sentence);
}

static void roff_options(FILE *out, const struct line_option *options)
{
    for (const struct line_option *at = options; at->name != NULL; at++)
        roff_option(out, at);
}

static void roff_rows(FILE *out, const struct help_row *rows)
{
    for (const struct help_row *at = rows; at->name != NULL; at++) {
        fputs(".TP\n", out);
        roff_word(out, 'B', at->name);
        fputc('\n', out);
        roff_text(out, at->sentence);
    }
}

static void roff_command(FILE *out, const struct command *command)
{
    fprintf(out, ".SS cardwatch %s", command->name);
    if (command->arguments[0] != '\0')
        fprintf(out, " %s", command->arguments);
    fputc('\n', out);
    roff_text(out, command->text);
    roff_options(out, command->options);
}

static void roff_key(FILE *out, const struct config_key *key)
{
    fputs(".TP\n", out);
    roff_word(out, 'B', key->name);
    fprintf(out, "\n%s", key->kind);
    if (key->bounds[0] != '\0')
        fprintf(out, ", %s", key->bounds);
    if (key->fallback[0] != '\0') {
        fputs("; default ", out);
        roff_word(out, 'B', key->fallback);
    }
    fputs("\n.br\n", out);
    roff_text(out, key->sentence);
}

static void roff_config(FILE *out)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);
    fputs(".SH CONFIGURATION\n", out);
    roff_text(out, help_config_about);
    for (size_t i = 0; i < count; i++)
        roff_key(out, &keys[i]);
}

void manual_print(FILE *out)
{
    fprintf(out, ".\\\" Made by `cardwatch help man`.\n");
    fprintf(out, ".TH CARDWATCH 1 \"%s\" \"cardwatch %s\" \"User Commands\"\n",
            CARDWATCH_VERSION_DATE, CARDWATCH_VERSION);
    fprintf(out, ".nh\n.ad l\n"); // options are not for breaking
    fprintf(out, ".SH NAME\ncardwatch \\- %s\n", name_line);
    fprintf(out, ".SH SYNOPSIS\n\\fBcardwatch\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]...\n"
                 ".br\n\\fBcardwatch\\fR \\fB\\-\\-version\\fR\n");
    fprintf(out, ".SH DESCRIPTION\n");
    roff_text(out, help_about);
    fprintf(out, ".SH COMMANDS\n");
    for (const struct command *at = commands; at->name != NULL; at++)
        roff_command(out, at);
    fprintf(out, ".SH OPTIONS\nAll commands take these.\n");
    roff_options(out, common_options);
    roff_config(out);
    fprintf(out, ".SH ENVIRONMENT\n");
    roff_rows(out, help_environment);
    fprintf(out, ".SH EXIT STATUS\n");
    roff_rows(out, help_exit_codes);
}
