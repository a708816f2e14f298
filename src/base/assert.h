// SPDX-License-Identifier: Apache-2.0
// Assertions that stay on in release builds. They state what must be true inside the program;
// they never guard input.
#ifndef BASE_ASSERT_H
#define BASE_ASSERT_H

// Stops the process with file, line and the condition when it does not hold.
#define ensure(condition)                                                                          \
    ((condition) ? (void)0 : ensure_failed(#condition, __FILE__, __LINE__, __func__))

_Noreturn void ensure_failed(const char *condition, const char *file, int line,
                             const char *function);

#endif
