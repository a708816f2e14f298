// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/workspace.h"
#include "ops/bearer.h"

struct fixture {
    char *dir;
    char *path;
    struct error err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->dir = workspace_make();
    f->path = workspace_text("%s/token", f->dir);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    workspace_remove(f->dir);
    free(f->dir);
    free(f->path);
    free(f);
    return 0;
}

static enum status open_holding(struct fixture *f, const char *text, struct bearer **out)
{
    workspace_write(f->path, text);
    assert_int_equal(chmod(f->path, 0600), 0);
    return bearer_open(f->path, out, &f->err);
}

static void without_a_file__everybody_is_admitted(void **state)
{
    struct fixture *f = *state;
    struct bearer *bearer;
    assert_int_equal(bearer_open("", &bearer, &f->err), STATUS_OK);
    assert_true(bearer_admits(bearer, NULL));
    bearer_close(bearer);
}

static void token__is_compared_whole(void **state)
{
    struct bearer *bearer;
    assert_int_equal(open_holding(*state, "0123456789abcdef\n", &bearer), STATUS_OK);
    assert_true(bearer_admits(bearer, "Bearer 0123456789abcdef"));
    assert_true(bearer_admits(bearer, "bearer 0123456789abcdef"));
    assert_false(bearer_admits(bearer, NULL));
    assert_false(bearer_admits(bearer, ""));
    assert_false(bearer_admits(bearer, "Bearer "));
    assert_false(bearer_admits(bearer, "Basic 0123456789abcdef"));
    assert_false(bearer_admits(bearer, "Bearer 0123456789abcde"));
    assert_false(bearer_admits(bearer, "Bearer 0123456789abcdeg"));
    assert_false(bearer_admits(bearer, "Bearer 0123456789abcdef0"));
    bearer_close(bearer);
}

static void bad_files__are_refused(void **state)
{
    struct fixture *f = *state;
    struct bearer *bearer;
    assert_int_equal(bearer_open(f->path, &bearer, &f->err), STATUS_FATAL);
    assert_int_equal(open_holding(f, "short", &bearer), STATUS_FATAL);
    assert_int_equal(open_holding(f, "0123456789 abcdef", &bearer), STATUS_FATAL);
    assert_non_null(strstr(f->err.text, "without blanks"));
    workspace_write(f->path, "0123456789abcdef");
    assert_int_equal(chmod(f->path, 0604), 0);
    assert_int_equal(bearer_open(f->path, &bearer, &f->err), STATUS_FATAL);
    assert_non_null(strstr(f->err.text, "chmod 600"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_file__everybody_is_admitted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(token__is_compared_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_files__are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
