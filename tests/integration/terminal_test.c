// SPDX-License-Identifier: Apache-2.0
// What the commands write to a terminal, and what they write elsewhere.
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/capture.h"
#include "lib/loader.h"
#include "lib/process.h"
#include "lib/tools.h"
#include "lib/workspace.h"

enum { WORDS_MAX = 32, OUTPUT_MAX = 1 << 20, DEADLINE_MS = 120000, NAP_MS = 10 };

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static int setup(void **state)
{
    struct tools *tools = tools_open();
    mock_cluster_topic(&tools->mock, "t", 1);
    *state = tools;
    return 0;
}

static int teardown(void **state)
{
    tools_close(*state);
    return 0;
}

// The command with the mock cluster behind it; `argv` has WORDS_MAX places.
static void argv_of(const struct tools *tools, const char *const *words, char *set, size_t size,
                    const char **argv)
{
    const char *binary = getenv("TEST_BINARY");
    size_t count = 0;
    snprintf(set, size, "kafka.bootstrap.servers=%s", tools->servers);
    argv[count++] = binary != NULL ? binary : "build/cardwatch";
    if (strcmp(words[0], "demo") != 0) { // which has a cluster of its own
        argv[count++] = *words++;
        argv[count++] = "--set";
        argv[count++] = set;
    }
    while (*words != NULL)
        argv[count++] = *words++;
    argv[count] = NULL;
}

// All that the process writes to the terminal until it has ended. Somebody must hold the terminal's
// other side open meanwhile.
static char *terminal_read(int terminal, struct process *process)
{
    char *text = calloc(1, OUTPUT_MAX);
    size_t size = 0;
    int code;
    int64_t until_ms = process_clock_ms() + DEADLINE_MS;
    struct pollfd ready = {.fd = terminal, .events = POLLIN};
    for (bool ended = false; process_clock_ms() < until_ms;) {
        if (poll(&ready, 1, NAP_MS) == 1) {
            ssize_t got = read(terminal, text + size, OUTPUT_MAX - 1 - size);
            assert_true(got > 0);
            size += (size_t)got;
        } else if (ended) {
            return text;
        } else {
            ended = process_wait(process, 0, &code);
        }
    }
    fail_msg("no end after: %s", text);
    return NULL;
}

// Runs the command with a terminal as its stdout and stderr. The caller's to free().
static char *on_terminal(const struct tools *tools, const char *const *words)
{
    char set[200];
    const char *argv[WORDS_MAX + 4] = {"sh", "-c", "exec \"$@\" >\"$0\" 2>&1 <\"$0\""};
    struct process process;
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0)
        skip(); // a bare root may have no terminals at all
    argv[3] = ptsname(terminal);
    argv_of(tools, words, set, sizeof(set), argv + 4);
    int held = open(argv[3], O_RDWR | O_NOCTTY | O_CLOEXEC);
    process_spawn(&process, argv, "/dev/null");
    char *text = terminal_read(terminal, &process);
    close(held);
    close(terminal);
    return text;
}

// The same with a file.
static char *on_file(const struct tools *tools, const char *const *words)
{
    char set[200];
    const char *argv[WORDS_MAX];
    char *path = tools_path(tools, "output");
    argv_of(tools, words, set, sizeof(set), argv);
    remove(path);
    assert_true(process_run(argv, path, DEADLINE_MS) >= 0);
    char *text = workspace_read(path);
    free(path);
    return text;
}

// Sequences that set a colour or another looks: ESC [ ... m.
static bool is_coloured(const char *text)
{
    while ((text = strstr(text, "\x1b[")) != NULL) {
        text += 2;
        if (text[strspn(text, "0123456789;")] == 'm')
            return true;
    }
    return false;
}

static bool is_plain(const char *text)
{
    return strchr(text, '\x1b') == NULL && strchr(text, '\r') == NULL;
}

static void colours(const char *no_colour, const char *term)
{
    setenv("TERM", term, 1);
    if (no_colour != NULL)
        setenv("NO_COLOR", no_colour, 1);
    else
        unsetenv("NO_COLOR");
}

// On terminals, unless NO_COLOR or TERM forbid it, and nowhere else.
static void expect_colours_on_terminals(const struct tools *tools, const char *const *words)
{
    colours(NULL, "xterm");
    char *coloured = on_terminal(tools, words);
    char *file = on_file(tools, words);
    colours("1", "xterm");
    char *refused = on_terminal(tools, words);
    colours("", "dumb");
    char *dumb = on_terminal(tools, words);
    if (!is_coloured(coloured) || is_coloured(refused) || is_coloured(dumb) || !is_plain(file))
        fail_msg("%s: terminal: %s\nNO_COLOR: %s\ndumb: %s\nfile: %s", words[0], coloured, refused,
                 dumb, file);
    assert_null(strchr(dumb, '\x1b'));
    free(coloured);
    free(file);
    free(refused);
    free(dumb);
}

static void check__has_colours_on_terminals_alone(void **state)
{
    expect_colours_on_terminals(*state, WORDS("check", "--set", "schema_registry.timeout_ms=50",
                                              "--set", "state.dir=/nonexistent/x"));
}

static void tail__has_colours_on_terminals_alone(void **state)
{
    struct tools *tools = *state;
    struct loader *loader = loader_open(tools->mock.servers, "t", 1);
    const struct loader_message message = {
        .partition = 0, .value = {(const uint8_t *)"{\"a\":1}", 7}, .timestamp_ms = -1};
    int32_t partition;
    int64_t offset;
    loader_send(loader, &message, &partition, &offset);
    loader_close(loader);
    expect_colours_on_terminals(tools, WORDS("tail", "t", "--exit-at-end"));
}

static void demo__has_colours_on_terminals_alone(void **state)
{
    expect_colours_on_terminals(*state, WORDS("demo", "--seconds", "2", "--http", ""));
}

// A bar while it runs, which is gone in the end; in a file there is nothing of it.
static void long_work__has_a_bar_on_terminals_alone(void **state)
{
    struct tools *tools = *state;
    char *purchases = tools_path(tools, "purchases.avro");
    const char *const *const works[] = {
        WORDS("generate", "--events", "2000", "--rate", "2000", "--out", purchases),
        WORDS("replay", "--input", purchases),
    };
    for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
        colours("1", "xterm");
        char *terminal = on_terminal(tools, works[i]);
        char *file = on_file(tools, works[i]);
        if (i == 0)
            assert_text_contains(terminal, "\r\x1b[K[");
        assert_false(is_coloured(terminal));
        if (!is_plain(file))
            fail_msg("%s", file);
        free(terminal);
        free(file);
    }
    free(purchases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(check__has_colours_on_terminals_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(tail__has_colours_on_terminals_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(demo__has_colours_on_terminals_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(long_work__has_a_bar_on_terminals_alone, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
