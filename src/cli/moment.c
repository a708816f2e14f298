// SPDX-License-Identifier: Apache-2.0
#include "cli/moment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/iso_time.h"

// Dates are written with years of four digits.
#define MOMENT_SHOWN_MS_MAX INT64_C(253402300800000)

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

void moment_text(int64_t ms, char out[MOMENT_TEXT_BYTES])
{
    struct tm utc;
    int64_t rest_ms = ms % 1000 < 0 ? ms % 1000 + 1000 : ms % 1000;
    time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0));
    char text[MOMENT_TEXT_BYTES];
    bool fits = ms > -MOMENT_SHOWN_MS_MAX && ms < MOMENT_SHOWN_MS_MAX &&
                gmtime_r(&seconds, &utc) != NULL &&
                strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc) > 0;
    if (fits)
        snprintf(out, MOMENT_TEXT_BYTES, "%.20s.%03dZ", text, (int)rest_ms);
    else
        snprintf(out, MOMENT_TEXT_BYTES, "%" PRId64, ms);
}
