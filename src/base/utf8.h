// SPDX-License-Identifier: Apache-2.0
// UTF-8 as Unicode 15, table 3-7 ("Well-Formed UTF-8 Byte Sequences") has it: no surrogates, no
// over-long forms, nothing above U+10FFFF.
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/bytes.h"

// Bytes of the character at the front of `text` (1 .. 4); 0 when it is empty or not well formed.
size_t utf8_character(struct view text);

// True when all of the text is well formed; empty text is.
bool utf8_is_valid(struct view text);

#endif
