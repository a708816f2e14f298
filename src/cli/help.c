// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include <string.h>

#include "cli/completion.h"
#include "cli/manual.h"

const char help_about[] =
    "cardwatch raises an alert the moment a card makes too many purchases in a short\n"
    "time: purchases from Kafka or Redpanda in, alerts out, exactly once.";

const char help_config_about[] =
    "The configuration: one YAML file (-c FILE), every key optional. Environment\n"
    "variables win over it (CARDWATCH_LOG_LEVEL for log.level), --set over both.";

const struct help_row help_exit_codes[] = {
    {"0", "done"},
    {"1", "failed"},
    {"2", "wrong usage or configuration"},
    {NULL, NULL},
};
_Static_assert(CLI_DONE == 0 && CLI_FAILED == 1 && CLI_BAD_USAGE == 2, "the codes above");

const struct help_row help_environment[] = {
    {"CARDWATCH_KEY", "A key of the configuration: CARDWATCH_LOG_LEVEL for log.level."},
    {"NO_COLOR", "No colours on terminals, if it is not empty."},
    {"TMPDIR", "Where replay and demo put what goes away with them; else /tmp."},
    {NULL, NULL},
};

const struct help_topic help_topics[] = {
    {"config", help_config},
    {"man", manual_print},
    {"completion", completion_print},
    {NULL, NULL},
};

const char *help_option(const struct line_option *option, char *out, size_t size)
{
    char letter[8] = "    ";
    if (option->letter != '\0')
        snprintf(letter, sizeof(letter), "-%c, ", option->letter);
    snprintf(out, size, "%s--%s%s%s", letter, option->name, option->value != NULL ? " " : "",
             option->value != NULL ? option->value : "");
    return out;
}

static void print_options(FILE *out, const struct line_option *options)
{
    char left[64];
    for (const struct line_option *at = options; at->name != NULL; at++)
        fprintf(out, "  %-24s %s\n", help_option(at, left, sizeof(left)), at->sentence);
}

void help_program(FILE *out)
{
    fprintf(out, "%s\n\nUsage: cardwatch COMMAND [OPTION]...\n\nCommands:\n", help_about);
    for (const struct command *at = commands; at->name != NULL; at++)
        fprintf(out, "  %-8s %s\n", at->name, at->summary);
    fprintf(out, "\nOptions:\n");
    print_options(out, common_options);
    fprintf(out, "      --%-18s %s\n", "version", "Print the version.");
    fprintf(out, "\nEnvironment:\n");
    for (const struct help_row *at = help_environment; at->name != NULL; at++)
        fprintf(out, "  %-24s %s\n", at->name, at->sentence);
    fprintf(out, "\nExit codes:");
    for (const struct help_row *at = help_exit_codes; at->name != NULL; at++)
        fprintf(out, " %s %s%s", at->name, at->sentence, at[1].name != NULL ? "," : ".\n");
    fprintf(out,
            "`cardwatch help COMMAND` explains a command, `cardwatch help config` the keys.\n");
}

void help_command(FILE *out, const struct command *command)
{
    fprintf(out, "cardwatch %s: %s\n\n%s\n", command->name, command->summary, command->text);
    fprintf(out, "Usage: cardwatch %s [OPTION]...%s%s\n\nOptions:\n", command->name,
            command->arguments[0] != '\0' ? " " : "", command->arguments);
    print_options(out, command->options);
    print_options(out, common_options);
}

void help_config(FILE *out)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);
    fprintf(out, "%s\n", help_config_about);
    for (size_t i = 0; i < count; i++) {
        const struct config_key *key = &keys[i];
        fprintf(out, "\n%s\n    %s%s%s", key->name, key->kind, key->bounds[0] != '\0' ? ", " : "",
                key->bounds);
        if (key->fallback[0] != '\0')
            fprintf(out, "; default %s", key->fallback);
        fprintf(out, "\n    %s\n", key->sentence);
    }
}

static bool print_topic(const char *name)
{
    for (const struct help_topic *at = help_topics; at->name != NULL; at++) {
        if (strcmp(at->name, name) == 0) {
            at->print(stdout);
            return true;
        }
    }
    return false;
}

int cli_help(const struct line *line)
{
    if (line->argument_count == 0) {
        help_program(stdout);
        return CLI_DONE;
    }
    const char *topic = line->arguments[0];
    if (print_topic(topic))
        return CLI_DONE;
    const struct command *command = command_find(topic);
    if (command == NULL) {
        fprintf(stderr, "cardwatch: there is no command '%s'\n\n", topic);
        help_program(stderr);
        return CLI_BAD_USAGE;
    }
    help_command(stdout, command);
    return CLI_DONE;
}
