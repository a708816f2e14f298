// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
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

static void refused_text(struct view json, const char *why)
{
    struct avsc *avsc = NULL;
    struct error err = {""};
    assert_int_equal(avsc_parse(json, &avsc, &err), STATUS_RECORD);
    assert_null(avsc);
    if (strstr(err.text, why) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, why);
}

static void refused(const char *json, const char *why)
{
    refused_text(view_text(quoted(json)), why);
}

static const struct avsc_type *root_of(const struct avsc *avsc)
{
    return &avsc->types[avsc->root];
}

static const struct avsc_field *field_of(const struct avsc *avsc, const char *name)
{
    const struct avsc_field *field = avsc_field_find(avsc, root_of(avsc), view_text(name));
    assert_non_null(field);
    return field;
}

static const struct avsc_type *type_of(const struct avsc *avsc, const char *field)
{
    return &avsc->types[field_of(avsc, field)->type];
}

static void attributes__may_come_in_any_order(void **state)
{
    (void)state;
    struct avsc *avsc = parsed("{'doc':'a\\u0000b','fields':["
                               "{'default':null,'type':['null',{'logicalType':'decimal','scale':2,"
                               "'connect.name':'x','precision':12,'type':'bytes'}],'name':'a'},"
                               "{'default':1e300,'type':'double','name':'b'},"
                               "{'default':99999999999999999999,'type':'double','name':'c'}],"
                               "'name':'R-1','type':'record'}");
    assert_int_equal(root_of(avsc)->kind, AVSC_RECORD);
    assert_int_equal(root_of(avsc)->field_count, 3);
    const struct avsc_type *type = type_of(avsc, "a");
    assert_int_equal(type->kind, AVSC_UNION);
    assert_int_equal(type->link_count, 2);
    const struct avsc_type *decimal = &avsc->types[avsc->links[type->first_link + 1]];
    assert_int_equal(decimal->kind, AVSC_BYTES);
    assert_int_equal(decimal->logical, AVSC_DECIMAL);
    assert_int_equal(decimal->scale, 2);
    assert_int_equal(field_of(avsc, "a")->fallback, AVSC_DEFAULT_NULL);
    assert_int_equal(field_of(avsc, "b")->fallback, AVSC_DEFAULT_OTHER);
    avsc_free(avsc);
}

static void names__resolve_in_their_namespace(void **state)
{
    (void)state;
    struct avsc *avsc =
        parsed("{'type':'record','name':'a.b.R','namespace':'ignored','fields':["
               "{'name':'own','type':{'type':'fixed','name':'F','size':1}},"
               "{'name':'other','type':{'type':'fixed','name':'F','namespace':'c',"
               "'size':2}},{'name':'none','type':{'type':'fixed','name':'G',"
               "'namespace':'','size':3}},{'name':'by_short_name','type':'F'},"
               "{'name':'by_full_name','type':'a.b.F'},"
               "{'name':'by_other_name','type':'c.F'},"
               "{'name':'by_object','type':{'type':'c.F'}},"
               "{'name':'without_namespace','type':'G'},"
               "{'name':'inner','type':{'type':'record','name':'c.I','fields':["
               "{'name':'f','type':'F'},{'name':'self','type':['null','I','a.b.R']}]}}]}");
    assert_int_equal(field_of(avsc, "by_short_name")->type, field_of(avsc, "own")->type);
    assert_int_equal(field_of(avsc, "by_full_name")->type, field_of(avsc, "own")->type);
    assert_int_equal(field_of(avsc, "by_other_name")->type, field_of(avsc, "other")->type);
    assert_int_equal(field_of(avsc, "by_object")->type, field_of(avsc, "other")->type);
    assert_int_equal(field_of(avsc, "without_namespace")->type, field_of(avsc, "none")->type);
    const struct avsc_type *inner = type_of(avsc, "inner");
    assert_int_equal(avsc->fields[inner->first_field].type, field_of(avsc, "other")->type);
    const struct avsc_type *self = &avsc->types[avsc->fields[inner->first_field + 1].type];
    assert_int_equal(avsc->links[self->first_link + 1], field_of(avsc, "inner")->type);
    assert_int_equal(avsc->links[self->first_link + 2], avsc->root);
    avsc_free(avsc);
}

static void types_without_bytes__are_known_and_not_linked(void **state)
{
    (void)state;
    struct avsc *avsc = parsed("{'type':'record','name':'R','fields':[{'name':'n','type':'null'},"
                               "{'name':'f','type':{'type':'fixed','name':'F','size':0}},"
                               "{'name':'i','type':'int'},"
                               "{'name':'e','type':{'type':'record','name':'E','fields':["
                               "{'name':'f','type':'F'}]}},"
                               "{'name':'z','type':{'type':'error','name':'Z','fields':[]}},"
                               "{'name':'u','type':['null']},"
                               "{'name':'a','type':{'type':'array','items':'null'}},"
                               "{'name':'s','type':{'type':'record','name':'S','fields':["
                               "{'name':'s','type':'S'}]}}]}");
    assert_true(type_of(avsc, "n")->empty && type_of(avsc, "f")->empty);
    assert_true(type_of(avsc, "e")->empty && type_of(avsc, "z")->empty);
    assert_false(type_of(avsc, "u")->empty || type_of(avsc, "a")->empty);
    assert_false(type_of(avsc, "s")->empty); // nothing can be one, so its bytes never end
    assert_int_equal(root_of(avsc)->field_count, 8);
    assert_int_equal(root_of(avsc)->link_count, 4);
    avsc_free(avsc);
}

