// SPDX-License-Identifier: Apache-2.0
// Everything that a real Kafka Connect wrote, read through its schemas as it sent them and as the
// registry serves them (tests/data/connect/README.md).
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "lib/hex.h"
#include "wire/purchase.h"

enum { SCHEMA_IDS = 10, NEEDED_ALL = 63 };

struct fixture {
    struct purchase_plan *plans[2][SCHEMA_IDS]; // by text, by id
    unsigned decoded, mismatched, tombstones;
};

static struct purchase_plan *plan_of(const json_t *text, uint32_t needed)
{
    struct purchase_plan *plan = NULL;
    struct error err = {""};
    assert_true(json_is_string(text));
    if (purchase_plan_compile(view_text(json_string_value(text)), needed, &plan, &err) != STATUS_OK)
        fail_msg("%s: %s", err.text, json_string_value(text));
    return plan;
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    json_t *file = json_load_file("tests/data/connect/schemas.json", 0, NULL);
    if (fixture == NULL || file == NULL)
        return -1;
    for (uint32_t id = 1; id < SCHEMA_IDS; id++) {
        char name[12];
        snprintf(name, sizeof(name), "%u", id);
        const json_t *schema = json_object_get(json_object_get(file, "schemas"), name);
        fixture->plans[0][id] = plan_of(json_object_get(schema, "converter"), NEEDED_ALL);
        fixture->plans[1][id] = plan_of(json_object_get(schema, "registry"), NEEDED_ALL);
    }
    json_decref(file);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    for (size_t id = 0; id < SCHEMA_IDS; id++) {
        purchase_plan_free(fixture->plans[0][id]);
        purchase_plan_free(fixture->plans[1][id]);
    }
    free(fixture);
    return 0;
}

// --- One field against what the capture says ----------------------------------------------------

static bool is_there(const struct purchase *purchase, uint32_t bit, const json_t *expected)
{
    bool there = (purchase->present & bit) != 0;
    assert_true(there == (expected != NULL && !json_is_null(expected)));
    return there;
}

static void integer_is(int64_t value, const json_t *expected)
{
    assert_true(json_is_integer(expected));
    assert_true(value == json_integer_value(expected));
}

static void text_is(struct view value, const json_t *expected)
{
    assert_true(json_is_string(expected));
    assert_true(view_equal(value, (struct view){(const uint8_t *)json_string_value(expected),
                                                json_string_length(expected)}));
}

static void number_is(double value, const json_t *expected)
{
    double number = json_number_value(expected);
    if (json_is_string(expected)) // NaN, Infinity, -Infinity
        number = strtod(json_string_value(expected), NULL);
    if (json_is_object(expected))
        number = strtod(json_string_value(json_object_get(expected, "decimal")), NULL);
    assert_true((isnan(value) && isnan(number)) || memcmp(&value, &number, sizeof(value)) == 0);
}

static void purchase_is(const struct purchase *purchase, const json_t *decoded)
{
    const json_t *field = json_object_get(decoded, "id");
    if (is_there(purchase, PURCHASE_ID, field))
        integer_is(purchase->id, field);
    field = json_object_get(decoded, "category");
    if (is_there(purchase, PURCHASE_CATEGORY, field))
        text_is(purchase->category, field);
    field = json_object_get(decoded, "amount");
    if (is_there(purchase, PURCHASE_AMOUNT, field))
        number_is(purchase->amount, field);
    field = json_object_get(decoded, "credit_card");
    if (is_there(purchase, PURCHASE_CREDIT_CARD, field))
        text_is(purchase->credit_card, field);
    field = json_object_get(decoded, "distance_from_billing_zip");
    if (is_there(purchase, PURCHASE_DISTANCE, field))
        number_is(purchase->distance_from_billing_zip, field);
    field = json_object_get(decoded, "timestamp");
    if (is_there(purchase, PURCHASE_TIMESTAMP, field))
        integer_is(purchase->timestamp_ms, field);
}

