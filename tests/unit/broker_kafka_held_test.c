// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "broker/kafka_held.h"

static int setup(void **state)
{
    static struct kafka_held held;
    kafka_held_init(&held);
    *state = &held;
    return 0;
}

static int teardown(void **state)
{
    kafka_held_release(*state);
    return 0;
}

static void records__come_out_as_they_went_in(void **state)
{
    struct kafka_held *held = *state;
    char key[] = "card";
    char value[] = "alert";
    const struct record record = {.topic = OUTPUT_ALERTS_JSON,
                                  .partition = -1,
                                  .timestamp_ms = 7,
                                  .key = view_text(key),
                                  .value = view_text(value)};
    rd_kafka_headers_t *headers = rd_kafka_headers_new(1);
    assert_true(kafka_held_add(held, &record, headers));
    memset(key, 'x', 4);
    memset(value, 'x', 5);
    const struct record same = kafka_held_record(held, 0);
    assert_int_equal(same.topic, OUTPUT_ALERTS_JSON);
    assert_int_equal(same.partition, -1);
    assert_int_equal(same.timestamp_ms, 7);
    assert_true(view_equal(same.key, view_text("card")));
    assert_true(view_equal(same.value, view_text("alert")));
    rd_kafka_headers_t *taken = kafka_held_headers(held, 0);
    assert_ptr_equal(taken, headers);
    rd_kafka_headers_destroy(taken);
    assert_null(kafka_held_headers(held, 0));
}

static void null__stays_apart_from_empty(void **state)
{
    struct kafka_held *held = *state;
    const struct record empty = {.key = {NULL, 0}, .value = view_text("")};
    const struct record tombstone = {.key = view_text(""), .value = {NULL, 0}};
    assert_true(kafka_held_add(held, &empty, NULL));
    assert_true(kafka_held_add(held, &tombstone, NULL));
    assert_null(kafka_held_record(held, 0).key.data);
    assert_non_null(kafka_held_record(held, 0).value.data);
    assert_non_null(kafka_held_record(held, 1).key.data);
    assert_null(kafka_held_record(held, 1).value.data);
}

static void room__is_bounded_by_count_and_bytes(void **state)
{
    static uint8_t bytes[HELD_BYTES_MAX];
    struct kafka_held *held = *state;
    const struct record small = {.key = {bytes, 1}, .value = {bytes, 1}};
    const struct record large = {.key = {bytes, 1}, .value = {bytes, HELD_BYTES_MAX - 1}};
    assert_true(kafka_held_add(held, &large, NULL));
    assert_false(kafka_held_add(held, &small, NULL));
    assert_int_equal(held->count, 1);
    kafka_held_clear(held);
    for (int i = 0; i < HELD_RECORDS_MAX; i++)
        assert_true(kafka_held_add(held, &small, NULL));
    assert_false(kafka_held_add(held, &small, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records__come_out_as_they_went_in, setup, teardown),
        cmocka_unit_test_setup_teardown(null__stays_apart_from_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(room__is_bounded_by_count_and_bytes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
