// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/workspace.h"
#include "store/state_dir.h"

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

static struct state_dir opened(const char *parent, const char *application_id)
{
    struct state_dir dir;
    struct error err = {""};
    enum status status = state_dir_open(&dir, parent, application_id, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, STATUS_OK);
    return dir;
}

static void assert_refused(const char *parent, const char *application_id, const char *reason)
{
    struct state_dir dir;
    struct error err = {""};
    assert_int_equal(state_dir_open(&dir, parent, application_id, &err), STATUS_FATAL);
    if (strstr(err.text, reason) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, reason);
    assert_null(dir.path);
    assert_int_equal(dir.lock_fd, -1);
}

static void directory__is_made_with_its_parents_and_opened_again(void **state)
{
    char *parent = workspace_text("%s/some/where", (char *)*state);
    for (int i = 0; i < 3; i++) {
        struct state_dir dir = opened(parent, "app");
        char *expected = workspace_text("%s/app", parent);
        char *partition = state_dir_partition_path(&dir, 12);
        assert_string_equal(dir.path, expected);
        assert_string_equal(partition + strlen(expected), "/12");
        free(partition);
        free(expected);
        state_dir_close(&dir);
    }
    free(parent);
}

// The default application's directory has the name that begins the marker's.
static void applications__live_side_by_side(void **state)
{
    struct state_dir a = opened(*state, "cardwatch");
    struct state_dir b = opened(*state, "cardwatch.state");
    struct state_dir c = opened(*state, "lock");
    state_dir_close(&a);
    state_dir_close(&b);
    state_dir_close(&c);
}

static void directory_in_use_in_this_process__is_refused_with_the_pid(void **state)
{
    char *pid = workspace_text("held by process %d:", (int)getpid());
    struct state_dir dir = opened(*state, "app");
    assert_refused(*state, "app", pid);
    assert_refused(*state, "app", pid); // the refusal has not loosened the lock
    state_dir_close(&dir);
    dir = opened(*state, "app");
    state_dir_close(&dir);
    free(pid);
}

