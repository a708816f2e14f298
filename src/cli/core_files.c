// SPDX-License-Identifier: Apache-2.0
#include "cli/core_files.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"

void core_files_forbid(void)
{
    const struct rlimit none = {0, 0};
    // The limit does not hold for cores that go to a program (kernel.core_pattern "|...").
    if (setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
        log_debug("process", "core files are off, for card numbers are in memory");
    else
        log_warn("process", "core files cannot be turned off, and would hold card numbers",
                 LOG_TEXT("reason", strerror(errno)));
}
