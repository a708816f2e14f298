// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "demo/malformed.h"

// Frame, id, two nulls, the card, a null, the timestamp.
enum { GOOD_BYTES = 5 + 1 + 2 + 6 + 1 + 3 };

static struct generated good(void)
{
    return (struct generated){
        .message_timestamp_ms = 1000,
        .purchase = {.id = 5,
                     .credit_card = view_text("4000"),
                     .timestamp_ms = 900,
                     .has_timestamp = true},
    };
}

static struct generator_settings ids(void)
{
    struct generator_settings settings = generator_settings_default();
    settings.schema_id = 1;
    settings.unknown_schema_id = 0x0a0b0c0d;
    settings.mismatch_schema_id = 3;
    return settings;
}

// The rest of a class's messages is checked where they are decoded; here: what makes them bad.
static bool is_bad(enum dead_letter_class class_, const struct generated *out)
{
    const uint8_t *bytes = out->value.data;
    const struct purchase_values *purchase = &out->purchase;
    size_t card_bytes = purchase->credit_card.size;
    switch (class_) {
    case DEAD_LETTER_BAD_FRAME:
        return out->value.size < 5 || bytes[0] != 0;
    case DEAD_LETTER_UNKNOWN_SCHEMA:
        return bytes[1] == 0x0a && bytes[4] == 0x0d;
    case DEAD_LETTER_BAD_AVRO:
        return out->value.size >= 5 && out->value.size != GOOD_BYTES;
    case DEAD_LETTER_SCHEMA_MISMATCH:
        return bytes[4] == 3;
    case DEAD_LETTER_NO_CARD:
        return card_bytes == 0 || card_bytes > CARD_BYTES_MAX || bytes[10] == 0xff;
    case DEAD_LETTER_NO_TIMESTAMP:
        return !purchase->has_timestamp && out->message_timestamp_ms == -1;
    case DEAD_LETTER_FUTURE_TIMESTAMP:
        return purchase->timestamp_ms == 1000 + 3600001;
    default:
        return false;
    }
}

static void malformed__is_bad_in_the_way_of_its_class(void **state)
{
    (void)state;
    const struct generator_settings settings = ids();
    struct random random;
    random_seed(&random, 1);
    struct buffer value;
    buffer_init(&value, 4096);
    struct generated message = good();
    assert_true(purchase_write(&message.purchase, 1, &value));
    assert_int_equal(value.size, GOOD_BYTES);
    for (int class_ = DEAD_LETTER_BAD_FRAME; class_ < DEAD_LETTER_CLASSES; class_++) {
        for (int i = 0; i < 100; i++) {
            message = good();
            malformed_write(&settings, &random, (enum dead_letter_class)class_, &value, &message);
            assert_int_equal(message.malformed, class_);
            assert_true(is_bad((enum dead_letter_class)class_, &message));
        }
    }
    buffer_release(&value);
}

static void draw__leaves_out_mismatches_without_a_schema_for_them(void **state)
{
    (void)state;
    struct generator_settings settings = ids();
    struct random random;
    random_seed(&random, 1);
    unsigned with = 0;
    for (int i = 0; i < 1000; i++)
        with += malformed_draw(&settings, &random) == DEAD_LETTER_SCHEMA_MISMATCH;
    assert_in_range(with, 100, 250);
    settings.mismatch_schema_id = 0;
    for (int i = 0; i < 1000; i++)
        assert_int_not_equal(malformed_draw(&settings, &random), DEAD_LETTER_SCHEMA_MISMATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed__is_bad_in_the_way_of_its_class),
        cmocka_unit_test(draw__leaves_out_mismatches_without_a_schema_for_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