// A child that holds the directory until it is killed; returns when it does.
static pid_t holder_start(const char *parent)
{
    int pipe_fds[2];
    char byte = 0;
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct state_dir dir;
        byte = state_dir_open(&dir, parent, "app", NULL) == STATUS_OK ? 'y' : 'n';
        if (write(pipe_fds[1], &byte, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(pipe_fds[1]);
    assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
    close(pipe_fds[0]);
    assert_int_equal(byte, 'y');
    return child;
}

static void directory_in_use_by_another_process__is_refused_until_that_dies(void **state)
{
    pid_t child = holder_start(*state);
    char *pid = workspace_text("held by process %d:", (int)child);
    assert_refused(*state, "app", pid);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    struct state_dir dir = opened(*state, "app");
    state_dir_close(&dir);
    free(pid);
}

static void directory_of_another_application__is_refused(void **state)
{
    struct state_dir dir = opened(*state, "app");
    state_dir_close(&dir);
    char *from = workspace_text("%s/app", (char *)*state);
    char *to = workspace_text("%s/other", (char *)*state);
    assert_int_equal(rename(from, to), 0);
    assert_refused(*state, "other", "of the application 'app', not of 'other'");
    // And a directory inside the one of an application:
    assert_refused(to, "app", "set state.dir to the directory above it");
    free(from);
    free(to);
}

static void directory_of_another_format__is_refused(void **state)
{
    struct state_dir dir = opened(*state, "app");
    state_dir_close(&dir);
    char *marker = workspace_text("%s/app/cardwatch.state", (char *)*state);
    workspace_write(marker, "cardwatch state\nformat=2\napplication_id=app\n");
    assert_refused(*state, "app", "has format 2, this program reads format 1");
    workspace_write(marker, "something else");
    assert_refused(*state, "app", "is not a marker");
    workspace_write(marker, "");
    assert_refused(*state, "app", "is not a marker");
    free(marker);
}

static void directory_with_other_things__is_refused_and_left_alone(void **state)
{
    char *app = workspace_text("%s/app", (char *)*state);
    char *file = workspace_text("%s/precious", app);
    char *lock = workspace_text("%s/lock", app);
    assert_int_equal(mkdir(app, 0700), 0);
    workspace_write(file, "text");
    assert_refused(*state, "app", "holds other files");
    assert_int_equal(access(lock, F_OK), -1);
    free(lock);
    free(file);
    free(app);
}

static void directory_of_an_interrupted_start__is_taken(void **state)
{
    char *app = workspace_text("%s/app", (char *)*state);
    char *lock = workspace_text("%s/lock", app);
    char *marker = workspace_text("%s/cardwatch.state.new", app);
    assert_int_equal(mkdir(app, 0700), 0);
    workspace_write(lock, "99999999\n");
    workspace_write(marker, "cardwatch st");
    struct state_dir dir = opened(*state, "app");
    state_dir_close(&dir);
    free(marker);
    free(lock);
    free(app);
}

static void directory_that_cannot_be_made__is_named(void **state)
{
    char *file = workspace_text("%s/file", (char *)*state);
    workspace_write(file, "text");
    assert_refused(file, "app", file);
    assert_refused("/proc/no-such-place", "app", "state directory /proc/no-such-place/app");
    free(file);
}

static void directory_that_cannot_be_written__is_refused(void **state)
{
    if (geteuid() == 0)
        skip(); // root may write anywhere
    char *app = workspace_text("%s/app", (char *)*state);
    assert_int_equal(mkdir(app, 0500), 0);
    assert_refused(*state, "app", "is not writable");
    free(app);
}

static void application_id__must_name_a_directory(void **state)
{
    char *endless = workspace_text("%0300d", 0);
    assert_refused(*state, "", "application_id ''");
    assert_refused(*state, ".", "application_id '.'");
    assert_refused(*state, "..", "application_id '..'");
    assert_refused(*state, "a/b", "application_id 'a/b'");
    assert_refused(*state, "a\nb", "cannot name a directory");
    assert_refused(*state, endless, "cannot name a directory");
    free(endless);
}

static void make_first(char *value, size_t size)
{
    snprintf(value, size, "first");
}

static void make_second(char *value, size_t size)
{
    snprintf(value, size, "second");
}

static void kept_text__stays_as_it_was_made_first(void **state)
{
    char value[16] = "";
    char small[4];
    struct state_dir dir = opened(*state, "app");
    assert_int_equal(
        state_dir_kept_text(&dir, "instance-id", value, sizeof(value), make_first, NULL),
        STATUS_OK);
    assert_string_equal(value, "first");
    assert_int_equal(
        state_dir_kept_text(&dir, "instance-id", value, sizeof(value), make_second, NULL),
        STATUS_OK);
    assert_string_equal(value, "first");
    struct error err = {""};
    assert_int_equal(
        state_dir_kept_text(&dir, "instance-id", small, sizeof(small), make_second, &err),
        STATUS_FATAL);
    assert_non_null(strstr(err.text, "instance-id"));
    state_dir_close(&dir);
}

static void empty_kept_text__is_refused(void **state)
{
    char value[16] = "";
    struct error err = {""};
    struct state_dir dir = opened(*state, "app");
    char *path = workspace_text("%s/instance-id", dir.path);
    workspace_write(path, "\n");
    assert_int_equal(
        state_dir_kept_text(&dir, "instance-id", value, sizeof(value), make_first, &err),
        STATUS_FATAL);
    assert_non_null(strstr(err.text, "is empty"));
    free(path);
    state_dir_close(&dir);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(directory__is_made_with_its_parents_and_opened_again),
        TEST(applications__live_side_by_side),
        TEST(directory_in_use_in_this_process__is_refused_with_the_pid),
        TEST(directory_in_use_by_another_process__is_refused_until_that_dies),
        TEST(directory_of_another_application__is_refused),
        TEST(directory_of_another_format__is_refused),
        TEST(directory_with_other_things__is_refused_and_left_alone),
        TEST(directory_of_an_interrupted_start__is_taken),
        TEST(directory_that_cannot_be_made__is_named),
        TEST(directory_that_cannot_be_written__is_refused),
        TEST(application_id__must_name_a_directory),
        TEST(kept_text__stays_as_it_was_made_first),
        TEST(empty_kept_text__is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
