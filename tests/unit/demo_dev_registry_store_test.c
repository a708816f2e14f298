// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "demo/dev_registry_store.h"

static int set_up(void **state)
{
    struct dev_store *store = memory_zeroed(1, sizeof *store);
    dev_store_init(store);
    *state = store;
    return 0;
}

static int tear_down(void **state)
{
    dev_store_release(*state);
    free(*state);
    return 0;
}

static void store__counts_ids_from_one_and_keeps_them(void **state)
{
    struct dev_store *store = *state;
    assert_int_equal(dev_store_schema_add(store, "AVRO", "\"int\""), 1);
    assert_int_equal(dev_store_schema_add(store, "AVRO", "\"long\""), 2);
    assert_int_equal(dev_store_schema_add(store, "AVRO", "\"int\""), 1);
    assert_int_equal(dev_store_schema_add(store, "JSON", "\"int\""), 3);
    assert_int_equal(dev_store_id(store, "AVRO", "\"long\""), 2);
    assert_int_equal(dev_store_id(store, "JSON", "\"long\""), 0);
    assert_string_equal(dev_store_schema(store, 2)->text, "\"long\"");
    assert_null(dev_store_schema(store, 0));
    assert_null(dev_store_schema(store, 4));
    assert_null(dev_store_schema(store, INT64_MIN));
}

static void store__versions_go_on_counting_after_deletes(void **state)
{
    struct dev_store *store = *state;
    struct dev_subject *subject = dev_store_subject_add(store, "s");
    assert_false(dev_subject_live(subject, true));
    assert_true(dev_subject_add(subject, 5));
    assert_true(dev_subject_add(subject, 6));
    dev_subject_version(subject, 2, false)->deleted = true;
    assert_int_equal(dev_subject_version(subject, -1, false)->number, 1);
    assert_int_equal(dev_subject_version(subject, -1, true)->number, 2);
    assert_null(dev_subject_holds(subject, 6, false));
    assert_int_equal(dev_subject_holds(subject, 6, true)->number, 2);
    dev_subject_remove(subject, dev_subject_version(subject, 2, true));
    assert_true(dev_subject_add(subject, 6));
    assert_int_equal(dev_subject_version(subject, -1, false)->number, 3);
}

static void store__is_bounded(void **state)
{
    struct dev_store *store = *state;
    char name[32];
    for (int i = 0; i < DEV_STORE_SCHEMAS_MAX; i++) {
        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(dev_store_schema_add(store, "AVRO", name), i + 1);
        assert_non_null(dev_store_subject_add(store, name));
    }
    assert_int_equal(dev_store_schema_add(store, "AVRO", "one more"), 0);
    assert_int_equal(dev_store_schema_add(store, "AVRO", "7"), 8);
    assert_null(dev_store_subject_add(store, "one more"));
    struct dev_subject *subject = dev_store_subject(store, "7");
    for (int i = 0; i < DEV_STORE_VERSIONS_MAX; i++)
        assert_true(dev_subject_add(subject, 1));
    assert_false(dev_subject_add(subject, 1));
    dev_store_subject_remove(store, subject);
    assert_null(dev_store_subject(store, "7"));
    assert_non_null(dev_store_subject(store, "6"));
    assert_non_null(dev_store_subject(store, "8"));
}

static void store__bounds_the_bytes_of_schemas(void **state)
{
    struct dev_store *store = *state;
    store->schema_bytes = DEV_STORE_BYTES_MAX - 4;
    assert_int_equal(dev_store_schema_add(store, "AVRO", "five!"), 0);
    assert_int_equal(dev_store_schema_add(store, "AVRO", "four"), 1);
    assert_int_equal(dev_store_schema_add(store, "AVRO", "x"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(store__counts_ids_from_one_and_keeps_them),
        TEST(store__versions_go_on_counting_after_deletes),
        TEST(store__is_bounded),
        TEST(store__bounds_the_bytes_of_schemas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
