// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/purchase.h"

#define BYTES(...) ((struct view){(const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})})

static void frame__is_split_into_schema_id_and_body(void **state)
{
    (void)state;
    uint32_t id = 0;
    struct view body, value = BYTES(0x00, 0x01, 0x02, 0x03, 0xff, 0xaa, 0xbb);
    assert_true(frame_split(value, &id, &body));
    assert_int_equal(id, 0x010203ff);
    assert_ptr_equal(body.data, value.data + 5);
    assert_int_equal(body.size, 2);
    assert_true(frame_split(BYTES(0x00, 0xff, 0xff, 0xff, 0xff), &id, &body));
    assert_int_equal(id, UINT32_MAX);
    assert_int_equal(body.size, 0);
}

static void frame__of_another_magic_byte_or_cut_short_is_refused(void **state)
{
    (void)state;
    uint32_t id;
    struct view body;
    assert_false(frame_split(BYTES(0x01, 0, 0, 0, 1, 0), &id, &body));
    assert_false(frame_split(BYTES('{', '"', 'i', 'd', '"', ':'), &id, &body));
    assert_false(frame_split(BYTES(0x00, 0, 0, 1), &id, &body));
    assert_false(frame_split(BYTES(0x00), &id, &body));
    assert_false(frame_split((struct view){NULL, 0}, &id, &body));
    assert_false(frame_split((struct view){(const uint8_t *)"", 0}, &id, &body));
}

static void dead_letter_classes__have_the_names_of_the_interface(void **state)
{
    (void)state;
    static const char *const names[] = {"BadFrame",       "UnknownSchema", "BadAvro",
                                        "SchemaMismatch", "NoCard",        "NoTimestamp",
                                        "FutureTimestamp"};
    for (unsigned i = DEAD_LETTER_BAD_FRAME; i < DEAD_LETTER_CLASSES; i++)
        assert_string_equal(dead_letter_class_name((enum dead_letter_class)i), names[i - 1]);
}

static bool card(struct view credit_card, struct view key, struct view *out)
{
    struct purchase purchase = {0};
    purchase.credit_card = credit_card;
    purchase.present = credit_card.data == NULL ? 0 : PURCHASE_CREDIT_CARD;
    const char *reason = NULL;
    bool found = purchase_card(&purchase, key, out, &reason);
    assert_true(found == (reason == NULL));
    return found;
}

static const struct view none = {NULL, 0};

static void card__is_the_credit_card_or_else_the_key(void **state)
{
    (void)state;
    struct view out;
    assert_true(card(view_text("1111-2222-3333-4444"), view_text("other"), &out));
    assert_true(view_equal(out, view_text("1111-2222-3333-4444")));
    assert_true(card(none, view_text("5555"), &out));
    assert_true(view_equal(out, view_text("5555")));
    assert_true(card(view_text(" 1\n"), none, &out));
    assert_true(card(BYTES('a', 0x00, 'b'), none, &out));
    assert_int_equal(out.size, 3);
}

static void card__missing_or_empty_is_refused(void **state)
{
    (void)state;
    struct view out;
    assert_false(card(none, none, &out));
    assert_false(card(none, view_text(""), &out));
    assert_false(card(view_text(""), none, &out));
    // An empty credit card is not null, so the key does not stand in for it.
    assert_false(card(view_text(""), view_text("1111"), &out));
}

static void card__has_at_most_256_bytes(void **state)
{
    (void)state;
    char digits[257];
    memset(digits, '7', sizeof(digits));
    struct view out;
    assert_true(card((struct view){(const uint8_t *)digits, 256}, none, &out));
    assert_false(card((struct view){(const uint8_t *)digits, 257}, none, &out));
    assert_false(card(none, (struct view){(const uint8_t *)digits, 257}, &out));
}

static void card__is_utf8(void **state)
{
    (void)state;
    struct view out;
    assert_true(card(view_text("k\xc3\xa4rte"), none, &out));
    assert_true(card(view_text("\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"), none, &out));
    assert_true(card(view_text("\xf4\x8f\xbf\xbf"), none, &out));
    assert_false(card(view_text("\xc0\xaf"), none, &out));         // overlong
    assert_false(card(view_text("\xe0\x9f\xbf"), none, &out));     // overlong
    assert_false(card(view_text("\xf0\x8f\xbf\xbf"), none, &out)); // overlong
    assert_false(card(view_text("\xed\xa0\x80"), none, &out));     // surrogate
    assert_false(card(view_text("\xf4\x90\x80\x80"), none, &out)); // past U+10FFFF
    assert_false(card(none, view_text("\xff"), &out));
}

// The ASCII shortcut looks at words: a bad byte is seen at every place of texts of every length.
static void card__is_looked_at_to_its_last_byte(void **state)
{
    (void)state;
    uint8_t bytes[40];
    struct view out;
    for (size_t size = 1; size <= sizeof(bytes); size++) {
        memset(bytes, '1', sizeof(bytes));
        assert_true(card((struct view){bytes, size}, none, &out));
        for (size_t bad = 0; bad < size; bad++) {
            bytes[bad] = 0x80;
            assert_false(card((struct view){bytes, size}, none, &out));
            bytes[bad] = '1';
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame__is_split_into_schema_id_and_body),
        cmocka_unit_test(frame__of_another_magic_byte_or_cut_short_is_refused),
        cmocka_unit_test(dead_letter_classes__have_the_names_of_the_interface),
        cmocka_unit_test(card__is_the_credit_card_or_else_the_key),
        cmocka_unit_test(card__missing_or_empty_is_refused),
        cmocka_unit_test(card__has_at_most_256_bytes),
        cmocka_unit_test(card__is_utf8),
        cmocka_unit_test(card__is_looked_at_to_its_last_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
