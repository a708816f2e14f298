// SPDX-License-Identifier: Apache-2.0
// `cardwatch demo --brokers`: the same demo, exactly once, on a real Kafka; and its early end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/capture.h"
#include "lib/kafkad.h"
#include "lib/process.h"
#include "lib/workspace.h"

enum { WAIT_MS = 120000, SEEDS = 2, SEEDS_FULL = 10 };

struct setting {
    struct kafkad *kafka;
    char *dir;      // TMPDIR of the demo
    char *log_path; // its stdout and stderr, elsewhere
    char *elsewhere;
    struct process demo;
};

static int open_kafka(void **state)
{
    struct setting *setting = calloc(1, sizeof(*setting));
    setting->kafka = kafkad_open();
    *state = setting;
    return 0;
}

static int close_kafka(void **state)
{
    struct setting *setting = *state;
    kafkad_close(setting->kafka);
    free(setting);
    return 0;
}

static int setup(void **state)
{
    struct setting *setting = *state;
    setting->elsewhere = workspace_make();
    setting->dir = workspace_make();
    setting->log_path = workspace_text("%s/output", setting->elsewhere);
    setenv("TMPDIR", setting->dir, 1);
    return 0;
}

static int teardown(void **state)
{
    struct setting *setting = *state;
    process_kill(&setting->demo);
    unsetenv("TMPDIR");
    workspace_remove(setting->dir);
    workspace_remove(setting->elsewhere);
    free(setting->dir);
    free(setting->elsewhere);
    free(setting->log_path);
    return 0;
}

// `seconds` "0": until it is told to stop.
static void start(struct setting *setting, const char *seconds, const char *seed, bool embedded)
{
    const char *binary = getenv("TEST_BINARY");
    const char *argv[] = {binary != NULL ? binary : "build/cardwatch",
                          "demo",
                          "--http",
                          "",
                          "--seconds",
                          seconds,
                          "--seed",
                          seed,
                          embedded ? NULL : "--brokers",
                          kafkad_bootstrap(setting->kafka),
                          NULL};
    remove(setting->log_path);
    process_spawn(&setting->demo, argv, setting->log_path);
}

static bool await_output(struct setting *setting, const char *part)
{
    int64_t deadline_ms = process_clock_ms() + WAIT_MS;
    while (process_clock_ms() < deadline_ms && process_running(&setting->demo)) {
        char *text = workspace_read(setting->log_path);
        bool found = text_contains(text, part);
        free(text);
        if (found)
            return true;
        process_nap();
    }
    return false;
}

// The exit code and what must stand in the output.
static void expect_end(struct setting *setting, int code, const char *part)
{
    int exit_code = -1;
    bool ended = process_wait(&setting->demo, WAIT_MS, &exit_code);
    char *text = workspace_read(setting->log_path);
    assert_text_contains(text, part);
    if (!ended || exit_code != code)
        fail_msg("exit code %d:\n%s", exit_code, text);
    free(text);
}

// The temporary directory is empty.
static void expect_nothing_left(const struct setting *setting)
{
    assert_int_equal(rmdir(setting->dir), 0);
}

static void demo__is_exactly_once_on_a_real_kafka(void **state)
{
    struct setting *setting = *state;
    const char *full = getenv("E2E_FULL");
    int seeds = full != NULL && full[0] == '1' ? SEEDS_FULL : SEEDS;
    for (int i = 1; i <= seeds; i++) {
        char seed[16];
        snprintf(seed, sizeof(seed), "%d", i);
        start(setting, "5", seed, false);
        expect_end(setting, 0, " caught, 0 missed, 0 false\n");
        char *text = workspace_read(setting->log_path);
        assert_text_contains(text, "exactly_once");
        assert_null(strstr(text, "planted 0 bursts"));
        free(text);
    }
    expect_nothing_left(setting);
}

static void demo__ends_early_with_the_score_so_far(void **state)
{
    struct setting *setting = *state;
    for (int embedded = 0; embedded < 2; embedded++) {
        start(setting, "0", "5", embedded == 1);
        assert_true(await_output(setting, "ALERT"));
        process_signal(&setting->demo, SIGINT);
        expect_end(setting, 0, " caught, 0 missed, 0 false\n");
    }
    expect_nothing_left(setting);
}

static void demo__can_be_asked_to_stop_before_it_has_begun(void **state)
{
    struct setting *setting = *state;
    start(setting, "0", "5", true);
    assert_true(await_output(setting, "broker"));
    process_signal(&setting->demo, SIGTERM);
    expect_end(setting, 0, "planted 0 bursts: 0 caught, 0 missed, 0 false\n");
    expect_nothing_left(setting);
}

static void demo__says_that_no_broker_answers(void **state)
{
    struct setting *setting = *state;
    kafkad_stop(setting->kafka);
    start(setting, "5", "5", false);
    expect_end(setting, 1, "cardwatch demo: no Kafka broker can be reached");
    expect_nothing_left(setting);
    kafkad_restart(setting->kafka);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(demo__is_exactly_once_on_a_real_kafka, setup, teardown),
        cmocka_unit_test_setup_teardown(demo__ends_early_with_the_score_so_far, setup, teardown),
        cmocka_unit_test_setup_teardown(demo__can_be_asked_to_stop_before_it_has_begun, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(demo__says_that_no_broker_answers, setup, teardown),
    };
    cmocka_set_test_filter(getenv("TEST_FILTER"));
    return cmocka_run_group_tests(tests, open_kafka, close_kafka);
}
