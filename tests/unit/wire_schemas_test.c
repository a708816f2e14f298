// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "wire/avsc.h"
#include "wire/schemas.h"

static void is_file(struct view schema, const char *path)
{
    static char text[65536];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s cannot be opened: run the test at the top of the tree", path);
    size_t size = fread(text, 1, sizeof(text), file);
    fclose(file);
    assert_true(size > 0 && size < sizeof(text));
    assert_int_equal(schema.size, size);
    assert_memory_equal(schema.data, text, size);
}

static void embedded_schemas__are_the_files(void **state)
{
    (void)state;
    is_file(schema_purchase(), "schemas/purchase.avsc");
    is_file(schema_alert(), "schemas/alert.avsc");
    is_file(schema_travel_flags(), "schemas/travel_flags.avsc");
}

static void is_record(struct view schema, const char *name, uint32_t field_count)
{
    json_t *json = json_loadb((const char *)schema.data, schema.size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "name")), name);
    assert_string_equal(json_string_value(json_object_get(json, "namespace")), "com.example.model");
    json_decref(json);
    struct avsc *avsc;
    struct error err;
    assert_int_equal(avsc_parse(schema, &avsc, &err), STATUS_OK);
    assert_int_equal(avsc->types[avsc->root].kind, AVSC_RECORD);
    assert_int_equal(avsc->types[avsc->root].field_count, field_count);
    avsc_free(avsc);
}

static void embedded_schemas__are_avro_records(void **state)
{
    (void)state;
    is_record(schema_purchase(), "Purchase", 6);
    is_record(schema_alert(), "Alert", 3);
    is_record(schema_travel_flags(), "TravelFlag", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(embedded_schemas__are_the_files),
        cmocka_unit_test(embedded_schemas__are_avro_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
