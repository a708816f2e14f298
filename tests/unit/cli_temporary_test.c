// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/temporary.h"
#include "lib/workspace.h"

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

static void make(struct temporary *temporary)
{
    struct error err;
    assert_int_equal(temporary_make(temporary, &err), STATUS_OK);
}

static void temporary__is_a_directory_of_our_own_below_tmpdir(void **state)
{
    struct temporary temporary;
    struct stat info;
    make(&temporary);
    assert_int_equal(strncmp(temporary.path, *state, strlen(*state)), 0);
    assert_int_equal(stat(temporary.path, &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    assert_int_equal(info.st_mode & 0777, 0700);
    temporary_remove(&temporary);
}

static void temporary__goes_with_all_that_is_in_it(void **state)
{
    struct temporary temporary;
    make(&temporary);
    char *path = memcpy(malloc(sizeof(temporary.path)), temporary.path, sizeof(temporary.path));
    char *inside = workspace_text("%s/inside", path);
    char *file = workspace_text("%s/inside/file", path);
    char *link = workspace_text("%s/link", path);
    char *outside = workspace_text("%s/outside", (char *)*state);
    assert_int_equal(mkdir(inside, 0700), 0);
    workspace_write(file, "text");
    workspace_write(outside, "text");
    assert_int_equal(symlink(outside, link), 0);
    temporary_remove(&temporary);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(access(outside, F_OK), 0);
    temporary_remove(&temporary); // again: nothing
    free(path);
    free(inside);
    free(file);
    free(link);
    free(outside);
}

static void temporary__says_where_it_cannot_be_made(void **state)
{
    struct temporary temporary;
    struct error err;
    (void)state;
    setenv("TMPDIR", "/does/not/exist", 1);
    assert_int_equal(temporary_make(&temporary, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, "/does/not/exist"));
    temporary_remove(&temporary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(temporary__is_a_directory_of_our_own_below_tmpdir, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(temporary__goes_with_all_that_is_in_it, setup, teardown),
        cmocka_unit_test_setup_teardown(temporary__says_where_it_cannot_be_made, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
