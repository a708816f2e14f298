// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/replay_options.h"
#include "cli/tail_options.h"
#include "lib/capture.h"

// What bash does when somebody presses the tab key behind $1: the replies in a line, and in front
// of them in brackets what `compopt` was told. The script is on stdin.
static const char driver[] =
    "set -u\n"
    "source /dev/stdin || exit 1\n"
    "compopt() { printf '[%s]' \"$2\"; }\n"
    "COMP_WORDBREAKS=$' \\t\\n\"\\'><=;|&(:' COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()\n"
    "_cardwatch && printf '%s ' \"${COMPREPLY[@]}\"\n";

static int run_bash(void *context)
{
    FILE *script = tmpfile();
    if (script == NULL)
        return 126;
    completion_print(script);
    fflush(script);
    lseek(fileno(script), 0, SEEK_SET);
    dup2(fileno(script), STDIN_FILENO);
    if (chdir("/usr") != 0)
        return 126;
    execlp("bash", "bash", "--norc", "-c", driver, "bash", (const char *)context, NULL);
    return 127;
}

// The caller's to free().
static char *completed(const char *typed)
{
    struct capture capture;
    capture_run(&capture, run_bash, (void *)(uintptr_t)typed);
    if (capture.exit_code != 0 || capture.err[0] != '\0')
        fail_msg("'%s', code %d: %s", typed, capture.exit_code, capture.err);
    char *out = strdup(capture.out);
    capture_release(&capture);
    return out;
}

static void assert_completed(const char *typed, const char *expected)
{
    char *out = completed(typed);
    assert_string_equal(out, expected);
    free(out);
}

static void commands__are_completed(void **state)
{
    (void)state;
    assert_completed("cardwatch ru", "run ");
    assert_completed("cardwatch --", "--help --version ");
    assert_completed("cardwatch xyz", " ");
    char *all = completed("cardwatch ");
    for (const struct command *at = commands; at->name != NULL; at++)
        assert_text_contains(all, at->name);
    free(all);
}

static void options__are_those_of_the_command(void **state)
{
    (void)state;
    assert_completed("cardwatch run ", "--config --set --help ");
    assert_completed("cardwatch init --", "--partitions --topics-only --config --set --help ");
    assert_completed("cardwatch init --top", "--topics-only ");
    assert_completed("cardwatch init --topics-only --par", "--partitions ");
    for (const struct command *at = commands; at->name != NULL; at++) {
        char typed[64];
        snprintf(typed, sizeof(typed), "cardwatch %s --", at->name);
        char *all = completed(typed);
        for (const struct line_option *option = at->options; option->name != NULL; option++) {
            assert_text_contains(all, option->name);
        }
        free(all);
    }
}

static void values__are_those_that_are_known(void **state)
{
    (void)state;
    assert_completed("cardwatch tail alerts-json --from ", "beginning end ");
    assert_completed("cardwatch tail --from=b", "beginning ");
    assert_completed("cardwatch tail --isolation read_u", "read_uncommitted ");
    assert_completed("cardwatch replay --until ", "end ");
    assert_completed("cardwatch generate --seed ", " "); // anything
    assert_completed("cardwatch generate --seed=", " ");
    assert_completed("cardwatch run -c shar", "[filenames]share ");
    assert_completed("cardwatch run --config=shar", "[filenames]share ");
}

static void keys__have_their_choices(void **state)
{
    (void)state;
    assert_completed("cardwatch run --set log.", "[nospace]log.level= log.format= ");
    assert_completed("cardwatch run --set kaf", "[nospace]kafka. ");
    assert_completed("cardwatch run --set log.level=", "debug info warn error ");
    assert_completed("cardwatch run --set log.format=j", "json ");
    assert_completed("cardwatch run --set=log.format=j", "json ");
    assert_completed("cardwatch run --set processing.dedupe=f", "false ");
    assert_completed("cardwatch run --set rules.0.wi",
                     "[nospace]rules.0.window= rules.0.window_ms= ");
    assert_completed("cardwatch run --set state.dir=", " ");
}

static void arguments__are_completed(void **state)
{
    (void)state;
    assert_completed("cardwatch tail alerts-", "alerts-avro alerts-json ");
    assert_completed("cardwatch help con", "config ");
    assert_completed("cardwatch help comp", "completion ");
    assert_completed("cardwatch help ru", "run ");
}

// A line as `cardwatch COMMAND TOPIC --OPTION WORD` has it.
static struct line line_with(const struct completion_words *row, const char *word)
{
    const struct command *command = command_find(row->command);
    char dashed[64];
    snprintf(dashed, sizeof(dashed), "--%s", row->option);
    char *argv[] = {dashed, (char *)(uintptr_t)word, (char *)(uintptr_t) "topic"};
    struct line line;
    struct error err;
    assert_non_null(command);
    assert_int_equal(line_parse(2 + (int)command->argument_max, argv, command->options,
                                common_options, command->argument_max, &line, &err),
                     STATUS_OK);
    return line;
}

static void words__are_taken_by_their_option(void **state)
{
    (void)state;
    for (const struct completion_words *row = completion_words; row->command != NULL; row++) {
        char words[128];
        char *rest = words;
        snprintf(words, sizeof(words), "%s", row->words);
        for (const char *word; (word = strsep(&rest, " ")) != NULL;) {
            struct line line = line_with(row, word);
            struct error err;
            struct tail_options tail;
            struct replay_options replay;
            enum status status = strcmp(row->command, "tail") == 0
                                     ? tail_options_read(&line, &tail, &err)
                                     : replay_options_read(&line, &replay, &err);
            assert_int_equal(status, STATUS_OK);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands__are_completed),
        cmocka_unit_test(options__are_those_of_the_command),
        cmocka_unit_test(values__are_those_that_are_known),
        cmocka_unit_test(keys__have_their_choices),
        cmocka_unit_test(arguments__are_completed),
        cmocka_unit_test(words__are_taken_by_their_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
