// SPDX-License-Identifier: Apache-2.0
// The colours of a terminal, and whether it is one. In JSON names, texts, numbers, and the words
// true, false and null each have their own.
#ifndef CLI_COLOUR_H
#define CLI_COLOUR_H

#include <stdbool.h>

#include "base/bytes.h"

// True when the file is a terminal that can do more than print: TERM is set, and not dumb.
bool colour_terminal(int fd);
// True when it is one, and NO_COLOR is not set, or empty.
bool colour_wanted(int fd);

// Appends the JSON with escape sequences around its parts; whatever it is, none of its bytes are
// lost. False when the buffer's maximum would be passed.
bool colour_json(struct view json, struct buffer *out);

#endif
