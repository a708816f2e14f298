// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/memory.h"
#include "lib/hex.h"
#include "wire/flag.h"
#include "wire/purchase.h"
#include "wire/schemas.h"

#define RECORD(fields) "{\"type\":\"record\",\"name\":\"F\",\"fields\":[" fields "]}"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":" type "}"

static struct flag_plan *compile(const char *schema)
{
    struct flag_plan *plan;
    struct error err;
    if (flag_plan_compile(view_text(schema), &plan, &err) != STATUS_OK)
        fail_msg("%s: %s", schema, err.text);
    return plan;
}

static void assert_refused(const char *schema, const char *part)
{
    struct flag_plan *plan;
    struct error err;
    assert_int_equal(flag_plan_compile(view_text(schema), &plan, &err), STATUS_RECORD);
    assert_null(plan);
    if (strstr(err.text, part) == NULL)
        fail_msg("'%s' lacks '%s'", err.text, part);
}

static bool decoded(const struct flag_plan *plan, const void *bytes, size_t size)
{
    bool enabled;
    const char *reason = "";
    if (!flag_decode(plan, (struct view){bytes, size}, &enabled, &reason))
        fail_msg("%s", reason);
    return enabled;
}

static void assert_bad(const struct flag_plan *plan, const void *bytes, size_t size)
{
    bool enabled;
    const char *reason = NULL;
    assert_false(flag_decode(plan, (struct view){bytes, size}, &enabled, &reason));
    assert_non_null(reason);
}

static void row__is_on_when_enabled_is_true_alone(void **state)
{
    (void)state;
    struct flag_plan *plan = compile(RECORD(FIELD("enabled", "[\"null\",\"boolean\"]")));
    assert_true(decoded(plan, "\x02\x01", 2));
    assert_false(decoded(plan, "\x02\x00", 2));
    assert_false(decoded(plan, "\x00", 1));
    flag_plan_free(plan);
}

static void fields__are_found_by_name_in_any_order(void **state)
{
    (void)state;
    struct flag_plan *plan =
        compile(RECORD(FIELD("tags", "{\"type\":\"array\",\"items\":\"string\"}") "," FIELD(
            "note", "[\"string\",\"null\"]") "," FIELD("enabled",
                                                       "\"boolean\"") "," FIELD("id", "\"int\"")));
    assert_true(decoded(plan, "\x02\x02x\x00\x02\x01\x54", 7));
    assert_false(decoded(plan, "\x00\x00\x02y\x00\x54", 6));
    flag_plan_free(plan);
}

static void schema_without_enabled__is_off(void **state)
{
    (void)state;
    struct flag_plan *plan = compile(RECORD(FIELD("id", "\"int\"")));
    assert_false(decoded(plan, "\x02", 1));
    flag_plan_free(plan);
}

static void unions__are_read_by_the_branch_taken(void **state)
{
    (void)state;
    struct flag_plan *plan = compile(RECORD(FIELD("enabled", "[\"string\",\"boolean\",\"null\"]")));
    assert_true(decoded(plan, "\x02\x01", 2));
    assert_false(decoded(plan, "\x04", 1));
    assert_bad(plan, "\x00\x02x", 3);
    assert_bad(plan, "\x06", 1);
    flag_plan_free(plan);
    plan = compile("[\"null\"," RECORD(FIELD("enabled", "\"boolean\"")) "]");
    assert_true(decoded(plan, "\x02\x01", 2));
    assert_bad(plan, "\x00", 1);
    flag_plan_free(plan);
}

static void schemas_of_other_things__are_refused(void **state)
{
    (void)state;
    assert_refused("\"string\"", "not a record");
    assert_refused("[\"null\",\"string\"]", "not a record");
    assert_refused(RECORD(FIELD("enabled", "\"int\"")), "field enabled is int");
    assert_refused(RECORD(FIELD("enabled", "[\"string\",\"int\"]")), "cannot be read as boolean");
    assert_refused("{", "");
}

static void bad_bytes__are_refused(void **state)
{
    (void)state;
    struct flag_plan *plan =
        compile(RECORD(FIELD("enabled", "\"boolean\"") "," FIELD("note", "\"string\"")));
    assert_bad(plan, "", 0);
    assert_bad(plan, "\x02\x00", 2);
    assert_bad(plan, "\x01\x04x", 3);
    assert_bad(plan, "\x01\x02x.", 4);
    assert_bad(plan, NULL, 0);
    assert_true(decoded(plan, "\x01\x02x", 3));
    flag_plan_free(plan);
}

static void built_in_schema__is_read(void **state)
{
    (void)state;
    struct flag_plan *plan;
    struct error err;
    assert_int_equal(flag_plan_compile(schema_travel_flags(), &plan, &err), STATUS_OK);
    assert_true(decoded(plan, "\x02\x02\x01\x00\x00", 5));
    flag_plan_free(plan);
}