// --- One message --------------------------------------------------------------------------------

// In schema 8 the distance is a union of null and string: null is read, a string is not.
static bool readable(uint32_t schema_id, const json_t *decoded)
{
    const json_t *distance = json_object_get(decoded, "distance_from_billing_zip");
    return schema_id != 8 || !json_is_string(distance);
}

static void message_check(struct fixture *fixture, const json_t *message, size_t text)
{
    const json_t *value = json_object_get(message, "value");
    fixture->tombstones += json_is_null(value);
    if (json_is_null(value))
        return;
    static uint8_t bytes[65536];
    assert_true(json_string_length(value) <= 2 * sizeof(bytes));
    size_t size = hex_bytes(json_string_value(value), bytes);
    uint32_t schema_id;
    struct view body;
    assert_true(frame_split((struct view){bytes, size}, &schema_id, &body));
    assert_int_equal(schema_id, json_integer_value(json_object_get(message, "schema_id")));
    assert_in_range(schema_id, 1, SCHEMA_IDS - 1);

    struct purchase purchase;
    const char *reason = NULL;
    const json_t *decoded = json_object_get(message, "decoded");
    enum dead_letter_class class =
        purchase_decode(fixture->plans[text][schema_id], body, &purchase, &reason);
    if (!readable(schema_id, decoded)) {
        assert_int_equal(class, DEAD_LETTER_SCHEMA_MISMATCH);
        assert_non_null(strstr(reason, "distance_from_billing_zip"));
        fixture->mismatched++;
        return;
    }
    assert_int_equal(class, DEAD_LETTER_NONE);
    purchase_is(&purchase, decoded);
    fixture->decoded++;
    for (size_t cut = 0; cut < body.size; cut++)
        assert_true(purchase_decode(fixture->plans[text][schema_id], (struct view){body.data, cut},
                                    &purchase, &reason) == DEAD_LETTER_BAD_AVRO);
}

static void messages_check(struct fixture *fixture, size_t text)
{
    static char line[262144];
    FILE *file = fopen("tests/data/connect/messages.jsonl", "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        json_t *message = json_loads(line, JSON_ALLOW_NUL, NULL);
        assert_non_null(message);
        message_check(fixture, message, text);
        json_decref(message);
    }
    fclose(file);
    assert_int_equal(fixture->decoded, 132);
    assert_int_equal(fixture->mismatched, 1);
    assert_int_equal(fixture->tombstones, 1);
    fixture->decoded = fixture->mismatched = fixture->tombstones = 0;
}

static void every_message__is_read_through_the_schema_as_sent(void **state)
{
    messages_check(*state, 0);
}

static void every_message__is_read_through_the_schema_as_served(void **state)
{
    messages_check(*state, 1);
}

static void a_retyped_column__does_not_matter_when_nothing_needs_it(void **state)
{
    (void)state;
    json_t *file = json_load_file("tests/data/connect/schemas.json", 0, NULL);
    const json_t *schema = json_object_get(json_object_get(file, "schemas"), "8");
    struct purchase_plan *plan = plan_of(json_object_get(schema, "registry"), PURCHASE_ID);
    // id 1, no category, amount 0x1234, no card, distance "1.0", timestamp 1
    static const uint8_t body[] = "\x02\x00\x02\x04\x12\x34\x00\x02\x06"
                                  "1.0\x02\x02";
    struct purchase purchase;
    const char *reason = "";
    assert_int_equal(
        purchase_decode(plan, (struct view){body, sizeof(body) - 1}, &purchase, &reason),
        DEAD_LETTER_NONE);
    assert_int_equal(purchase.present, PURCHASE_ID | PURCHASE_TIMESTAMP);
    purchase_plan_free(plan);
    json_decref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message__is_read_through_the_schema_as_sent),
        cmocka_unit_test(every_message__is_read_through_the_schema_as_served),
        cmocka_unit_test(a_retyped_column__does_not_matter_when_nothing_needs_it),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
