// SPDX-License-Identifier: Apache-2.0
// A point in time as people write it.
#ifndef CLI_MOMENT_H
#define CLI_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

// Unix milliseconds ("1767225600000"), or a date with or without a time (ISO 8601):
// 2026-01-01, 2026-01-01T08:30, 2026-01-01T08:30:15.250Z, 2026-01-01 08:30:15+02:00. Without a zone
// it is UTC. False: none of these.
bool moment_parse(const char *text, int64_t *unix_ms);

enum { MOMENT_TEXT_BYTES = 32 };
// "2026-01-31T08:00:00.123Z", or the milliseconds as a number when there is no such date.
void moment_text(int64_t ms, char out[MOMENT_TEXT_BYTES]);

#endif
