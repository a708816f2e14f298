// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stream/schemas.h"
#include "wire/schemas.h"

struct fixture {
    enum registry_answer answer;
    struct view text;
    unsigned asked;
    struct schemas *schemas;
};

static enum registry_answer answer(void *context, uint32_t id, struct view *schema)
{
    struct fixture *f = context;
    (void)id;
    f->asked++;
    *schema = f->text;
    return f->answer;
}

static void open_schemas(struct fixture *f)
{
    const struct schema_source source = {answer, f};
    *f = (struct fixture){.answer = REGISTRY_READY, .text = schema_purchase()};
    f->schemas = schemas_open(&source, PURCHASE_ID | PURCHASE_CREDIT_CARD | PURCHASE_TIMESTAMP);
}

static void schema__is_asked_for_once(void **state)
{
    (void)state;
    struct fixture f;
    const struct purchase_plan *plan;
    const struct purchase_plan *again;
    const char *reason;
    open_schemas(&f);
    assert_int_equal(schemas_plan(f.schemas, 5, 0, &plan, &reason), SCHEMA_READY);
    assert_non_null(plan);
    assert_int_equal(schemas_plan(f.schemas, 6, 0, &again, &reason), SCHEMA_READY);
    assert_int_equal(schemas_plan(f.schemas, 5, 0, &again, &reason), SCHEMA_READY);
    assert_ptr_equal(plan, again);
    assert_int_equal(f.asked, 2);
    schemas_close(f.schemas);
}

static void pending_schema__is_asked_for_until_it_is_there(void **state)
{
    (void)state;
    struct fixture f;
    const struct purchase_plan *plan;
    const char *reason;
    open_schemas(&f);
    f.answer = REGISTRY_PENDING;
    assert_int_equal(schemas_plan(f.schemas, 5, 0, &plan, &reason), SCHEMA_PENDING);
    assert_int_equal(schemas_plan(f.schemas, 5, 1, &plan, &reason), SCHEMA_PENDING);
    f.answer = REGISTRY_READY;
    assert_int_equal(schemas_plan(f.schemas, 5, 2, &plan, &reason), SCHEMA_READY);
    schemas_close(f.schemas);
}

static void unknown_schema__is_asked_for_again_after_a_minute(void **state)
{
    (void)state;
    struct fixture f;
    const struct purchase_plan *plan;
    const char *reason;
    open_schemas(&f);
    f.answer = REGISTRY_UNKNOWN;
    assert_int_equal(schemas_plan(f.schemas, 5, 1000, &plan, &reason), SCHEMA_UNKNOWN);
    assert_non_null(reason);
    f.answer = REGISTRY_READY;
    assert_int_equal(schemas_plan(f.schemas, 5, 60999, &plan, &reason), SCHEMA_UNKNOWN);
    assert_int_equal(f.asked, 1);
    assert_int_equal(schemas_plan(f.schemas, 5, 61000, &plan, &reason), SCHEMA_READY);
    schemas_close(f.schemas);
}

static void schema_that_is_no_purchase__says_why(void **state)
{
    (void)state;
    struct fixture f;
    const struct purchase_plan *plan;
    const char *reason;
    open_schemas(&f);
    f.text = view_text("\"string\"");
    assert_int_equal(schemas_plan(f.schemas, 5, 0, &plan, &reason), SCHEMA_MISMATCH);
    assert_true(strlen(reason) > 10);
    assert_int_equal(schemas_plan(f.schemas, 5, 0, &plan, &reason), SCHEMA_MISMATCH);
    assert_int_equal(f.asked, 1);
    schemas_close(f.schemas);
}

static void ids_made_up_without_end__do_not_fill_memory(void **state)
{
    (void)state;
    struct fixture f;
    const struct purchase_plan *plan;
    const char *reason;
    open_schemas(&f);
    f.answer = REGISTRY_UNKNOWN;
    for (uint32_t id = 0; id < 10000; id++)
        assert_int_equal(schemas_plan(f.schemas, id, 1, &plan, &reason), SCHEMA_UNKNOWN);
    schemas_close(f.schemas);
}

static void flag_schemas__are_kept_likewise(void **state)
{
    (void)state;
    struct fixture f = {.answer = REGISTRY_READY, .text = schema_travel_flags()};
    const struct schema_source source = {answer, &f};
    const struct flag_plan *plan;
    const struct flag_plan *again;
    const char *reason;
    f.schemas = schemas_open_flags(&source);
    assert_int_equal(schemas_flag(f.schemas, 3, 0, &plan, &reason), SCHEMA_READY);
    assert_non_null(plan);
    assert_int_equal(schemas_flag(f.schemas, 3, 0, &again, &reason), SCHEMA_READY);
    assert_ptr_equal(plan, again);
    assert_int_equal(f.asked, 1);
    f.text = view_text("\"string\"");
    assert_int_equal(schemas_flag(f.schemas, 4, 0, &plan, &reason), SCHEMA_MISMATCH);
    assert_non_null(strstr(reason, "travel flag"));
    f.answer = REGISTRY_PENDING;
    assert_int_equal(schemas_flag(f.schemas, 5, 0, &plan, &reason), SCHEMA_PENDING);
    schemas_close(f.schemas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schema__is_asked_for_once),
        cmocka_unit_test(pending_schema__is_asked_for_until_it_is_there),
        cmocka_unit_test(unknown_schema__is_asked_for_again_after_a_minute),
        cmocka_unit_test(schema_that_is_no_purchase__says_why),
        cmocka_unit_test(ids_made_up_without_end__do_not_fill_memory),
        cmocka_unit_test(flag_schemas__are_kept_likewise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
