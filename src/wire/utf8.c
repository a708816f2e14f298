// SPDX-License-Identifier: Apache-2.0
#include "wire/utf8.h"

static bool continues(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

static size_t length_of(uint8_t lead)
{
    if (lead < 0x80)
        return 1;
    if (lead < 0xc2) // a continuation, or an overlong form of ASCII
        return 0;
    if (lead < 0xe0)
        return 2;
    if (lead < 0xf0)
        return 3;
    return lead < 0xf5 ? 4 : 0;
}

// What the second byte must be at least and at most is all that tells bad forms from good ones.
static bool second_allowed(uint8_t lead, uint8_t second)
{
    if (lead == 0xe0)
        return second >= 0xa0; // shorter would do
    if (lead == 0xed)
        return second < 0xa0; // surrogates
    if (lead == 0xf0)
        return second >= 0x90; // shorter would do
    if (lead == 0xf4)
        return second < 0x90; // past U+10FFFF
    return true;
}

size_t utf8_character(struct view text)
{
    if (text.size == 0)
        return 0;
    size_t length = length_of(text.data[0]);
    if (length > text.size)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if (!continues(text.data[i]))
            return 0;
    }
    return length < 2 || second_allowed(text.data[0], text.data[1]) ? length : 0;
}

bool utf8_valid(struct view text)
{
    size_t at = 0;
    while (at < text.size) {
        uint64_t word = 0x80;
        if (text.size - at >= sizeof(word))
            memcpy(&word, text.data + at, sizeof(word));
        if ((word & UINT64_C(0x8080808080808080)) == 0) {
            at += sizeof(word);
            continue;
        }
        size_t length = utf8_character((struct view){text.data + at, text.size - at});
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}
