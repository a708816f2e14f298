// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(core_files__are_ruled_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
