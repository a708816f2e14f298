// SPDX-License-Identifier: Apache-2.0
// UTF-8 as RFC 3629 defines it.
#ifndef WIRE_UTF8_H
#define WIRE_UTF8_H

#include <stdbool.h>

#include "base/bytes.h"

// The bytes of the character that `text` begins with: 1 to 4; 0 when it begins with none (an
// overlong form, a surrogate, past U+10FFFF, cut off) or is empty.
size_t utf8_character(struct view text);

// Whether the whole text is UTF-8. ASCII costs an eighth of a step a byte.
bool utf8_valid(struct view text);

#endif
