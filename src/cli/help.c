// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include <string.h>

static void print_options(FILE *out, const struct line_option *options)
{
    for (const struct line_option *at = options; at->name != NULL; at++) {
        char left[64];
        char letter[8] = "    ";
        if (at->letter != '\0')
            snprintf(letter, sizeof(letter), "-%c, ", at->letter);
        snprintf(left, sizeof(left), "%s--%s%s%s", letter, at->name, at->value != NULL ? " " : "",
                 at->value != NULL ? at->value : "");
        fprintf(out, "  %-24s %s\n", left, at->sentence);
    }
}

void help_program(FILE *out)
{
    fprintf(out, "cardwatch raises an alert the moment a card makes too many purchases in a short\n"
                 "time: purchases from Kafka or Redpanda in, alerts out, exactly once.\n\n"
                 "Usage: cardwatch COMMAND [OPTION]...\n\nCommands:\n");
    for (const struct command *at = commands; at->name != NULL; at++)
        fprintf(out, "  %-8s %s\n", at->name, at->summary);
    fprintf(out, "\nOptions:\n");
    print_options(out, common_options);
    fprintf(out, "      --%-18s %s\n", "version", "Print the version.");
    fprintf(out, "\nExit codes: %d done, %d failed, %d wrong usage or configuration.\n", CLI_DONE,
            CLI_FAILED, CLI_BAD_USAGE);
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
    fprintf(out, "The configuration: one YAML file (-c FILE), every key optional. Environment\n"
                 "variables win over it (CARDWATCH_LOG_LEVEL for log.level), --set over both.\n");
    for (size_t i = 0; i < count; i++) {
        const struct config_key *key = &keys[i];
        fprintf(out, "\n%s\n    %s%s%s", key->name, key->kind, key->bounds[0] != '\0' ? ", " : "",
                key->bounds);
        if (key->fallback[0] != '\0')
            fprintf(out, "; default %s", key->fallback);
        fprintf(out, "\n    %s\n", key->sentence);
    }
}

int cli_help(const struct line *line)
{
    if (line->argument_count == 0) {
        help_program(stdout);
        return CLI_DONE;
    }
    const char *topic = line->arguments[0];
    if (strcmp(topic, "config") == 0) {
        help_config(stdout);
        return CLI_DONE;
    }
    const struct command *command = command_find(topic);
    if (command == NULL) {
        fprintf(stderr, "cardwatch: there is no command '%s'\n\n", topic);
        help_program(stderr);
        return CLI_BAD_USAGE;
    }
    help_command(stdout, command);
    return CLI_DONE;
}
