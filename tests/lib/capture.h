// SPDX-License-Identifier: Apache-2.0
// Runs a function in a child process and keeps what it wrote: for what ends a process, or prints.
#ifndef LIB_CAPTURE_H
#define LIB_CAPTURE_H

#include <stdbool.h>

struct capture {
    char *out;     // stdout
    char *err;     // stderr
    int exit_code; // what the function returned; -1 when a signal ended it
    int signal;    // 0, or the signal
};

// Fails the test when no child can be made. The caller releases *capture.
void capture_run(struct capture *capture, int (*run)(void *context), void *context);
void capture_release(struct capture *capture);

// True when `text` contains `part`.
bool text_contains(const char *text, const char *part);
// Fails the test, showing the text, unless it contains `part`.
void assert_text_contains(const char *text, const char *part);

#endif
