// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/quoted.h"
#include "wire/plan.h"
#include "wire/schemas.h"

enum { NEEDED_ALL = 63, NEEDED_LEAST = PURCHASE_CREDIT_CARD | PURCHASE_TIMESTAMP };

static struct purchase_plan *compiled(const char *schema, uint32_t needed)
{
    struct purchase_plan *plan = NULL;
    struct error err = {""};
    if (purchase_plan_compile(view_text(quoted(schema)), needed, &plan, &err) != STATUS_OK)
        fail_msg("%s: %s", err.text, schema);
    return plan;
}

static void accepted(const char *schema, uint32_t needed)
{
    purchase_plan_free(compiled(schema, needed));
}

static void refused(const char *schema, uint32_t needed, const char *sentence)
{
    struct purchase_plan *plan = NULL;
    struct error err = {""};
    assert_int_equal(purchase_plan_compile(view_text(quoted(schema)), needed, &plan, &err),
                     STATUS_RECORD);
    assert_null(plan);
    if (strstr(err.text, sentence) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, sentence);
}

static void codes_are(const struct purchase_plan *plan, const enum op_code *codes, uint32_t count)
{
    assert_int_equal(plan->op_count, count);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(plan->ops[i].code, codes[i]);
}

static void our_own_schema__takes_one_operation_a_field(void **state)
{
    (void)state;
    struct purchase_plan *plan;
    struct error err;
    assert_int_equal(purchase_plan_compile(schema_purchase(), NEEDED_ALL, &plan, &err), STATUS_OK);
    static const enum op_code all[] = {OP_READ_LONG,   OP_READ_TEXT, OP_READ_DOUBLE, OP_READ_TEXT,
                                       OP_READ_DOUBLE, OP_READ_LONG, OP_END};
    codes_are(plan, all, 7);
    purchase_plan_free(plan);
    assert_int_equal(purchase_plan_compile(schema_purchase(), 0, &plan, &err), STATUS_OK);
    static const enum op_code least[] = {OP_SKIP_LONG,  OP_SKIP_TEXT, OP_SKIP_BYTES, OP_READ_TEXT,
                                         OP_SKIP_BYTES, OP_READ_LONG, OP_END};
    codes_are(plan, least, 7);
    assert_true(plan->ops[1].nullable && plan->ops[4].nullable);
    purchase_plan_free(plan);
}

static void fields_of_no_bytes__take_no_operation(void **state)
{
    (void)state;
    struct purchase_plan *plan =
        compiled("{'type':'record','name':'R','fields':["
                 "{'name':'credit_card','type':'null'},{'name':'x','type':'null'},"
                 "{'name':'y','type':{'type':'fixed','name':'F','size':0}}]}",
                 0);
    assert_int_equal(plan->op_count, 1);
    purchase_plan_free(plan);
}

static void missing_fields__matter_only_without_a_default(void **state)
{
    (void)state;
    accepted("{'type':'record','name':'R','fields':[{'name':'id','type':'int'}]}", NEEDED_ALL);
    accepted("{'type':'record','name':'R','fields':[{'name':'other','type':'int'}]}",
             NEEDED_ALL & ~(uint32_t)PURCHASE_ID);
    refused("{'type':'record','name':'R','fields':[{'name':'other','type':'int'}]}", PURCHASE_ID,
            "has no field id");
}

static void types_that_cannot_be_read__matter_only_where_needed(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        const char *type;
        uint32_t bit;
        const char *sentence;
    } rows[] = {
        {"id", "'string'", PURCHASE_ID,
         "its field id is string, which cannot be read as id (long)"},
        {"id", "'double'", PURCHASE_ID, "double"},
        {"id", "{'type':'array','items':'int'}", PURCHASE_ID, "array"},
        {"category", "'int'", PURCHASE_CATEGORY, "(string)"},
        {"category", "{'type':'enum','name':'E','symbols':['a']}", PURCHASE_CATEGORY, "is enum"},
        {"amount", "'string'", PURCHASE_AMOUNT, "(double)"},
        {"amount", "'bytes'", PURCHASE_AMOUNT, "is bytes"},
        {"amount", "{'type':'fixed','name':'F','size':8}", PURCHASE_AMOUNT, "is fixed"},
        {"amount", "['string','boolean']", PURCHASE_AMOUNT, "is union of string, boolean"},
        {"distance_from_billing_zip", "{'type':'bytes','logicalType':'decimal'}", PURCHASE_DISTANCE,
         "bytes (decimal)"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char schema[512];
        snprintf(schema, sizeof(schema),
                 "{'type':'record','name':'R','fields':[{'name':'x','type':'int'},"
                 "{'name':'%s','type':%s}]}",
                 rows[i].field, rows[i].type);
        refused(schema, rows[i].bit, rows[i].sentence);
        accepted(schema, 0);
    }
}

static void card_and_timestamp__are_always_needed(void **state)
{
    (void)state;
    refused("{'type':'record','name':'R','fields':[{'name':'id','type':'int'},"
            "{'name':'credit_card','type':'long'}]}",
            0, "credit_card");
    refused("{'type':'record','name':'R','fields':[{'name':'id','type':'int'},"
            "{'name':'timestamp','type':'string'}]}",
            0, "timestamp");
    refused("{'type':'record','name':'R','fields':[{'name':'id','type':'int'},"
            "{'name':'timestamp','type':{'type':'int','logicalType':'date'}}]}",
            0, "int (date), which cannot be read as timestamp (timestamp)");
    refused("{'type':'record','name':'R','fields':[{'name':'id','type':'int'},"
            "{'name':'timestamp','type':{'type':'long',"
            "'logicalType':'time-micros'}}]}",
            0, "long (time of day)");
}