static void texts_that_are_no_schemas__are_refused(void **state)
{
    (void)state;
    refused("", "not an Avro schema");
    refused_text((struct view){NULL, 0}, "not an Avro schema");
    refused("{'type':'record'", "line 1");
    refused("7", "neither name, object nor union");
    refused("'nowhere'", "nowhere");
    refused("'int\\u0000'", "neither name");
    refused("{}", "without a type");
    refused("{'type':null}", "neither name");
    refused("{'type':'record','name':'R'}", "without fields");
    refused("{'type':'record','fields':[]}", "without a name");
    refused("{'type':'record','name':'R','fields':[{'type':'int'}]}", "without name or type");
    refused("{'type':'record','name':'R','fields':[{'name':'a'}]}", "without name or type a");
    refused("{'type':'record','name':'R','fields':[7]}", "without name or type");
    refused("{'type':'record','name':'R','fields':[{'name':'a','type':'int'},"
            "{'name':'a','type':'long'}]}",
            "two fields by the name a");
    refused("{'type':'record','name':'R','fields':["
            "{'name':'a','type':{'type':'record','name':'R','fields':[]}}]}",
            "defined twice: R");
    refused("{'type':'record','name':'R','fields':["
            "{'name':'a','type':'int','aliases':[7]}]}",
            "alias");
    refused("{'type':'array'}", "without the type of what it holds: array");
    refused("{'type':'map','items':'int'}", "without the type of what it holds: map");
    refused("{'type':'enum','name':'E'}", "without symbols");
    refused("{'type':'fixed','name':'F'}", "usable size");
    refused("{'type':'fixed','name':'F','size':-1}", "usable size");
    refused("{'type':'fixed','name':'F','size':1e18}", "usable size");
    refused("['null',['int']]", "union directly inside a union");
    refused("['int','null',{'type':'int'}]", "a type twice");
    refused("[{'type':'fixed','name':'F','size':1},'int','F']", "a type twice");
}

static void a_schema_of_any_size__has_bounded_cost(void **state)
{
    (void)state;
    enum { SIZE = SCHEMA_BYTES_MAX + 1 };
    char *text = malloc(SIZE);
    assert_non_null(text);
    memset(text, ' ', SIZE);
    refused_text((struct view){(const uint8_t *)text, SIZE}, "larger than");
    memset(text, '[', SIZE);
    refused_text((struct view){(const uint8_t *)text, SIZE - 1}, "not an Avro schema");
    size_t size = 0;
    for (int i = 0; i < 900; i++)
        size += (size_t)snprintf(text + size, SIZE - size, "{\"type\":\"array\",\"items\":");
    refused_text((struct view){(const uint8_t *)text, size}, "not an Avro schema");
    size += (size_t)snprintf(text + size, SIZE - size, "\"int\"");
    memset(text + size, '}', 900);
    refused_text((struct view){(const uint8_t *)text, size + 900}, "nest too deeply");
    free(text);
}

// The bound is on definitions inside one another, not on how many there are.
static void a_record__may_have_many_fields(void **state)
{
    (void)state;
    struct buffer text;
    buffer_init(&text, 1 << 20);
    assert_true(buffer_append_format(&text, "{\"type\":\"record\",\"name\":\"R\",\"fields\":["));
    for (int i = 0; i < 4000; i++)
        assert_true(buffer_append_format(&text, "%s{\"name\":\"f%d\",\"type\":[\"null\",\"int\"]}",
                                         i == 0 ? "" : ",", i));
    assert_true(buffer_append(&text, "]}", 2));
    struct avsc *avsc;
    struct error err;
    assert_int_equal(avsc_parse(buffer_view(&text), &avsc, &err), STATUS_OK);
    assert_int_equal(root_of(avsc)->field_count, 4000);
    assert_int_equal(root_of(avsc)->link_count, 4000);
    avsc_free(avsc);
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes__may_come_in_any_order),
        cmocka_unit_test(names__resolve_in_their_namespace),
        cmocka_unit_test(types_without_bytes__are_known_and_not_linked),
        cmocka_unit_test(texts_that_are_no_schemas__are_refused),
        cmocka_unit_test(a_schema_of_any_size__has_bounded_cost),
        cmocka_unit_test(a_record__may_have_many_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
