// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

struct fixture {
    char directory[64];
    char path[128];
    struct error err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->directory, sizeof(f->directory), "/tmp/cardwatch-file-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof(f->path), "%s/kept", f->directory);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    (void)unlink(f->path);
    assert_int_equal(rmdir(f->directory), 0); // no temporary file is left behind
    free(f);
    return 0;
}

static void file__is_read_as_it_was_written(void **state)
{
    struct fixture *f = *state;
    struct buffer content;
    bool found;
    buffer_init(&content, 100);
    assert_int_equal(file_write(f->path, view_text("first, and longer"), &f->err), STATUS_OK);
    assert_int_equal(file_write(f->path, view_text("second"), &f->err), STATUS_OK);
    assert_int_equal(file_read(f->path, &content, &found, &f->err), STATUS_OK);
    assert_true(found);
    assert_true(view_equal(buffer_view(&content), view_text("second")));
    struct stat info;
    assert_int_equal(stat(f->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    buffer_release(&content);
}

static void missing_file__is_not_an_error(void **state)
{
    struct fixture *f = *state;
    struct buffer content;
    bool found = true;
    buffer_init(&content, 100);
    assert_int_equal(file_read(f->path, &content, &found, &f->err), STATUS_OK);
    assert_false(found);
    buffer_release(&content);
}

static void file__larger_than_the_bound_is_refused_by_name(void **state)
{
    struct fixture *f = *state;
    struct buffer content;
    bool found;
    buffer_init(&content, 5);
    assert_int_equal(file_write(f->path, view_text("123456"), &f->err), STATUS_OK);
    assert_int_equal(file_read(f->path, &content, &found, &f->err), STATUS_FATAL);
    assert_non_null(strstr(f->err.text, f->path));
    buffer_release(&content);
}

static void file__in_a_missing_directory_names_the_path(void **state)
{
    struct fixture *f = *state;
    char path[200];
    snprintf(path, sizeof(path), "%s/no/such", f->directory);
    assert_int_equal(file_write(path, view_text("x"), &f->err), STATUS_FATAL);
    assert_non_null(strstr(f->err.text, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(file__is_read_as_it_was_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_file__is_not_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(file__larger_than_the_bound_is_refused_by_name, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(file__in_a_missing_directory_names_the_path, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
