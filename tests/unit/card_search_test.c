// SPDX-License-Identifier: Apache-2.0
// That the search finds what it has to find: the leak test rests on it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "demo/spread.h"
#include "lib/card_search.h"

enum { CARDS = 100 };

struct fixture {
    struct card_search search;
    char card[SPREAD_CARD_BYTES];   // one of them
    char digits[SPREAD_CARD_BYTES]; // without separators
    uint64_t number;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    card_search_init(&f->search, CARDS);
    spread_card_text(CARDS / 2, f->card);
    size_t size = 0;
    for (const char *at = f->card; *at != '\0'; at++) {
        if (*at != '-')
            f->digits[size++] = *at;
    }
    f->number = strtoull(f->digits, NULL, 10);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    card_search_release(&f->search);
    free(f);
    return 0;
}

// The bytes in the middle of others, at every alignment.
static void assert_found(const struct fixture *f, struct view bytes, const char *expected)
{
    for (size_t shift = 0; shift < 8; shift++) {
        const char *form = NULL;
        struct buffer out;
        buffer_init(&out, 4096);
        assert_true(buffer_append(&out, "\x80zyx\xffvut", shift));
        assert_true(buffer_append(&out, bytes.data, bytes.size));
        assert_true(buffer_append(&out, "\xffxyz\x80stuv", 8));
        assert_true(card_search_count(&f->search, buffer_view(&out), &form) >= 1);
        assert_string_equal(form, expected);
        buffer_release(&out);
    }
}

static void cards__are_found_as_text(void **state)
{
    const struct fixture *f = *state;
    char text[64];
    assert_found(f, view_text(f->card), "text");
    assert_found(f, view_text(f->digits), "text");
    snprintf(text, sizeof(text), "%.4s %.4s.%.4s/%.4s", f->digits, f->digits + 4, f->digits + 8,
             f->digits + 12);
    assert_found(f, view_text(text), "text");
    snprintf(text, sizeof(text), "99%s123", f->digits);
    assert_found(f, view_text(text), "text");
}

static void cards__are_found_in_wide_text(void **state)
{
    const struct fixture *f = *state;
    uint8_t wide[4 * SPREAD_CARD_BYTES] = {0};
    for (size_t i = 0; f->card[i] != '\0'; i++)
        wide[2 * i] = (uint8_t)f->card[i];
    assert_found(f, (struct view){wide, 2 * strlen(f->card)}, "UTF-16 or UTF-32");
    memset(wide, 0, sizeof(wide));
    for (size_t i = 0; f->digits[i] != '\0'; i++)
        wide[4 * i + 3] = (uint8_t)f->digits[i];
    assert_found(f, (struct view){wide, 4 * strlen(f->digits)}, "UTF-16 or UTF-32");
}

static void cards__are_found_encoded(void **state)
{
    const struct fixture *f = *state;
    char hex[4 * SPREAD_CARD_BYTES];
    for (size_t i = 0; i < strlen(f->card); i++)
        snprintf(hex + 2 * i, 3, "%02X", (unsigned char)f->card[i]);
    assert_found(f, view_text(hex), "hexadecimal");
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t before = 0; before < 3; before++) { // not at the front of the encoded bytes
        char encoded[4 * SPREAD_CARD_BYTES] = "";
        uint8_t plain[3 * SPREAD_CARD_BYTES] = {0};
        memcpy(plain + before, f->card, strlen(f->card));
        for (size_t i = 0; i < 24; i += 3) {
            unsigned bits = (unsigned)(plain[i] << 16 | plain[i + 1] << 8 | plain[i + 2]);
            for (size_t c = 0; c < 4; c++)
                encoded[i / 3 * 4 + c] = digits[bits >> (18 - 6 * c) & 63];
        }
        assert_found(f, view_text(encoded), "base64");
    }
}

static void cards__are_found_as_numbers(void **state)
{
    const struct fixture *f = *state;
    uint8_t packed[8];
    for (size_t i = 0; i < 8; i++)
        packed[i] = (uint8_t)((f->digits[2 * i] - '0') << 4 | (f->digits[2 * i + 1] - '0'));
    assert_found(f, (struct view){packed, sizeof(packed)}, "packed digits");
    uint64_t number = f->number;
    assert_found(f, (struct view){(const uint8_t *)&number, sizeof(number)}, "integer");
    number = __builtin_bswap64(number);
    assert_found(f, (struct view){(const uint8_t *)&number, sizeof(number)}, "integer");
    struct buffer varint;
    buffer_init(&varint, 64);
    assert_true(buffer_append_varint(&varint, f->number));
    assert_found(f, buffer_view(&varint), "varint");
    buffer_clear(&varint);
    assert_true(buffer_append_zigzag(&varint, (int64_t)f->number));
    assert_found(f, buffer_view(&varint), "zigzag varint");
    buffer_release(&varint);
}

static void what_is_no_card__is_not_found(void **state)
{
    const struct fixture *f = *state;
    char text[64];
    char stranger[SPREAD_CARD_BYTES];
    spread_card_text(CARDS, stranger);
    assert_int_equal(card_search_count(&f->search, view_text(stranger), NULL), 0);
    assert_int_equal(card_search_count(&f->search, view_text(""), NULL), 0);
    snprintf(text, sizeof(text), "************%s", f->digits + 12);
    assert_int_equal(card_search_count(&f->search, view_text(text), NULL), 0);
    snprintf(text, sizeof(text), "%.8s, %s", f->digits, f->digits + 8);
    assert_int_equal(card_search_count(&f->search, view_text(text), NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cards__are_found_as_text),      TEST(cards__are_found_in_wide_text),
        TEST(cards__are_found_encoded),      TEST(cards__are_found_as_numbers),
        TEST(what_is_no_card__is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
