// SPDX-License-Identifier: Apache-2.0
#include "config/mistakes.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_BYTES_MAX = 1024 };

static void add_line(struct buffer *report, char *line)
{
    for (char *c = line; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
    // A report that is full says enough: what does not fit is left out.
    (void)!buffer_append_format(report, "%s\n", line);
}

void mistakes_add(struct mistakes *mistakes, struct origin origin, const char *key,
                  const char *format, ...)
{
    char where[512];
    char what[LINE_BYTES_MAX];
    char line[2 * LINE_BYTES_MAX];
    va_list args;

    mistakes->count++;
    if (mistakes->count > MISTAKES_MAX)
        return;
    int size = (int)(origin.source.size < 400 ? origin.source.size : 400);
    if (origin.line > 0)
        snprintf(where, sizeof(where), "%.*s:%zu", size, (const char *)origin.source.data,
                 origin.line);
    else
        snprintf(where, sizeof(where), "%.*s", size, (const char *)origin.source.data);
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    snprintf(line, sizeof(line), "%s%s%.400s%s%s", where, where[0] != '\0' ? ": " : "", key,
             key[0] != '\0' ? ": " : "", what);
    add_line(mistakes->report, line);
}

void mistakes_finish(struct mistakes *mistakes)
{
    if (mistakes->count > MISTAKES_MAX)
        (void)!buffer_append_format(mistakes->report, "... and %zu more mistakes\n",
                                    mistakes->count - MISTAKES_MAX);
}
