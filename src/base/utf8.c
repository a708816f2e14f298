// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

// Well-formed sequences by first byte; only the second byte's range varies.
struct form {
    uint8_t first_low, first_high;
    uint8_t second_low, second_high;
    uint8_t bytes;
};

static const struct form forms[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

static bool matches(const struct form *form, struct view text)
{
    if (text.size < form->bytes || text.data[0] < form->first_low ||
        text.data[0] > form->first_high)
        return false;
    if (text.data[1] < form->second_low || text.data[1] > form->second_high)
        return false;
    for (size_t i = 2; i < form->bytes; i++) {
        if (!is_continuation(text.data[i]))
            return false;
    }
    return true;
}

size_t utf8_character(struct view text)
{
    if (text.size == 0)
        return 0;
    if (text.data[0] < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (matches(&forms[i], text))
            return forms[i].bytes;
    }
    return 0;
}

bool utf8_is_valid(struct view text)
{
    while (text.size > 0) {
        size_t bytes = utf8_character(text);
        if (bytes == 0)
            return false;
        text = (struct view){text.data + bytes, text.size - bytes};
    }
    return true;
}