static void a_union__needs_one_branch_that_can_be_read(void **state)
{
    (void)state;
    accepted("{'type':'record','name':'R','fields':[{'name':'id','type':'int'},"
             "{'name':'amount','type':['string','int']}]}",
             NEEDED_ALL);
    accepted("{'type':'record','name':'R','fields':[{'name':'id','type':'int'},"
             "{'name':'amount','type':['string','null']}]}",
             NEEDED_ALL);
    accepted("{'type':'record','name':'R','fields':["
             "{'name':'id','type':['null','int']}]}",
             NEEDED_ALL);
    refused("{'type':'record','name':'R','fields':[{'name':'id','type':'int'},"
            "{'name':'amount','type':[]}]}",
            NEEDED_ALL, "amount is union");
}

static void the_top__is_a_record_or_a_union_with_one_that_can_be_read(void **state)
{
    (void)state;
    refused("'int'", 0, "it is int, not a record");
    refused("['null','int']", 0, "it is union of null, int, not a record");
    refused("{'type':'map','values':'int'}", 0, "it is map");
    refused("not json", 0, "not an Avro schema");
    accepted("['null',{'type':'record','name':'R','fields':["
             "{'name':'id','type':'int'}]}]",
             NEEDED_ALL);
    refused("['null',{'type':'record','name':'R','fields':["
            "{'name':'x','type':'int'}]}]",
            PURCHASE_ID, "no field id");
    accepted("[{'type':'record','name':'Other','fields':[{'name':'x','type':'int'}]},"
             "{'type':'record','name':'R','fields':[{'name':'id','type':'int'}]}]",
             PURCHASE_ID);
}

static void aliases__of_the_reader_count_and_the_writer_s_do_not(void **state)
{
    (void)state;
    struct view reader =
        view_text(quoted("{'type':'record','name':'R','fields':["
                         "{'name':'id','type':'long','aliases':['key','number']},"
                         "{'name':'category','type':'string','default':null},"
                         "{'name':'amount','type':'double','default':null},"
                         "{'name':'credit_card','type':'string','default':null,"
                         "'aliases':['card']},{'name':'distance_from_billing_zip','type':'double',"
                         "'default':null},{'name':'timestamp','type':'long','default':null}]}"));
    struct view writer =
        view_text(quoted("{'type':'record','name':'R','fields':[{'name':'number','type':'long'},"
                         "{'name':'card','type':'string'},{'name':'credit_card','type':'string'},"
                         "{'name':'time','type':'long','aliases':['timestamp']}]}"));
    struct purchase_plan *plan;
    struct error err;
    assert_int_equal(plan_compile(writer, reader, NEEDED_ALL, &plan, &err), STATUS_OK);
    static const enum op_code codes[] = {OP_READ_LONG, OP_SKIP_TEXT, OP_READ_TEXT, OP_SKIP_LONG,
                                         OP_END};
    codes_are(plan, codes, 5);
    assert_int_equal(plan->ops[0].bit, PURCHASE_ID);
    assert_int_equal(plan->ops[2].bit, PURCHASE_CREDIT_CARD);
    purchase_plan_free(plan);
}

// Named types are referred to, not copied: thirty records that hold each other twice stay thirty.
static void types_used_many_times__do_not_multiply(void **state)
{
    (void)state;
    struct buffer text;
    buffer_init(&text, 1 << 20);
    assert_true(buffer_append_format(
        &text, "{'type':'record','name':'P','fields':[{'name':'id','type':'int'}"));
    for (int i = 0; i < 30; i++) {
        const char *held = i == 0 ? "'int'" : NULL;
        char name[12];
        snprintf(name, sizeof(name), "'R%d'", i - 1);
        assert_true(
            buffer_append_format(&text,
                                 ",{'name':'r%d','type':{'type':'record','name':'R%d','fields':["
                                 "{'name':'a','type':%s},{'name':'b','type':%s}]}}",
                                 i, i, held == NULL ? name : held, held == NULL ? name : held));
    }
    assert_true(buffer_append(&text, "]}", 3));
    struct purchase_plan *plan;
    struct error err;
    assert_int_equal(
        purchase_plan_compile(view_text(quoted((char *)text.data)), PURCHASE_ID, &plan, &err),
        STATUS_OK);
    assert_int_equal(plan->op_count, 32);
    purchase_plan_free(plan);
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_schema__takes_one_operation_a_field),
        cmocka_unit_test(fields_of_no_bytes__take_no_operation),
        cmocka_unit_test(missing_fields__matter_only_without_a_default),
        cmocka_unit_test(types_that_cannot_be_read__matter_only_where_needed),
        cmocka_unit_test(card_and_timestamp__are_always_needed),
        cmocka_unit_test(a_union__needs_one_branch_that_can_be_read),
        cmocka_unit_test(the_top__is_a_record_or_a_union_with_one_that_can_be_read),
        cmocka_unit_test(aliases__of_the_reader_count_and_the_writer_s_do_not),
        cmocka_unit_test(types_used_many_times__do_not_multiply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
