// SPDX-License-Identifier: Apache-2.0
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum status error_set(struct error *err, enum status status, const char *format, ...)
{
    if (err == NULL)
        return status;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    return status;
}

enum status error_prefix(struct error *err, enum status status, const char *format, ...)
{
    if (err == NULL)
        return status;
    struct error old = *err;
    va_list args;
    va_start(args, format);
    int used = vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof(err->text))
        snprintf(err->text + used, sizeof(err->text) - (size_t)used, ": %.*s",
                 ERROR_TEXT_MAX - used - 1, old.text);
    return status;
}

const char *status_name(enum status status)
{
    static const char *const names[] = {"ok", "record", "retry", "abort", "reset", "fatal"};
    return (size_t)status < sizeof(names) / sizeof(names[0]) ? names[status] : "unknown";
}
