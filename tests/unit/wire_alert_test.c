// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/quoted.h"
#include "wire/alert.h"
#include "wire/schemas.h"

static struct alert_fields sample(void)
{
    return (struct alert_fields){.type = view_text("high_purchase_count"),
                                 .credit_card = view_text("1111-2222-3333-4444"),
                                 .timestamp_ms = 1664000000000};
}

static struct alert_fields plain(int64_t timestamp_ms)
{
    return (struct alert_fields){
        .type = view_text("t"), .credit_card = view_text("c"), .timestamp_ms = timestamp_ms};
}

static struct alert_encoder *compiled(const char *schema)
{
    struct alert_encoder *encoder = NULL;
    struct error err = {""};
    if (alert_encoder_compile(view_text(quoted(schema)), 2, &encoder, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return encoder;
}

static void encodes(struct alert_encoder *encoder, struct alert_fields alert,
                    const uint8_t *expected, size_t size)
{
    struct buffer out;
    buffer_init(&out, 4096);
    alert_encode_avro(encoder, &alert, &out);
    assert_int_equal(out.size, size);
    assert_memory_equal(out.data, expected, size);
    buffer_release(&out);
    alert_encoder_free(encoder);
}

static void the_documented_alert__has_its_golden_bytes(void **state)
{
    (void)state;
    static const uint8_t golden[] = "\x00\x00\x00\x00\x02"
                                    "\x02\x26high_purchase_count"
                                    "\x02\x26"
                                    "1111-2222-3333-4444"
                                    "\x02\x80\x80\x88\xe2\xed\x60";
    struct alert_encoder *encoder;
    struct error err;
    assert_int_equal(alert_encoder_compile(schema_alert(), 2, &encoder, &err), STATUS_OK);
    encodes(encoder, sample(), golden, sizeof(golden) - 1);
}

static void schema_id_and_extreme_timestamps__are_written_whole(void **state)
{
    (void)state;
    static const uint8_t golden[] = "\x00\xfe\xdc\xba\x98"
                                    "\x02\x02t\x02\x02"
                                    "c\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    struct alert_encoder *encoder;
    struct error err;
    assert_int_equal(alert_encoder_compile(schema_alert(), 0xfedcba98, &encoder, &err), STATUS_OK);
    encodes(encoder, plain(INT64_MIN), golden, sizeof(golden) - 1);
}

static void fields_in_any_order_and_unions_in_any_form__are_followed(void **state)
{
    (void)state;
    static const uint8_t golden[] = "\x00\x00\x00\x00\x02"
                                    "\x02\x02\x02\x02"
                                    "c\x00\x04\x02t";
    struct alert_encoder *encoder =
        compiled("{'fields':[{'name':'note','type':['int','null'],'default':null},"
                 "{'name':'timestamp','type':{'type':'long',"
                 "'logicalType':'timestamp-millis'}},"
                 "{'name':'credit_card','type':['null','string']},"
                 "{'name':'where','type':['null','string'],'default':null},"
                 "{'name':'type','type':['null','bytes','string']},"
                 "{'name':'nothing','type':'null','default':null}],'type':'record',"
                 "'name':'Alert'}");
    encodes(encoder, plain(1), golden, sizeof(golden) - 1);
}

// The details, unions in any form and order, in the schema's order.
static const char detailed[] =
    "{'type':'record','name':'Alert','fields':["
    "{'name':'distance','type':['double','null']},"
    "{'name':'type','type':'string'},{'name':'rule','type':'string'},"
    "{'name':'purchase_ids','type':['int','null',{'type':'array','items':'long'}]},"
    "{'name':'credit_card','type':'string'},{'name':'count','type':['null','long']},"
    "{'name':'timestamp','type':'long'},{'name':'amount','type':['null','double']},"
    "{'name':'detected_at','type':{'type':'long','logicalType':'timestamp-millis'}}]}";

static void details__go_where_the_schema_has_them(void **state)
{
    (void)state;
    static const uint8_t golden[] = "\x00\x00\x00\x00\x02"
                                    "\x00\x00\x00\x00\x00\x00\x00\xf0\xbf" // -1.0
                                    "\x02t\x02t"
                                    "\x04\x04\x01\x0c\x00" // [-1, 6]
                                    "\x02"
                                    "c\x02\x08\x02"
                                    "\x02\x00\x00\x00\x00\x00\x00\x00\x40" // 2.0
                                    "\x0a";
    static const int64_t ids[] = {-1, 6};
    struct alert_fields alert = {.type = view_text("t"),
                                 .credit_card = view_text("c"),
                                 .timestamp_ms = 1,
                                 .count = 4,
                                 .detected_at_ms = 5,
                                 .known = ALERT_AMOUNT | ALERT_DISTANCE | ALERT_PURCHASE_IDS,
                                 .amount = 2,
                                 .distance = -1,
                                 .purchase_ids = ids,
                                 .purchase_id_count = 2};
    struct alert_encoder *encoder = compiled(detailed);
    assert_int_equal(alert_encoder_details(encoder), alert.known);
    encodes(encoder, alert, golden, sizeof(golden) - 1);
}

static void unknown_details__are_the_null_branch(void **state)
{
    (void)state;
    static const uint8_t golden[] = "\x00\x00\x00\x00\x02"
                                    "\x02\x02t\x02t\x02\x02"
                                    "c\x02\x08\x02\x00\x0a";
    struct alert_fields alert = {.type = view_text("t"),
                                 .credit_card = view_text("c"),
                                 .timestamp_ms = 1,
                                 .count = 4,
                                 .detected_at_ms = 5};
    encodes(compiled(detailed), alert, golden, sizeof(golden) - 1);
}

static void the_plain_schema__wants_no_details(void **state)
{
    (void)state;
    struct alert_encoder *encoder;
    struct error err;
    assert_int_equal(alert_encoder_compile(schema_alert(), 2, &encoder, &err), STATUS_OK);
    assert_int_equal(alert_encoder_details(encoder), 0);
    alert_encoder_free(encoder);
}

static void fails(const char *schema, const char *field)
{
    struct alert_encoder *encoder = NULL;
    struct error err = {""};
    assert_int_equal(alert_encoder_compile(view_text(quoted(schema)), 2, &encoder, &err),
                     STATUS_FATAL);
    assert_null(encoder);
    if (strstr(err.text, field) == NULL)
        fail_msg("'%s' does not name %s", err.text, field);
}

#define ALERT(fields) "{'type':'record','name':'A','fields':[" fields "]}"
#define TYPE "{'name':'type','type':'string'},"
#define CARD "{'name':'credit_card','type':['null','string']},"
#define TIME "{'name':'timestamp','type':'long'}"

static void schemas_that_do_not_fit__are_refused_by_field(void **state)
{
    (void)state;
    fails(ALERT("{'name':'type','type':'int'}," CARD TIME), "type is int");
    fails(ALERT(TYPE "{'name':'credit_card','type':['null','bytes']}," TIME), "credit_card");
    fails(ALERT(TYPE CARD "{'name':'timestamp','type':'int'}"), "timestamp is int");
    fails(ALERT(TYPE CARD "{'name':'timestamp','type':{'type':'long',"
                          "'logicalType':'timestamp-micros'}}"),
          "timestamp-micros");
    fails(ALERT(TYPE CARD "{'name':'when','type':'long'}"), "when");
    fails(ALERT(TYPE TIME), "no field credit_card");
    fails(ALERT(TYPE CARD TIME ",{'name':'more','type':['null','string']}"), "more");
    fails(ALERT(TYPE CARD TIME ",{'name':'more','type':'int','default':null}"), "more is int");
    fails(ALERT(TYPE CARD TIME ",{'name':'count','type':'int'}"), "count is int");
    fails(ALERT(TYPE CARD TIME ",{'name':'rule','type':['null','int'],'default':null}"), "rule");
    fails(ALERT(TYPE CARD TIME ",{'name':'amount','type':'double'}"), "union of null and double");
    fails(ALERT(TYPE CARD TIME ",{'name':'distance','type':['double','int']}"), "distance");
    fails(ALERT(TYPE CARD TIME ",{'name':'purchase_ids','type':['null',{'type':'array','items':"
                               "'string'}],'default':null}"),
          "array of long");
    fails("'string'", "not a record");
    fails("{'type':'record'", "alert schema");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_alert__has_its_golden_bytes),
        cmocka_unit_test(schema_id_and_extreme_timestamps__are_written_whole),
        cmocka_unit_test(fields_in_any_order_and_unions_in_any_form__are_followed),
        cmocka_unit_test(details__go_where_the_schema_has_them),
        cmocka_unit_test(unknown_details__are_the_null_branch),
        cmocka_unit_test(the_plain_schema__wants_no_details),
        cmocka_unit_test(schemas_that_do_not_fit__are_refused_by_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
