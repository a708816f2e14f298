// SPDX-License-Identifier: Apache-2.0
// `cardwatch demo` as a newcomer runs it, with its embedded broker: the score, and that nothing is
// left behind.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/cli.h"
#include "lib/capture.h"
#include "lib/workspace.h"

enum { ARGUMENTS_MAX = 16 };

static int run_demo(void *context)
{
    char **arguments = context;
    int count = 0;
    while (arguments[count] != NULL)
        count++;
    return cli_main(count, arguments);
}

static int setup(void **state)
{
    *state = workspace_make();
    setenv("TMPDIR", *state, 1);
    return 0;
}

static int teardown(void **state)
{
    unsetenv("TMPDIR");
    workspace_remove(*state);
    free(*state);
    return 0;
}

static void expect_closed(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_not_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
}

// Every address that it told.
static size_t expect_ports_closed(const char *out)
{
    static const char host[] = "127.0.0.1:";
    size_t found = 0;
    for (const char *at = strstr(out, host); at != NULL; at = strstr(at + 1, host)) {
        expect_closed((uint16_t)strtoul(at + strlen(host), NULL, 10));
        found++;
    }
    return found;
}

// "planted N bursts: N caught, 0 missed, 0 false" is the last line, with N > 0.
static unsigned expect_clean_score(const char *out)
{
    unsigned planted = 0;
    unsigned caught = 0;
    const char *line = strstr(out, "planted ");
    assert_non_null(line);
    assert_int_equal(
        sscanf(line, "planted %u bursts: %u caught, 0 missed, 0 false", &planted, &caught), 2);
    assert_int_equal(planted, caught);
    assert_non_null(strstr(line, "caught, 0 missed, 0 false"));
    assert_string_equal(strchr(line, '\n'), "\n");
    return planted;
}

static size_t count_lines_with(const char *out, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(out, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

static void demo__catches_what_it_planted_and_leaves_nothing_behind(void **state)
{
    char *arguments[ARGUMENTS_MAX] = {"cardwatch", "demo",   "--seconds",   "6", "--seed",
                                      "7",         "--http", "127.0.0.1:0", NULL};
    struct capture capture;
    capture_run(&capture, run_demo, arguments);
    if (capture.exit_code != 0)
        fprintf(stderr, "%s%s", capture.out, capture.err);
    assert_int_equal(capture.exit_code, 0);
    unsigned planted = expect_clean_score(capture.out);
    assert_true(planted >= 2);
    assert_true(count_lines_with(capture.out, "ALERT ************") >= planted);
    assert_text_contains(capture.out, "at_least_once");
    assert_null(strchr(capture.out, '\033')); // no terminal
    assert_true(expect_ports_closed(capture.out) >= 3);
    assert_int_equal(rmdir(*state), 0); // empty
    capture_release(&capture);
}

static void demo__refuses_what_it_cannot_do(void **state)
{
    char *bad[][ARGUMENTS_MAX] = {
        {"cardwatch", "demo", "--seconds", "-1", NULL},
        {"cardwatch", "demo", "--rate", "0", NULL},
        {"cardwatch", "demo", "--rate", "1000000", NULL},
        {"cardwatch", "demo", "--config", "some.yaml", NULL},
        {"cardwatch", "demo", "--set", "log.level=info", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct capture capture;
        capture_run(&capture, run_demo, bad[i]);
        assert_int_equal(capture.exit_code, CLI_BAD_USAGE);
        assert_string_equal(capture.out, "");
        assert_text_contains(capture.err, "cardwatch demo: ");
        capture_release(&capture);
    }
}

static void demo__says_that_an_address_is_taken(void **state)
{
    char listen[64];
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    snprintf(listen, sizeof(listen), "127.0.0.1:%u", ntohs(address.sin_port));
    char *arguments[ARGUMENTS_MAX] = {"cardwatch", "demo", "--http", listen, NULL};
    struct capture capture;
    capture_run(&capture, run_demo, arguments);
    assert_int_equal(capture.exit_code, CLI_FAILED);
    assert_text_contains(capture.err, listen);
    assert_int_equal(rmdir(*state), 0);
    capture_release(&capture);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(demo__catches_what_it_planted_and_leaves_nothing_behind,
                                        setup, teardown),
        cmocka_unit_test(demo__refuses_what_it_cannot_do),
        cmocka_unit_test_setup_teardown(demo__says_that_an_address_is_taken, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
