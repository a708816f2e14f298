// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/assert.h"
#include "lib/capture.h"

static int break_a_promise(void *context)
{
    int *count = context;
    ensure(*count == 1);
    return 0;
}

static void ensure__lets_what_holds_pass(void **state)
{
    (void)state;
    int count = 1;
    struct capture capture;
    capture_run(&capture, break_a_promise, &count);
    assert_int_equal(capture.exit_code, 0);
    assert_string_equal(capture.err, "");
    capture_release(&capture);
}

static void ensure__stops_the_process_and_says_where(void **state)
{
    (void)state;
    int count = 2;
    struct capture capture;
    capture_run(&capture, break_a_promise, &count);
    assert_int_equal(capture.signal, SIGABRT);
    assert_text_contains(capture.err, "*count == 1 does not hold in break_a_promise");
    assert_text_contains(capture.err, "base_assert_test.c:");
    capture_release(&capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ensure__lets_what_holds_pass),
        cmocka_unit_test(ensure__stops_the_process_and_says_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
