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

#include "lib/workspace.h"
#include "store/path.h"

static int set_up(void **state)
{
    *state = workspace_make();
    return 0;
}

static int tear_down(void **state)
{
    workspace_remove(*state);
    free(*state);
    return 0;
}

static bool is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static void join__puts_one_slash_between(void **state)
{
    (void)state;
    char *path = path_join("a/b", "c");
    assert_string_equal(path, "a/b/c");
    free(path);
}

static void directories__are_made_with_those_above_and_again(void **state)
{
    char *path = workspace_text("%s//a/b/c/", (char *)*state);
    assert_int_equal(path_make_directories(path, NULL), STATUS_OK);
    assert_true(is_directory(path));
    assert_int_equal(path_make_directories(path, NULL), STATUS_OK);
    assert_int_equal(path_sync(path, NULL), STATUS_OK);
    free(path);
}

static void directory_that_cannot_be__is_named(void **state)
{
    struct error err = {""};
    char *file = path_join(*state, "file");
    char *below = path_join(file, "below");
    workspace_write(file, "text");
    assert_int_equal(path_make_directory(file, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, file));
    assert_non_null(strstr(err.text, "not a directory"));
    assert_int_equal(path_make_directories(below, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, file));
    free(below);
    free(file);
}

static void remove__takes_a_file_that_may_be_missing(void **state)
{
    struct error err = {""};
    char *file = path_join(*state, "file");
    workspace_write(file, "text");
    assert_int_equal(path_remove(*state, "file", NULL), STATUS_OK);
    assert_int_equal(access(file, F_OK), -1);
    assert_int_equal(path_remove(*state, "file", NULL), STATUS_OK);
    assert_int_equal(mkdir(file, 0700), 0);
    assert_int_equal(path_remove(*state, "file", &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, file));
    free(file);
}

static void sync__of_what_is_missing_fails(void **state)
{
    struct error err = {""};
    char *path = path_join(*state, "missing");
    assert_int_equal(path_sync(path, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, path));
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(join__puts_one_slash_between),
        cmocka_unit_test_setup_teardown(directories__are_made_with_those_above_and_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(directory_that_cannot_be__is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(remove__takes_a_file_that_may_be_missing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(sync__of_what_is_missing_fails, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
