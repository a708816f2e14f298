// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/core_files.h"
#include "cli/help.h"

enum { REPORT_BYTES_MAX = 256 * 1024 };

static struct config_sources sources_of(const struct line *line, const char **sets)
{
    struct config_sources sources = {
        .file = line_value(line, "config"), .sets = sets, .environment = environ};
    for (size_t i = 0; i < line->given_count; i++) {
        if (strcmp(line->given[i].option->name, "set") == 0)
            sets[sources.set_count++] = line->given[i].value;
    }
    return sources;
}

static int run_configured(const struct command *command, const struct line *line)
{
    const char *sets[LINE_GIVEN_MAX];
    struct config config;
    struct buffer report;
    struct config_sources sources = sources_of(line, sets);
    buffer_init(&report, REPORT_BYTES_MAX);
    enum status status = config_load(&sources, &config, &report);
    if (status != STATUS_OK) {
        fprintf(stderr, "cardwatch: the configuration is wrong:\n%.*s", (int)report.size,
                (const char *)report.data);
        buffer_release(&report);
        return CLI_BAD_USAGE;
    }
    buffer_release(&report);
    log_configure(config.log.level, config.log.format);
    core_files_forbid();
    int code = command->run(&config, line);
    config_release(&config);
    return code;
}

static int run_command(const struct command *command, int argc, char **argv)
{
    struct line line;
    struct error err;
    if (line_parse(argc, argv, command->options, common_options, command->argument_max, &line,
                   &err) != STATUS_OK) {
        fprintf(stderr, "cardwatch %s: %s; `cardwatch help %s` lists the options\n", command->name,
                err.text, command->name);
        return CLI_BAD_USAGE;
    }
    if (line_has(&line, "help")) {
        help_command(stdout, command);
        return CLI_DONE;
    }
    if (command->run_bare == NULL)
        return run_configured(command, &line);
    core_files_forbid();
    return command->run_bare(&line);
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        help_program(stderr);
        return CLI_BAD_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        help_program(stdout);
        return CLI_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("cardwatch %s\n", CARDWATCH_VERSION);
        return CLI_DONE;
    }
    const struct command *command = command_find(argv[1]);
    if (command == NULL) {
        fprintf(stderr, "cardwatch: there is no command '%s'\n\n", argv[1]);
        help_program(stderr);
        return CLI_BAD_USAGE;
    }
    return run_command(command, argc - 2, argv + 2);
}

int cli_main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); // writing to a closed connection is an error, not the end
    int code = dispatch(argc, argv);
    log_flush();
    if (fflush(stdout) != 0 && code == CLI_DONE) {
        fprintf(stderr, "cardwatch: stdout cannot be written\n");
        return CLI_FAILED;
    }
    return code;
}
