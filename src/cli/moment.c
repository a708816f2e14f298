// SPDX-License-Identifier: Apache-2.0
#include "cli/moment.h"

#include <errno.h>
#include <stdlib.h>

#include "base/iso_time.h"

bool moment_parse(const char *text, int64_t *unix_ms)
{
    struct iso_moment moment;
    char *end;
    if (iso_moment_parse(text, &moment)) {
        *unix_ms = moment.seconds * 1000 + moment.nanoseconds / 1000000;
        return true;
    }
    errno = 0;
    *unix_ms = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *unix_ms >= 0;
}
