// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/quoted.h"
#include "wire/avsc_json.h"

static json_t *object_of(const char *json)
{
    json_t *object = json_loads(quoted(json), JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, NULL);
    assert_non_null(object);
    return object;
}

static void text__is_text_without_nuls(void **state)
{
    (void)state;
    json_t *object = object_of("{'a':'x','b':7,'c':'x\\u0000y','d':null,'e':''}");
    assert_string_equal(avsc_text(object, "a"), "x");
    assert_null(avsc_text(object, "b"));
    assert_null(avsc_text(object, "c"));
    assert_null(avsc_text(object, "d"));
    assert_string_equal(avsc_text(object, "e"), "");
    assert_null(avsc_text(object, "missing"));
    assert_null(avsc_text(NULL, "a"));
    json_decref(object);
}

static void numbers__are_whole_and_within_bounds(void **state)
{
    (void)state;
    json_t *object = object_of("{'a':7,'b':7.5,'c':'7','d':-3,'e':99999999999999999999}");
    int64_t number = 0;
    assert_true(avsc_number(object, "a", 0, 7, &number));
    assert_int_equal(number, 7);
    assert_false(avsc_number(object, "a", 0, 6, &number));
    assert_false(avsc_number(object, "b", 0, 10, &number));
    assert_false(avsc_number(object, "c", 0, 10, &number));
    assert_true(avsc_number(object, "d", -3, 10, &number));
    assert_int_equal(number, -3);
    assert_false(avsc_number(object, "e", 0, 1e9, &number));
    assert_false(avsc_number(object, "missing", 0, 10, &number));
    json_decref(object);
}

static void logical_types__count_only_where_they_are_valid(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        enum avsc_logical logical;
    } rows[] = {
        {"{'type':'long','logicalType':'timestamp-millis'}", AVSC_TIMESTAMP_MILLIS},
        {"{'type':'long','logicalType':'local-timestamp-micros'}", AVSC_TIMESTAMP_MICROS},
        {"{'type':'long','logicalType':'timestamp-nanos'}", AVSC_TIMESTAMP_NANOS},
        {"{'type':'int','logicalType':'timestamp-millis'}", AVSC_PLAIN},
        {"{'type':'int','logicalType':'date'}", AVSC_DATE},
        {"{'type':'long','logicalType':'time-micros'}", AVSC_TIME},
        {"{'type':'long','logicalType':7}", AVSC_PLAIN},
        {"{'type':'long','logicalType':'ours'}", AVSC_PLAIN},
        {"{'type':'bytes','logicalType':'decimal'}", AVSC_DECIMAL},
        {"{'type':'bytes','logicalType':'decimal','scale':-1024}", AVSC_DECIMAL},
        {"{'type':'bytes','logicalType':'decimal','scale':1025}", AVSC_PLAIN},
        {"{'type':'bytes','logicalType':'decimal','scale':1.5}", AVSC_PLAIN},
        {"{'type':'bytes','logicalType':'decimal','scale':'2'}", AVSC_PLAIN},
        {"{'type':'string','logicalType':'decimal','scale':2}", AVSC_PLAIN},
        {"{'type':'fixed','name':'F','size':4,'logicalType':'decimal'}", AVSC_DECIMAL},
        {"{'type':{'type':'long','logicalType':'timestamp-micros'}}", AVSC_TIMESTAMP_MICROS},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct avsc *avsc;
        struct error err;
        assert_int_equal(avsc_parse(view_text(quoted(rows[i].type)), &avsc, &err), STATUS_OK);
        if (avsc->types[avsc->root].logical != rows[i].logical)
            fail_msg("%s: %d", rows[i].type, avsc->types[avsc->root].logical);
        avsc_free(avsc);
    }
}

static void an_object_around_a_type__keeps_its_decimal(void **state)
{
    (void)state;
    struct avsc *avsc;
    struct error err;
    const char *json = "{'type':{'type':'bytes','logicalType':'decimal','scale':2},'doc':'x'}";
    assert_int_equal(avsc_parse(view_text(quoted(json)), &avsc, &err), STATUS_OK);
    assert_int_equal(avsc->types[avsc->root].logical, AVSC_DECIMAL);
    assert_int_equal(avsc->types[avsc->root].scale, 2);
    avsc_free(avsc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text__is_text_without_nuls),
        cmocka_unit_test(numbers__are_whole_and_within_bounds),
        cmocka_unit_test(logical_types__count_only_where_they_are_valid),
        cmocka_unit_test(an_object_around_a_type__keeps_its_decimal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
