// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/quoted.h"
#include "wire/purchase.h"
#include "wire/schemas.h"

enum { NEEDED_ALL = 63 };

#define BYTES(...) ((struct view){(const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})})

static enum dead_letter_class decoded_as(struct view schema, uint32_t needed, struct view body,
                                         struct purchase *out)
{
    struct purchase_plan *plan;
    struct error err;
    if (purchase_plan_compile(schema, needed, &plan, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    const char *reason = NULL;
    enum dead_letter_class class = purchase_decode(plan, body, out, &reason);
    assert_true((class == DEAD_LETTER_NONE) == (reason == NULL));
    purchase_plan_free(plan);
    return class;
}

static struct purchase decoded(const char *schema, struct view body)
{
    struct purchase purchase;
    assert_int_equal(decoded_as(view_text(quoted(schema)), NEEDED_ALL, body, &purchase),
                     DEAD_LETTER_NONE);
    return purchase;
}

static void fails(const char *schema, struct view body, enum dead_letter_class class)
{
    struct purchase purchase;
    assert_int_equal(decoded_as(view_text(quoted(schema)), NEEDED_ALL, body, &purchase), class);
}

// id 300, category "gas", amount 1.5, card "4444", distance -0.0, timestamp 1664000000000
static const uint8_t whole[] = "\xd8\x04"
                               "\x02\x06gas"
                               "\x02\x00\x00\x00\x00\x00\x00\xf8\x3f"
                               "\x02\x08"
                               "4444"
                               "\x02\x00\x00\x00\x00\x00\x00\x00\x80"
                               "\x02\x80\x80\x88\xe2\xed\x60";

static void our_own_schema__is_read(void **state)
{
    (void)state;
    struct purchase purchase;
    struct view body = {whole, sizeof(whole) - 1};
    assert_int_equal(decoded_as(schema_purchase(), NEEDED_ALL, body, &purchase), DEAD_LETTER_NONE);
    assert_int_equal(purchase.present, NEEDED_ALL);
    assert_int_equal(purchase.id, 300);
    assert_true(view_equal(purchase.category, view_text("gas")));
    assert_true(purchase.amount == 1.5);
    assert_true(view_equal(purchase.credit_card, view_text("4444")));
    assert_true(purchase.distance_from_billing_zip == 0 &&
                signbit(purchase.distance_from_billing_zip));
    assert_true(purchase.timestamp_ms == 1664000000000);
}

static void only_needed_fields__are_present(void **state)
{
    (void)state;
    struct purchase purchase;
    struct view body = {whole, sizeof(whole) - 1};
    assert_int_equal(decoded_as(schema_purchase(), 0, body, &purchase), DEAD_LETTER_NONE);
    assert_int_equal(purchase.present, PURCHASE_CREDIT_CARD | PURCHASE_TIMESTAMP);
    assert_int_equal(purchase.id, 0);
    assert_true(view_equal(purchase.credit_card, view_text("4444")));
}

static void nulls__are_not_present(void **state)
{
    (void)state;
    struct purchase purchase;
    assert_int_equal(
        decoded_as(schema_purchase(), NEEDED_ALL, BYTES(0x02, 0, 0, 0, 0, 0), &purchase),
        DEAD_LETTER_NONE);
    assert_int_equal(purchase.present, PURCHASE_ID);
    assert_int_equal(purchase.id, 1);
    purchase = decoded("{'type':'record','name':'R','fields':["
                       "{'name':'id','type':['long','null']}]}",
                       BYTES(0x02));
    assert_int_equal(purchase.present, 0);
    purchase = decoded("{'type':'record','name':'R','fields':["
                       "{'name':'id','type':['long','null']}]}",
                       BYTES(0x00, 0x0e));
    assert_int_equal(purchase.id, 7);
}

static void bodies__cut_or_with_bytes_behind_are_bad(void **state)
{
    (void)state;
    struct purchase purchase;
    for (size_t size = 0; size < sizeof(whole) - 1; size++) {
        // At the end of a block of exactly that size: a sanitizer would see a read past it.
        uint8_t *block = malloc(size);
        assert_true(size == 0 || block != NULL);
        if (size > 0)
            memcpy(block, whole, size);
        assert_int_equal(
            decoded_as(schema_purchase(), NEEDED_ALL, (struct view){block, size}, &purchase),
            DEAD_LETTER_BAD_AVRO);
        free(block);
    }
    struct view more = {whole, sizeof(whole)};
    assert_int_equal(decoded_as(schema_purchase(), NEEDED_ALL, more, &purchase),
                     DEAD_LETTER_BAD_AVRO);
    assert_int_equal(decoded_as(schema_purchase(), 0, (struct view){NULL, 0}, &purchase),
                     DEAD_LETTER_BAD_AVRO);
}

static void a_body_of_no_bytes__is_fine_for_a_record_of_none(void **state)
{
    (void)state;
    struct purchase purchase;
    struct view schema = view_text(quoted("{'type':'record','name':'R','fields':["
                                          "{'name':'credit_card','type':'null'}]}"));
    assert_int_equal(decoded_as(schema, 0, (struct view){NULL, 0}, &purchase), DEAD_LETTER_NONE);
    assert_int_equal(purchase.present, 0);
}

static void integers__out_of_their_range_are_bad(void **state)
{
    (void)state;
    assert_int_equal(decoded("{'type':'record','name':'R','fields':[{'name':'id','type':'int'}]}",
                             BYTES(0xff, 0xff, 0xff, 0xff, 0x0f))
                         .id,
                     INT32_MIN);
    assert_int_equal(decoded("{'type':'record','name':'R','fields':[{'name':'id','type':'int'}]}",
                             BYTES(0x82, 0x00))
                         .id,
                     1);
    fails("{'type':'record','name':'R','fields':[{'name':'id','type':'int'}]}",
          BYTES(0x80, 0x80, 0x80, 0x80, 0x10), DEAD_LETTER_BAD_AVRO);
    fails("{'type':'record','name':'R','fields':[{'name':'id','type':'int'}]}",
          BYTES(0x80, 0x80, 0x80, 0x80, 0x80, 0x00), DEAD_LETTER_BAD_AVRO);
    const char *wide = "{'type':'record','name':'R','fields':[{'name':'id','type':'long'}]}";
    assert_true(decoded(wide, BYTES(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)).id ==
                INT64_MIN);
    fails(wide, BYTES(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2),
          DEAD_LETTER_BAD_AVRO);
    fails(wide, BYTES(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0),
          DEAD_LETTER_BAD_AVRO);
}

static void numbers__are_promoted(void **state)
{
    (void)state;
#define AMOUNT(type)                                                                               \
    "{'type':'record','name':'R','fields':[{'name':'id','type':'int'},{'name':'amount','type'"     \
    ":" type "}]}"
    assert_true(decoded(AMOUNT("'int'"), BYTES(0, 0x05)).amount == -3);
    assert_true(decoded(AMOUNT("'long'"), BYTES(0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01)).amount ==
                17179869184.0);
    assert_true(decoded(AMOUNT("'float'"), BYTES(0, 0, 0, 0xc0, 0x3f)).amount == 1.5);
    assert_true(isnan(decoded(AMOUNT("'double'"), BYTES(0, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f)).amount));
    assert_true(decoded(AMOUNT("{'type':'bytes','logicalType':'decimal','scale':2}"),
                        BYTES(0, 4, 0x1c, 0x34))
                    .amount == 72.2);
    assert_true(decoded(AMOUNT("{'type':'fixed','name':'D','size':3,'logicalType':'decimal'}"),
                        BYTES(0, 0xff, 0xff, 0xfe))
                    .amount == -2);
    fails(AMOUNT("{'type':'bytes','logicalType':'decimal'}"), BYTES(0, 4, 0x1c),
          DEAD_LETTER_BAD_AVRO);
}

static void bytes__are_read_as_text(void **state)
{
    (void)state;
    struct purchase purchase =
        decoded("{'type':'record','name':'R','fields':[{'name':'id','type':'int'},"
                "{'name':'credit_card','type':'bytes'}]}",
                BYTES(0, 6, 0xff, 0, 'z'));
    assert_true(view_equal(purchase.credit_card, BYTES(0xff, 0, 'z')));
}

static int64_t instant(const char *type, struct view body)
{
    char schema[256];
    snprintf(schema, sizeof(schema),
             "{'type':'record','name':'R','fields':[{'name':'id','type':'int'},"
             "{'name':'timestamp','type':%s}]}",
             type);
    struct purchase purchase = decoded(schema, body);
    assert_true((purchase.present & PURCHASE_TIMESTAMP) != 0);
    return purchase.timestamp_ms;
}

static void timestamps__are_scaled_towards_minus_infinity(void **state)
{
    (void)state;
#define LOGICAL(name) "{'type':'long','logicalType':'" name "'}"
    assert_int_equal(instant("'long'", BYTES(0, 0x01)), -1);
    assert_int_equal(instant("'int'", BYTES(0, 0x01)), -1);
    assert_int_equal(instant(LOGICAL("timestamp-millis"), BYTES(0, 0x02)), 1);
    assert_int_equal(instant(LOGICAL("timestamp-micros"), BYTES(0, 0x01)), -1);
    assert_int_equal(instant(LOGICAL("timestamp-micros"), BYTES(0, 0xce, 0x0f)), 0);  // 999
    assert_int_equal(instant(LOGICAL("timestamp-micros"), BYTES(0, 0xd0, 0x0f)), 1);  // 1000
    assert_int_equal(instant(LOGICAL("timestamp-micros"), BYTES(0, 0xcf, 0x0f)), -1); // -1000
    assert_int_equal(instant(LOGICAL("timestamp-micros"), BYTES(0, 0xd1, 0x0f)), -2); // -1001
    assert_int_equal(instant(LOGICAL("local-timestamp-nanos"), BYTES(0, 0x01)), -1);
    assert_true(instant(LOGICAL("timestamp-nanos"), BYTES(0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                          0xff, 0xff, 0xff, 1)) == -9223372036855);
}

static void the_branch_of_a_datum__decides(void **state)
{
    (void)state;
    const char *schema = "{'type':'record','name':'R','fields':["
                         "{'name':'amount','type':['string','int','null','float']},"
                         "{'name':'id','type':'int'}]}";
    assert_true(decoded(schema, BYTES(2, 6, 14)).amount == 3);
    assert_true(decoded(schema, BYTES(6, 0, 0, 0xc0, 0x3f, 14)).amount == 1.5);
    assert_int_equal(decoded(schema, BYTES(4, 14)).present, PURCHASE_ID);
    assert_int_equal(decoded(schema, BYTES(4, 14)).id, 7);
    fails(schema, BYTES(0, 2, 'a', 14), DEAD_LETTER_SCHEMA_MISMATCH);
    fails(schema, BYTES(8, 14), DEAD_LETTER_BAD_AVRO);
    fails(schema, BYTES(1, 14), DEAD_LETTER_BAD_AVRO);
    struct purchase purchase; // nobody needs the amount: its string is skipped
    assert_int_equal(
        decoded_as(view_text(quoted(schema)), PURCHASE_ID, BYTES(0, 2, 'a', 14), &purchase),
        DEAD_LETTER_NONE);
    assert_int_equal(purchase.id, 7);
}

static void a_nullable_field__takes_either_order_and_refuses_other_branches(void **state)
{
    (void)state;
    const char *first = "{'type':'record','name':'R','fields':["
                        "{'name':'id','type':['null','int']}]}";
    const char *last = "{'type':'record','name':'R','fields':["
                       "{'name':'id','type':['int','null']}]}";
    assert_int_equal(decoded(first, BYTES(2, 14)).id, 7);
    assert_int_equal(decoded(first, BYTES(0x82, 0x00, 14)).id, 7); // a longer form of 2
    assert_int_equal(decoded(first, BYTES(0x80, 0x00)).present, 0);
    assert_int_equal(decoded(last, BYTES(0, 14)).id, 7);
    assert_int_equal(decoded(last, BYTES(2)).present, 0);
    fails(first, BYTES(4, 14), DEAD_LETTER_BAD_AVRO);
    fails(first, BYTES(1, 14), DEAD_LETTER_BAD_AVRO);
    fails(last, BYTES(0x80), DEAD_LETTER_BAD_AVRO);
    fails("{'type':'record','name':'R','fields':["
          "{'name':'amount','type':['null','string']},{'name':'id','type':'int'}]}",
          BYTES(2, 2, 'a', 14), DEAD_LETTER_SCHEMA_MISMATCH);
}

static void a_nullable_type_of_no_bytes__takes_its_branch_alone(void **state)
{
    (void)state;
    const char *schema = "{'type':'record','name':'R','fields':[{'name':'a','type':['null',"
                         "{'type':'fixed','name':'F','size':0}]},{'name':'b','type':["
                         "{'type':'record','name':'E','fields':[]},'null']},"
                         "{'name':'amount','type':['null',{'type':'fixed','name':'D','size':0,"
                         "'logicalType':'decimal'}]},{'name':'id','type':'int'}]}";
    assert_int_equal(decoded(schema, BYTES(2, 0, 0, 14)).id, 7);
    assert_int_equal(decoded(schema, BYTES(0, 2, 0, 14)).present, PURCHASE_ID);
    assert_int_equal(decoded(schema, BYTES(0, 2, 2, 14)).present, PURCHASE_ID | PURCHASE_AMOUNT);
    fails(schema, BYTES(0, 4, 0, 14), DEAD_LETTER_BAD_AVRO);
}

static void a_union_at_the_top__is_read_by_its_branch(void **state)
{
    (void)state;
    const char *schema = "['null',{'type':'record','name':'R','fields':["
                         "{'name':'id','type':'int'}]},"
                         "{'type':'record','name':'S','fields':[{'name':'x','type':'string'},"
                         "{'name':'id','type':'long'}]},{'type':'record','name':'T','fields':[]}]";
    assert_int_equal(decoded(schema, BYTES(2, 14)).id, 7);
    assert_int_equal(decoded(schema, BYTES(4, 2, 'x', 14)).id, 7);
    fails(schema, BYTES(0), DEAD_LETTER_SCHEMA_MISMATCH);
    fails(schema, BYTES(6), DEAD_LETTER_SCHEMA_MISMATCH);
    fails(schema, BYTES(8), DEAD_LETTER_BAD_AVRO);
    fails(schema, BYTES(2, 14, 0), DEAD_LETTER_BAD_AVRO);
}

static void recursive_extras__are_passed_over_where_they_end(void **state)
{
    (void)state;
    const char *schema = "{'type':'record','name':'R','fields':["
                         "{'name':'history','type':{'type':'array','items':'R'}},"
                         "{'name':'last','type':['null','R','int']},{'name':'id','type':'int'}]}";
    assert_int_equal(decoded(schema, BYTES(2, 0, 0, 4, 0, 2, 0, 0, 2, 14)).id, 7);
    uint8_t *deep = malloc(1 << 20);
    assert_non_null(deep);
    memset(deep, 2, 1 << 20);
    fails(schema, (struct view){deep, 1 << 20}, DEAD_LETTER_BAD_AVRO);
    free(deep);
}

static void extras_of_every_kind__are_passed_over(void **state)
{
    (void)state;
    const char *schema = "{'type':'record','name':'R','fields':[{'name':'a','type':'boolean'},"
                         "{'name':'b','type':['boolean','null']},"
                         "{'name':'c','type':{'type':'enum','name':'E','symbols':['x','y']}},"
                         "{'name':'d','type':{'type':'map','values':{'type':'array',"
                         "'items':'E'}}},{'name':'e','type':{'type':'fixed','name':'F','size':2}},"
                         "{'name':'f','type':{'type':'record','name':'S','fields':["
                         "{'name':'id','type':'string'},"
                         "{'name':'credit_card','type':['null','F','S']}]}},"
                         "{'name':'g','type':'float'},{'name':'id','type':'int'}]}";
    assert_int_equal(decoded(schema, BYTES(1, 0, 1, 2, 1, 10, 2, 'k', 2, 2, 0, 0, 9, 9, 2, 'i', 4,
                                           0, 2, 8, 8, 1, 2, 3, 4, 14))
                         .id,
                     7);
    fails(schema, BYTES(2, 2, 2, 0, 9, 9, 0, 0, 1, 2, 3, 4, 14), DEAD_LETTER_BAD_AVRO);
    fails(schema, BYTES(1, 2, 4, 0, 9, 9, 0, 0, 1, 2, 3, 4, 14), DEAD_LETTER_BAD_AVRO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_schema__is_read),
        cmocka_unit_test(only_needed_fields__are_present),
        cmocka_unit_test(nulls__are_not_present),
        cmocka_unit_test(bodies__cut_or_with_bytes_behind_are_bad),
        cmocka_unit_test(a_body_of_no_bytes__is_fine_for_a_record_of_none),
        cmocka_unit_test(integers__out_of_their_range_are_bad),
        cmocka_unit_test(numbers__are_promoted),
        cmocka_unit_test(bytes__are_read_as_text),
        cmocka_unit_test(timestamps__are_scaled_towards_minus_infinity),
        cmocka_unit_test(the_branch_of_a_datum__decides),
        cmocka_unit_test(a_nullable_field__takes_either_order_and_refuses_other_branches),
        cmocka_unit_test(a_nullable_type_of_no_bytes__takes_its_branch_alone),
        cmocka_unit_test(a_union_at_the_top__is_read_by_its_branch),
        cmocka_unit_test(recursive_extras__are_passed_over_where_they_end),
        cmocka_unit_test(extras_of_every_kind__are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
