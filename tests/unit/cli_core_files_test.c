// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/core_files.h"
#include "lib/capture.h"

static int forbid(void *context)
{
    struct rlimit limit = {4096, 4096};
    (void)context;
    (void)setrlimit(RLIMIT_CORE, &limit); // works for root alone
    log_configure(LOG_DEBUG, LOG_FORMAT_TEXT);
    core_files_forbid();
    if (getrlimit(RLIMIT_CORE, &limit) != 0)
        return 1;
    printf("%d %d %d", (int)limit.rlim_cur, (int)limit.rlim_max,
           prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
    return 0;
}

static void core_files__are_ruled_out(void **state)
{
    (void)state;
    struct capture capture;
    capture_run(&capture, forbid, NULL);
    assert_string_equal(capture.out, "0 0 0");
    assert_text_contains(capture.err, "debug process core files are off");
    capture_release(&capture);
}

// With room for a core again (for those who may): the kernel must not write one all the same.
static _Noreturn void forbid_and_abort(void)
{
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    log_configure(LOG_ERROR, LOG_FORMAT_TEXT);
    core_files_forbid();
    (void)setrlimit(RLIMIT_CORE, &all);
    signal(SIGABRT, SIG_DFL); // sanitizers have one of their own
    abort();
}

static void core_files__are_not_written_by_a_process_that_aborts(void **state)
{
    (void)state;
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        forbid_and_abort();
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_false(WCOREDUMP(status));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(core_files__are_ruled_out),
        cmocka_unit_test(core_files__are_not_written_by_a_process_that_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
