// SPDX-License-Identifier: Apache-2.0
// The log on stderr: a constant sentence and named fields, one line a record:
//   2026-01-01T00:00:00.000Z info task partition restored partition=3 records=812
// or one JSON object a line: time, level, component, message, and the fields. Thread-safe. Card
// numbers go in by LOG_CARD alone, which masks them.
//
// What repeats is counted instead of written (log_repeats.h says when), and the count told:
//   2026-01-01T00:00:10.004Z warn kafka librdkafka says kind=FAIL repeated=4312 within_ms=10003
// With the lowest level at debug everything is written.
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

enum log_field_kind {
    LOG_FIELD_NONE,
    LOG_FIELD_INT,
    LOG_FIELD_REAL,
    LOG_FIELD_TEXT,
    LOG_FIELD_CARD
};

struct log_field {
    const char *name;
    enum log_field_kind kind;
    int64_t integer;
    double real;
    struct view text;
    bool tells_kinds_apart;
};

#define LOG_INT(field, value)                                                                      \
    ((struct log_field){.name = (field), .kind = LOG_FIELD_INT, .integer = (int64_t)(value)})
#define LOG_REAL(field, value)                                                                     \
    ((struct log_field){.name = (field), .kind = LOG_FIELD_REAL, .real = (double)(value)})
#define LOG_TEXT(field, value)                                                                     \
    ((struct log_field){.name = (field), .kind = LOG_FIELD_TEXT, .text = view_text(value)})
#define LOG_VIEW(field, value)                                                                     \
    ((struct log_field){.name = (field), .kind = LOG_FIELD_TEXT, .text = (value)})
// A text that tells kinds of lines with the same sentence apart, so that each is counted for
// itself. For somebody else's words: digits in the line's other fields do not make it another line
// then.
#define LOG_KIND(field, value)                                                                     \
    ((struct log_field){.name = (field),                                                           \
                        .kind = LOG_FIELD_TEXT,                                                    \
                        .text = view_text(value),                                                  \
                        .tells_kinds_apart = true})
#define LOG_CARD(field, value)                                                                     \
    ((struct log_field){.name = (field), .kind = LOG_FIELD_CARD, .text = (value)})

// Applies from the next line on; call before other threads start.
void log_configure(enum log_level lowest, enum log_format format);

// One record. `fields` may be NULL when `count` is 0. Values are quoted where needed; control
// characters are escaped, so a record is always one line.
void log_write(enum log_level level, const char *component, const char *sentence,
               const struct log_field *fields, size_t count);

// Tells the counts whose interval is over, unless another thread writes just now; to be called now
// and then. Costs next to nothing while nothing is counted.
void log_settle(void);
// Tells all counts; to be called when the program ends.
void log_flush(void);

// The first field is a dummy, so that the list may be empty.
#define LOG_AT(level, component, sentence, ...)                                                    \
    log_write(level, component, sentence,                                                          \
              (const struct log_field[]){{.kind = LOG_FIELD_NONE}, ##__VA_ARGS__},                 \
              sizeof((const struct log_field[]){{.kind = LOG_FIELD_NONE}, ##__VA_ARGS__}) /        \
                  sizeof(struct log_field))
#define log_debug(component, ...) LOG_AT(LOG_DEBUG, component, __VA_ARGS__)
#define log_info(component, ...) LOG_AT(LOG_INFO, component, __VA_ARGS__)
#define log_warn(component, ...) LOG_AT(LOG_WARN, component, __VA_ARGS__)
#define log_error(component, ...) LOG_AT(LOG_ERROR, component, __VA_ARGS__)

enum { CARD_MASKED_MAX = 24 };
// "************4444": twelve stars and the last four bytes; for cards of fewer than eight bytes
// stars alone. `out` has CARD_MASKED_MAX bytes.
void card_mask(struct view card, char *out);

// The sentence that starts a message, limited: true when at least `interval_ms` have passed since
// `*last_ms` (which is then moved to `now_ms`). For warnings that could repeat a million times.
bool log_due(int64_t *last_ms, int64_t now_ms, int64_t interval_ms);

#endif
