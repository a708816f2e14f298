// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/mistakes.h"

static void assert_line(struct origin origin, const char *key, const char *what,
                        const char *expected)
{
    struct buffer report;
    buffer_init(&report, 10000);
    struct mistakes mistakes = {&report, 0};
    mistakes_add(&mistakes, origin, key, "%s", what);
    assert_int_equal(mistakes.count, 1);
    if (!view_equal(buffer_view(&report), view_text(expected)))
        fail_msg("%.*s", (int)report.size, (const char *)report.data);
    buffer_release(&report);
}

static void mistakes__say_where_which_key_and_what(void **state)
{
    (void)state;
    struct view file = view_text("a.yaml");
    assert_line((struct origin){file, 7}, "log.level", "bad", "a.yaml:7: log.level: bad\n");
    assert_line((struct origin){file, 0}, "log.level", "bad", "a.yaml: log.level: bad\n");
    assert_line((struct origin){file, 7}, "", "bad", "a.yaml:7: bad\n");
    assert_line((struct origin){view_text(""), 0}, "", "bad", "bad\n");
}

static void mistakes__take_one_line_each(void **state)
{
    (void)state;
    assert_line((struct origin){view_text("a\nb"), 1}, "k\ty", "x\ry\x1b[0m",
                "a?b:1: k?y: x?y?[0m\n");
}

static void mistakes__cut_what_is_far_too_long(void **state)
{
    (void)state;
    char text[5000];
    struct buffer report;
    buffer_init(&report, 10000);
    struct mistakes mistakes = {&report, 0};
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    mistakes_add(&mistakes, (struct origin){view_text(text), 1}, text, "%s", text);
    assert_in_range(report.size, 100, 2048);
    assert_int_equal(report.data[report.size - 1], '\n');
    buffer_release(&report);
}

static void mistakes__past_a_full_report_are_still_counted(void **state)
{
    (void)state;
    struct buffer report;
    buffer_init(&report, 10);
    struct mistakes mistakes = {&report, 0};
    mistakes_add(&mistakes, (struct origin){view_text("file"), 1}, "key", "much too long");
    mistakes_finish(&mistakes);
    assert_int_equal(mistakes.count, 1);
    assert_int_equal(report.size, 0);
    buffer_release(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes__say_where_which_key_and_what),
        cmocka_unit_test(mistakes__take_one_line_each),
        cmocka_unit_test(mistakes__cut_what_is_far_too_long),
        cmocka_unit_test(mistakes__past_a_full_report_are_still_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
