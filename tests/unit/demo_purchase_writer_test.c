// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "demo/purchase_writer.h"

static void writer__writes_the_bytes_of_the_schema(void **state)
{
    (void)state;
    const struct purchase_values purchase = {
        .id = -2,
        .category = view_text("fuel"),
        .credit_card = view_text("1111"),
        .amount = 1.5,
        .distance_from_billing_zip = -0.0,
        .timestamp_ms = 64,
        .has_amount = true,
        .has_distance = true,
        .has_timestamp = true,
    };
    const uint8_t expected[] = {
        0, 0x01, 0x02, 0x03, 0x04,                     // frame
        3,                                             // id
        2, 8,    'f',  'u',  'e',  'l',                // category
        2, 0,    0,    0,    0,    0,   0, 0xf8, 0x3f, // amount
        2, 8,    '1',  '1',  '1',  '1',                // credit_card
        2, 0,    0,    0,    0,    0,   0, 0,    0x80, // distance_from_billing_zip
        2, 0x80, 0x01,                                 // timestamp
    };
    struct buffer out;
    buffer_init(&out, 1000);
    assert_true(purchase_write(&purchase, 0x01020304, &out));
    assert_int_equal(out.size, sizeof(expected));
    assert_memory_equal(out.data, expected, sizeof(expected));
    buffer_release(&out);
}

static void writer__writes_nulls_and_tells_empty_from_null(void **state)
{
    (void)state;
    const struct purchase_values purchase = {.id = 0, .credit_card = view_text("")};
    const uint8_t expected[] = {0, 0, 0, 0, 7, 0, 0, 0, 2, 0, 0, 0};
    struct buffer out;
    buffer_init(&out, 1000);
    assert_true(purchase_write(&purchase, 7, &out));
    assert_int_equal(out.size, sizeof(expected));
    assert_memory_equal(out.data, expected, sizeof(expected));
    buffer_release(&out);
}

static void writer__stops_at_the_buffers_maximum(void **state)
{
    (void)state;
    const struct purchase_values purchase = {.id = 0};
    struct buffer out;
    buffer_init(&out, 10);
    assert_false(purchase_write(&purchase, 7, &out));
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writer__writes_the_bytes_of_the_schema),
        cmocka_unit_test(writer__writes_nulls_and_tells_empty_from_null),
        cmocka_unit_test(writer__stops_at_the_buffers_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
