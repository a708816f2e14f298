// SPDX-License-Identifier: Apache-2.0
// Results of calls that can fail: named by what the caller must do next, with a sentence for the
// operator. A function that returns `enum status` fills `struct error` whenever it does not
// return STATUS_OK; the compiler refuses to let the result be ignored.
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <stddef.h>

enum status {
    STATUS_OK = 0,
    STATUS_RECORD, // this record is bad: dead letter, go on with the next
    STATUS_RETRY,  // nothing has happened yet: the same call again later, with back-off
    STATUS_ABORT,  // abort the transaction, rewind to the last commit, go on
    STATUS_RESET,  // the producer is dead or the outcome unknown: new producer, restore, go on
    STATUS_FATAL,  // leave: the operator or the supervisor has to act
};

enum { ERROR_TEXT_MAX = 1024 };

// What went wrong, as one sentence that says what failed, on which topic/partition/offset/file/key,
// and what to do. Plain memory, no ownership.
struct error {
    char text[ERROR_TEXT_MAX];
};

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

// Writes the sentence (cut at ERROR_TEXT_MAX - 1 bytes) and returns `status`, so that a failing
// call is one line: `return error_set(err, STATUS_FATAL, "...", ...)`. `err` may be NULL.
enum status error_set(struct error *err, enum status status, const char *format, ...)
    PRINTF_LIKE(3, 4);

// Puts "context: " in front of the sentence that is there, and returns `status`.
enum status error_prefix(struct error *err, enum status status, const char *format, ...)
    PRINTF_LIKE(3, 4);

// The status's name in lower case ("ok", "record", ...). Static storage.
const char *status_name(enum status status);

#endif
