// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"

static struct view bytes_of(const char *bytes, size_t size)
{
    return (struct view){(const uint8_t *)bytes, size};
}

// The definition, independent of the table: decode, then compare with the shortest form.
static size_t character_by_definition(const uint8_t *text, size_t size)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t bytes = text[0] < 0x80 ? 1 : text[0] >> 5 == 6 ? 2 : text[0] >> 4 == 14 ? 3 : 0;
    if (text[0] >> 3 == 30)
        bytes = 4;
    if (bytes < 2)
        return bytes;
    uint32_t code = text[0] & (0x7fu >> bytes);
    if (bytes > size)
        return 0;
    for (size_t i = 1; i < bytes; i++) {
        if (text[i] >> 6 != 2)
            return 0;
        code = (code << 6) | (text[i] & 0x3f);
    }
    if (code < smallest[bytes] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return bytes;
}

static void character__agrees_with_the_definition_for_all_first_three_bytes(void **state)
{
    (void)state;
    static const uint8_t fourths[] = {0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff};
    for (uint32_t three = 0; three < 1u << 24; three += three < 0xc00000 ? 251u : 1u) {
        uint8_t text[4] = {(uint8_t)(three >> 16), (uint8_t)(three >> 8), (uint8_t)three, 0};
        text[3] = fourths[three % sizeof(fourths)];
        size_t size = 1 + (three >> 3) % 4;
        size_t expected = character_by_definition(text, size);
        if (utf8_character((struct view){text, size}) != expected)
            fail_msg("%02x %02x %02x %02x (%zu bytes)", text[0], text[1], text[2], text[3], size);
    }
}

static void valid__takes_empty_text(void **state)
{
    (void)state;
    assert_true(utf8_is_valid(bytes_of("", 0)));
    assert_true(utf8_is_valid((struct view){NULL, 0}));
}

static void valid__takes_every_length(void **state)
{
    (void)state;
    assert_true(utf8_is_valid(view_text("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xb3z")));
}

static void valid__refuses_surrogates_over_long_forms_and_cut_ends(void **state)
{
    (void)state;
    assert_false(utf8_is_valid(view_text("\xed\xa0\x80")));
    assert_false(utf8_is_valid(view_text("\xc0\xaf")));
    assert_false(utf8_is_valid(view_text("\xf4\x90\x80\x80")));
    assert_false(utf8_is_valid(view_text("abc\xe2\x82")));
    assert_false(utf8_is_valid(view_text("\x80")));
    assert_false(utf8_is_valid(view_text("\xff")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(character__agrees_with_the_definition_for_all_first_three_bytes),
        cmocka_unit_test(valid__takes_empty_text),
        cmocka_unit_test(valid__takes_every_length),
        cmocka_unit_test(valid__refuses_surrogates_over_long_forms_and_cut_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
