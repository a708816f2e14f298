// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/signals.h"
#include "lib/capture.h"
#include "lib/process.h"

enum { NOT_ASKED = 3, WAIT_MS = 10000 };

static bool await_asked(struct signals *signals)
{
    int64_t deadline_ms = process_clock_ms() + WAIT_MS;
    while (!atomic_load(&signals->asked) && process_clock_ms() < deadline_ms)
        process_nap();
    return atomic_load(&signals->asked);
}

static void say_goodbye(void *context)
{
    printf("%s", (const char *)context);
    fflush(stdout);
}

// Signal numbers, sent one after the other; the last one is 0.
static int send_all(void *context)
{
    const int *numbers = context;
    struct signals signals;
    signals_open(&signals, say_goodbye, "goodbye");
    for (; *numbers != 0; numbers++) {
        kill(getpid(), *numbers);
        if (!await_asked(&signals))
            return NOT_ASKED;
    }
    if (numbers[1] != 0) // the second one ends the process
        sleep(WAIT_MS / 1000);
    signals_close(&signals);
    return 0;
}

static void expect(int *numbers, int exit_code, const char *out)
{
    struct capture capture;
    capture_run(&capture, send_all, numbers);
    assert_int_equal(capture.signal, 0);
    assert_int_equal(capture.exit_code, exit_code);
    assert_string_equal(capture.out, out);
    capture_release(&capture);
}

static void signals__are_a_wish_to_stop(void **state)
{
    (void)state;
    expect((int[]){SIGINT, 0, 0}, 0, "");
    expect((int[]){SIGTERM, 0, 0}, 0, "");
    expect((int[]){SIGHUP, 0, 0}, 0, "");
}

static void signals__end_the_process_when_they_come_twice(void **state)
{
    (void)state;
    expect((int[]){SIGINT, SIGINT, 0, 1}, 128 + SIGINT, "goodbye");
    expect((int[]){SIGINT, SIGTERM, 0, 1}, 128 + SIGTERM, "goodbye");
}

static int close_and_send(void *context)
{
    struct signals signals;
    (void)context;
    signals_open(&signals, NULL, NULL);
    signals_close(&signals);
    kill(getpid(), SIGTERM);
    return 0;
}

static void signals__mean_what_they_meant_once_closed(void **state)
{
    struct capture capture;
    (void)state;
    capture_run(&capture, close_and_send, NULL);
    assert_int_equal(capture.signal, SIGTERM);
    capture_release(&capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals__are_a_wish_to_stop),
        cmocka_unit_test(signals__end_the_process_when_they_come_twice),
        cmocka_unit_test(signals__mean_what_they_meant_once_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
