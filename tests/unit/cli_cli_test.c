// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/commands.h"
#include "lib/capture.h"

static int run_main(void *context)
{
    char *argv[16] = {(char *)(uintptr_t) "cardwatch"};
    const char *const *words = context;
    int argc = 1;
    for (; words[argc - 1] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    return cli_main(argc, argv);
}

// Runs the program with the words up to NULL; the caller releases the capture.
static struct capture run(const char *const *words)
{
    struct capture capture;
    capture_run(&capture, run_main, (void *)(uintptr_t)words);
    return capture;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

// Exit code, and what stdout and stderr must contain; "" means that nothing is there.
static void assert_run(const char *const *words, int code, const char *out, const char *err)
{
    struct capture capture = run(words);
    if (capture.exit_code != code)
        fail_msg("exit code %d: %s%s", capture.exit_code, capture.out, capture.err);
    if (out[0] == '\0')
        assert_string_equal(capture.out, "");
    if (err[0] == '\0')
        assert_string_equal(capture.err, "");
    assert_text_contains(capture.out, out);
    assert_text_contains(capture.err, err);
    capture_release(&capture);
}

static void help__lists_the_commands_on_stdout(void **state)
{
    (void)state;
    const char *const *const forms[] = {WORDS("--help"), WORDS("-h"), WORDS("help")};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        for (const struct command *at = commands; at->name != NULL; at++)
            assert_run(forms[i], CLI_DONE, at->summary, "");
    }
}

static void help__explains_each_command_and_its_options(void **state)
{
    (void)state;
    for (const struct command *at = commands; at->name != NULL; at++) {
        assert_run(WORDS("help", at->name), CLI_DONE, at->text, "");
        assert_run(WORDS(at->name, "--help"), CLI_DONE, at->text, "");
        assert_run(WORDS(at->name, "-h"), CLI_DONE, "--set KEY=VALUE", "");
        for (const struct line_option *option = at->options; option->name != NULL; option++)
            assert_run(WORDS(at->name, "--help"), CLI_DONE, option->sentence, "");
    }
}

static void help__lists_each_key(void **state)
{
    (void)state;
    size_t count;
    const struct config_key *keys = config_keys(&count);
    struct capture capture = run(WORDS("help", "config"));
    for (size_t i = 0; i < count; i++) {
        assert_text_contains(capture.out, keys[i].name);
        assert_text_contains(capture.out, keys[i].sentence);
    }
    capture_release(&capture);
}

static void version__is_printed(void **state)
{
    (void)state;
    assert_run(WORDS("--version"), CLI_DONE, "cardwatch " CARDWATCH_VERSION "\n", "");
}

static void wrong_usage__is_explained_on_stderr(void **state)
{
    (void)state;
    assert_run(WORDS(NULL), CLI_BAD_USAGE, "", "Usage: cardwatch COMMAND");
    assert_run(WORDS("rnu"), CLI_BAD_USAGE, "", "there is no command 'rnu'");
    assert_run(WORDS("--frob"), CLI_BAD_USAGE, "", "there is no command '--frob'");
    assert_run(WORDS("help", "rnu"), CLI_BAD_USAGE, "", "there is no command 'rnu'");
    assert_run(WORDS("run", "--frob"), CLI_BAD_USAGE, "",
               "cardwatch run: there is no option --frob; `cardwatch help run`");
    assert_run(WORDS("run", "extra"), CLI_BAD_USAGE, "", "'extra' is one argument too many");
    assert_run(WORDS("init", "--partitions", "0"), CLI_BAD_USAGE, "",
               "cardwatch init: --partitions '0' is not possible; allowed: 1 .. 4096");
}

static void wrong_configuration__is_reported_whole_on_stderr(void **state)
{
    (void)state;
    static const char *const names[] = {"run", "init", "check"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *const *words =
            WORDS(names[i], "--set", "processing.threads=0", "--set", "log.levle=info");
        assert_run(words, CLI_BAD_USAGE, "",
                   "cardwatch: the configuration is wrong:\n"
                   "--set: processing.threads: '0' is out of bounds; allowed: 1 .. 64\n"
                   "--set: log.levle: unknown key; did you mean log.level?\n");
        assert_run(WORDS(names[i], "-c", "/nonexistent.yaml"), CLI_BAD_USAGE, "",
                   "/nonexistent.yaml: there is no such file\n");
    }
}

static void environment__is_read(void **state)
{
    (void)state;
    setenv("CARDWATCH_LOG_LEVEL", "loud", 1);
    assert_run(WORDS("run"), CLI_BAD_USAGE, "",
               "CARDWATCH_LOG_LEVEL: log.level: 'loud' is not known");
    unsetenv("CARDWATCH_LOG_LEVEL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help__lists_the_commands_on_stdout),
        cmocka_unit_test(help__explains_each_command_and_its_options),
        cmocka_unit_test(help__lists_each_key),
        cmocka_unit_test(version__is_printed),
        cmocka_unit_test(wrong_usage__is_explained_on_stderr),
        cmocka_unit_test(wrong_configuration__is_reported_whole_on_stderr),
        cmocka_unit_test(environment__is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
