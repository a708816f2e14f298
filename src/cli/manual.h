// SPDX-License-Identifier: Apache-2.0
// The manual page, as roff with the macros of man(7), from what help is made of.
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include <stdio.h>

void manual_print(FILE *out);

#endif
