// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/random.h"
#include "lib/quoted.h"
#include "wire/alert.h"
#include "wire/schemas.h"

// The encoder for schemas/alert.avsc, or for the file's text.
static struct alert_encoder *compiled(struct view schema)
{
    struct alert_encoder *encoder;
    struct error err = {""};
    if (alert_encoder_compile(schema, 2, &encoder, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return encoder;
}

static void encodes_by(struct view schema, const struct alert_fields *alert, const char *expected)
{
    struct alert_encoder *encoder = compiled(schema);
    struct buffer out;
    buffer_init(&out, 4096);
    alert_encode_json(encoder, alert, &out);
    assert_true(buffer_append_byte(&out, 0));
    assert_string_equal((char *)out.data, expected);
    buffer_release(&out);
    alert_encoder_free(encoder);
}

static void encodes(struct view type, struct view credit_card, int64_t timestamp_ms,
                    const char *expected)
{
    struct alert_fields alert = {
        .type = type, .credit_card = credit_card, .timestamp_ms = timestamp_ms};
    encodes_by(schema_alert(), &alert, expected);
}

static void the_documented_alert__is_written_to_the_letter(void **state)
{
    (void)state;
    encodes(view_text("high_purchase_count"), view_text("1111-2222-3333-4444"), 1664000000000,
            "{\"type\": \"high_purchase_count\", \"credit_card\": \"1111-2222-3333-4444\", "
            "\"timestamp\": 1664000000000}");
    encodes(view_text("t"), view_text("c"), INT64_MIN,
            "{\"type\": \"t\", \"credit_card\": \"c\", \"timestamp\": -9223372036854775808}");
}

static void text__is_escaped(void **state)
{
    (void)state;
    encodes(view_text("a\"b\\c/d"), view_text("\b\f\n\r\t\x01\x1f\x7f"), 0,
            "{\"type\": \"a\\\"b\\\\c/d\", \"credit_card\": "
            "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\", \"timestamp\": 0}");
    encodes((struct view){(const uint8_t *)"a\0b", 3}, view_text("\xc3\xa4\xe2\x80\xa8"), 0,
            "{\"type\": \"a\\u0000b\", \"credit_card\": \"\xc3\xa4\xe2\x80\xa8\", "
            "\"timestamp\": 0}");
    encodes(view_text("a\xffz"), view_text("\xe2\x80"), 0,
            "{\"type\": \"a\xef\xbf\xbdz\", \"credit_card\": \"\xef\xbf\xbd\xef\xbf\xbd\", "
            "\"timestamp\": 0}");
}

static void any_bytes__give_json_that_parses(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 7);
    struct alert_encoder *encoder = compiled(schema_alert());
    struct buffer out;
    buffer_init(&out, 1 << 16);
    for (int i = 0; i < 5000; i++) {
        uint8_t bytes[64];
        size_t size = random_below(&random, sizeof(bytes));
        for (size_t b = 0; b < size; b++)
            bytes[b] = (uint8_t)(random_chance(&random, 1, 2) ? random_below(&random, 128)
                                                              : random_next(&random));
        struct alert_fields alert = {.type = {bytes, size},
                                     .credit_card = {bytes, size},
                                     .timestamp_ms = (int64_t)random_next(&random)};
        buffer_clear(&out);
        alert_encode_json(encoder, &alert, &out);
        json_t *json = json_loadb((char *)out.data, out.size, JSON_ALLOW_NUL, NULL);
        if (json == NULL)
            fail_msg("case %d: %.*s", i, (int)out.size, (char *)out.data);
        assert_true(json_integer_value(json_object_get(json, "timestamp")) == alert.timestamp_ms);
        assert_int_equal(json_object_size(json), 3);
        json_decref(json);
    }
    alert_encoder_free(encoder);
    buffer_release(&out);
}

static const char some_details[] =
    "{'type':'record','name':'Alert','fields':["
    "{'name':'purchase_ids','type':['null',{'type':'array','items':'long'}]},"
    "{'name':'amount','type':['null','double']},{'name':'distance','type':['null','double']},"
    "{'name':'note','type':['null','string'],'default':null},"
    "{'name':'detected_at','type':'long'},{'name':'timestamp','type':'long'},"
    "{'name':'credit_card','type':'string'},{'name':'rule','type':'string'},"
    "{'name':'type','type':'string'},{'name':'count','type':'long'}]}";

static void details__follow_in_the_order_of_the_schema(void **state)
{
    (void)state;
    static const int64_t ids[] = {7, -8};
    struct alert_fields alert = {.type = view_text("t"),
                                 .credit_card = view_text("c"),
                                 .timestamp_ms = 1,
                                 .count = 2,
                                 .detected_at_ms = 3,
                                 .known = ALERT_AMOUNT | ALERT_DISTANCE | ALERT_PURCHASE_IDS,
                                 .amount = 0.1,
                                 .distance = 1e300 * 1e10,
                                 .purchase_ids = ids,
                                 .purchase_id_count = 2};
    encodes_by(view_text(quoted(some_details)), &alert,
               "{\"type\": \"t\", \"credit_card\": \"c\", \"timestamp\": 1, \"purchase_ids\": [7, "
               "-8], \"amount\": 0.1, \"distance\": null, \"detected_at\": 3, \"rule\": \"t\", "
               "\"count\": 2}");
    alert.known = 0;
    encodes_by(view_text(quoted(some_details)), &alert,
               "{\"type\": \"t\", \"credit_card\": \"c\", \"timestamp\": 1, \"purchase_ids\": "
               "null, \"amount\": null, \"distance\": null, \"detected_at\": 3, \"rule\": \"t\", "
               "\"count\": 2}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_alert__is_written_to_the_letter),
        cmocka_unit_test(text__is_escaped),
        cmocka_unit_test(details__follow_in_the_order_of_the_schema),
        cmocka_unit_test(any_bytes__give_json_that_parses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
