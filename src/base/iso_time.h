// SPDX-License-Identifier: Apache-2.0
// Dates and times as ISO 8601 writes them, from 0001-01-01 to 9999-12-31 in the calendar of today.
#ifndef BASE_ISO_TIME_H
#define BASE_ISO_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

// Seconds since 1970-01-01T00:00:00Z, and what is behind them: 0 .. 999999999 ns.
struct iso_moment {
    int64_t seconds;
    int32_t nanoseconds;
};

// Each takes the whole text, or gives false.

// 2026-01-01, with or without a time: 2026-01-01T08:30, 2026-01-01T08:30:15.250Z,
// 2026-01-01 08:30:15+02:00. Without a zone it is UTC; digits behind the ninth are passed over.
bool iso_moment_parse(const char *text, struct iso_moment *out);
// 2026-01-01: days since 1970-01-01.
bool iso_date_parse(const char *text, int64_t *days);
// 08:30, 08:30:15.250: nanoseconds of the day.
bool iso_day_time_parse(const char *text, int64_t *nanoseconds);

// The appenders give false when the value is outside of the years above, or the buffer is full;
// nothing is appended then. `decimals`: digits behind the second, 0 .. 9.
bool iso_date_append(struct buffer *out, int64_t days);
bool iso_day_time_append(struct buffer *out, int64_t nanoseconds, int decimals);
// 2026-01-01T08:30:15.250Z
bool iso_moment_append(struct buffer *out, struct iso_moment moment, int decimals);

#endif