// ---- what Kafka Connect wrote ----

static void check_captured(const struct flag_plan *plan, const json_t *row)
{
    uint8_t bytes[512];
    const json_t *decoded_row = json_object_get(row, "decoded");
    size_t size = hex_bytes(json_string_value(json_object_get(row, "value")), bytes);
    uint32_t id;
    struct view body, card;
    const char *reason = "";
    assert_true(frame_split((struct view){bytes, size}, &id, &body));
    assert_int_equal(id, 3);
    assert_true(decoded(plan, body.data, body.size) ==
                json_is_true(json_object_get(decoded_row, "enabled")));
    const char *key = json_string_value(json_object_get(row, "key"));
    if (key[0] == '\0') {
        assert_false(flag_card(view_text(key), &card, &reason));
        return;
    }
    assert_true(flag_card(view_text(key), &card, &reason));
    assert_true(view_equal(
        card, view_text(json_string_value(json_object_get(decoded_row, "credit_card")))));
    for (size_t cut = 0; cut < body.size; cut++)
        assert_bad(plan, body.data, cut);
}

static void rows_of_kafka_connect__are_read(void **state)
{
    (void)state;
    json_t *file = json_load_file("tests/data/connect/schemas.json", 0, NULL);
    const json_t *schema = json_object_get(json_object_get(file, "schemas"), "3");
    struct flag_plan *plans[] = {
        compile(json_string_value(json_object_get(schema, "converter"))),
        compile(json_string_value(json_object_get(schema, "registry"))),
    };
    FILE *lines = fopen("tests/data/connect/messages.jsonl", "r");
    assert_non_null(lines);
    static char line[1 << 20];
    unsigned rows = 0, tombstones = 0;
    while (fgets(line, sizeof(line), lines) != NULL) {
        json_t *row = json_loads(line, 0, NULL);
        bool ours =
            strcmp(json_string_value(json_object_get(row, "topic")), "cx-travel_flags") == 0;
        bool tombstone = json_is_null(json_object_get(row, "value"));
        tombstones += ours && tombstone;
        rows += ours && !tombstone;
        for (size_t p = 0; p < 2 && ours && !tombstone; p++)
            check_captured(plans[p], row);
        json_decref(row);
    }
    fclose(lines);
    assert_int_equal(rows, 9);
    assert_int_equal(tombstones, 1);
    flag_plan_free(plans[0]);
    flag_plan_free(plans[1]);
    json_decref(file);
}

// ---- keys ----

static void assert_card(const void *key, size_t size, const char *expected)
{
    struct view card;
    const char *reason = NULL;
    if (!flag_card((struct view){key, size}, &card, &reason))
        fail_msg("%s: %s", expected, reason);
    assert_true(view_equal(card, view_text(expected)));
}

static void key__is_the_card_however_connect_writes_a_text(void **state)
{
    (void)state;
    assert_card("1111-2222", 9, "1111-2222");
    assert_card("\"1111-2222\"", 11, "1111-2222");
    assert_card("\0\0\0\0\x07\x08"
                "1111",
                10, "1111");
    assert_card("\0\0\0\0\x07\x02\x08"
                "1111",
                11, "1111");
    assert_card("\"11\\\"22\"", 8, "\"11\\\"22\"");
    assert_card("\"", 1, "\"");
}

static void key_without_a_card__is_refused(void **state)
{
    (void)state;
    struct view card;
    const char *reason = NULL;
    static uint8_t large[257];
    memset(large, '1', sizeof(large));
    assert_false(flag_card((struct view){NULL, 0}, &card, &reason));
    assert_string_equal(reason, "the row has no key");
    assert_false(flag_card(view_text(""), &card, &reason));
    assert_false(flag_card(view_text("\"\""), &card, &reason));
    assert_false(flag_card((struct view){(const uint8_t *)"\0\0\0\0\x07\x00", 6}, &card, &reason));
    assert_false(flag_card((struct view){(const uint8_t *)"\xff\xfe", 2}, &card, &reason));
    assert_false(flag_card((struct view){large, sizeof(large)}, &card, &reason));
    assert_true(flag_card((struct view){large, 256}, &card, &reason));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row__is_on_when_enabled_is_true_alone),
        cmocka_unit_test(fields__are_found_by_name_in_any_order),
        cmocka_unit_test(schema_without_enabled__is_off),
        cmocka_unit_test(unions__are_read_by_the_branch_taken),
        cmocka_unit_test(schemas_of_other_things__are_refused),
        cmocka_unit_test(bad_bytes__are_refused),
        cmocka_unit_test(built_in_schema__is_read),
        cmocka_unit_test(rows_of_kafka_connect__are_read),
        cmocka_unit_test(key__is_the_card_however_connect_writes_a_text),
        cmocka_unit_test(key_without_a_card__is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
