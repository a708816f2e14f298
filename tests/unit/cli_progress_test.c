// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/progress.h"

static void assert_text(uint64_t total, uint64_t done, int64_t taken_ms, const char *expected)
{
    const struct progress progress = {.total = total};
    struct buffer out;
    buffer_init(&out, 256);
    progress_text(&progress, done, taken_ms, &out);
    assert_true(buffer_append_byte(&out, '\0'));
    assert_string_equal((const char *)out.data, expected);
    buffer_release(&out);
}

static void bar__grows_with_the_work(void **state)
{
    (void)state;
    assert_text(1000, 0, 0, "[>                       ]   0 %  0 of 1000  0/s");
    assert_text(1000, 500, 1000, "[============>           ]  50 %  500 of 1000  500/s  1 s left");
    assert_text(1000, 1000, 2000,
                "[========================] 100 %  1000 of 1000  500/s  0 s left");
    assert_text(1000000, 10, 1000,
                "[>                       ]   0 %  10 of 1000000  10/s  1667 min left");
}

static void work_of_unknown_size__is_counted(void **state)
{
    (void)state;
    assert_text(0, 250, 500, "250  500/s");
}

static void more_than_there_was__is_all(void **state)
{
    (void)state;
    assert_text(10, 20, 1000, "[========================] 100 %  20 of 20  20/s  0 s left");
}

static void nothing__is_shown_but_on_a_terminal(void **state)
{
    (void)state;
    struct progress progress;
    progress_begin(&progress, 10);
    progress.terminal = false;
    progress_show(&progress, 5);
    assert_false(progress.shown);
    progress_end(&progress);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bar__grows_with_the_work),
        cmocka_unit_test(work_of_unknown_size__is_counted),
        cmocka_unit_test(more_than_there_was__is_all),
        cmocka_unit_test(nothing__is_shown_but_on_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
