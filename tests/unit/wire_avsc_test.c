// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/quoted.h"
#include "wire/avsc.h"

static struct avsc *parsed(const char *json)
{
    struct avsc *avsc = NULL;
    struct error err = {""};
    if (avsc_parse(view_text(quoted(json)), &avsc, &err) != STATUS_OK)
        fail_msg("%s: %s", err.text, json);
    return avsc;
}

static void fields__are_found_by_their_whole_name(void **state)
{
    (void)state;
    struct avsc *avsc = parsed("{'type':'record','name':'R','fields':[{'name':'ab','type':'int'},"
                               "{'name':'a','type':'long'}]}");
    const struct avsc_type *root = &avsc->types[avsc->root];
    assert_ptr_equal(avsc_field_find(avsc, root, view_text("a")), &avsc->fields[1]);
    assert_ptr_equal(avsc_field_find(avsc, root, view_text("ab")), &avsc->fields[0]);
    assert_null(avsc_field_find(avsc, root, view_text("abc")));
    assert_null(avsc_field_find(avsc, root, view_text("A")));
    avsc_free(avsc);
    avsc_free(NULL);
}

static void describes(const char *json, const char *expected)
{
    struct avsc *avsc = parsed(json);
    char text[AVSC_DESCRIPTION_BYTES];
    avsc_describe(avsc, avsc->root, text);
    assert_string_equal(text, expected);
    avsc_free(avsc);
}

static void types__are_described_in_words(void **state)
{
    (void)state;
    describes("'int'", "int");
    describes("{'type':'long','logicalType':'timestamp-micros'}", "long (timestamp-micros)");
    describes("['null',{'type':'bytes','logicalType':'decimal'}]",
              "union of null, bytes (decimal)");
    describes("[]", "union");
    describes("['null','int','long','float','double','boolean','string','bytes',"
              "{'type':'map','values':'int'},{'type':'array','items':'int'}]",
              "union of null, int, long, float, double, boolean, string, bytes, map, ...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields__are_found_by_their_whole_name),
        cmocka_unit_test(types__are_described_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
