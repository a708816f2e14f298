// SPDX-License-Identifier: Apache-2.0
#include "cli/moment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
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

void moment_text(int64_t ms, char out[MOMENT_TEXT_BYTES])
{
    struct buffer text;
    int64_t rest_ms = ms % 1000 < 0 ? ms % 1000 + 1000 : ms % 1000;
    const struct iso_moment moment = {ms / 1000 - (ms % 1000 < 0), (int32_t)rest_ms * 1000000};
    buffer_init(&text, MOMENT_TEXT_BYTES - 1);
    if (iso_moment_append(&text, moment, 3))
        snprintf(out, MOMENT_TEXT_BYTES, "%.*s", (int)text.size, (const char *)text.data);
    else
        snprintf(out, MOMENT_TEXT_BYTES, "%" PRId64, ms);
    buffer_release(&text);
}
