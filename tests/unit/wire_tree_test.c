// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/quoted.h"
#include "wire/tree.h"

static bool read_text(struct tree *tree, struct view json, const char **reason)
{
    size_t at;
    tree_init(tree);
    bool fine = tree_read(tree, json, reason, &at);
    assert_true(at <= json.size);
    assert_true(fine == (*reason == NULL));
    return fine;
}

// The nodes in a line: kind, end, name and text of each.
static void is(const char *json, const char *expected)
{
    struct tree tree;
    const char *reason;
    char shown[1024] = "";
    size_t size = 0;
    if (!read_text(&tree, view_text(json), &reason))
        fail_msg("%s: %s", json, reason);
    for (uint32_t i = 0; i < tree.count; i++) {
        const struct tree_node *node = &tree.nodes[i];
        size += (size_t)snprintf(
            shown + size, sizeof(shown) - size, "%s%s%s%s%s:%u", i > 0 ? " " : "",
            node->name.data != NULL ? (const char *)node->name.data : "",
            node->name.data != NULL ? "=" : "", tree_kind_name(node->kind),
            node->text.data != NULL ? (const char *)node->text.data : "", node->end);
    }
    assert_string_equal(shown, expected);
    tree_release(&tree);
}

static void values__are_nodes(void **state)
{
    (void)state;
    is("null", "null:1");
    is(" true ", "true:1");
    is("-12.50e+3", "a number-12.50e+3:1");
    is("123456789012345678901234567890", "a number123456789012345678901234567890:1");
    is("[]", "an array:1");
    is("[1,[2],\"x\"]", "an array:5 a number1:2 an array:4 a number2:4 a textx:5");
    is(quoted("{'a': [1, 2.50], 'b': null}"),
       "an object:5 a=an array:4 a number1:3 a number2.50:4 b=null:5");
}

static void texts__are_decoded(void **state)
{
    (void)state;
    is("\"a\\\"\\\\\\/\\n\\u00e9\\ud83d\\ude00\"", "a texta\"\\/\n\xc3\xa9\xf0\x9f\x98\x80:1");
    struct tree tree;
    const char *reason;
    assert_true(read_text(&tree, view_text("\"a\\u0000b\""), &reason));
    assert_int_equal(tree.nodes[0].text.size, 3);
    assert_memory_equal(tree.nodes[0].text.data, "a\0b", 4);
    tree_release(&tree);
}

static void refused(struct view json, const char *expected)
{
    struct tree tree;
    const char *reason;
    assert_false(read_text(&tree, json, &reason));
    assert_string_equal(reason, expected);
    tree_release(&tree);
}

static void what_is_no_json__is_refused_with_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *reason;
    } rows[] = {
        {"", "a value is expected here"},
        {"nul", "a value is expected here"},
        {"[1,]", "a value is expected here"},
        {"01", "there is something behind the value"},
        {"1.", "a value is expected here"},
        {"-", "a value is expected here"},
        {"1e", "a value is expected here"},
        {"1 2", "there is something behind the value"},
        {"[1 2]", "',' or ']' is expected here"},
        {"{\"a\":1", "',' or '}' is expected here"},
        {"{\"a\" 1}", "':' is expected behind a name"},
        {"{a:1}", "a text in quotes is expected here"},
        {"{\"a\":1,}", "a text in quotes is expected here"},
        {"\"a", "a text does not end"},
        {"\"\\x\"", "there is no such escape"},
        {"\"\\", "there is no such escape"},
        {"\"\\u12\"", "\\u needs four hexadecimal digits"},
        {"\"\\ud800x\"", "half of a surrogate pair is no character"},
        {"\"\\udc00\"", "half of a surrogate pair is no character"},
        {"\"\t\"", "a control character in a text has to be escaped"},
        {"\"\xff\"", "a text that is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        refused(view_text(rows[i].json), rows[i].reason);
    refused((struct view){(const uint8_t *)"1\0", 2}, "there is something behind the value");
}

static void depth__is_bounded(void **state)
{
    (void)state;
    static char deep[2 * TREE_DEPTH_MAX + 2];
    struct tree tree;
    const char *reason;
    memset(deep, '[', TREE_DEPTH_MAX);
    memset(deep + TREE_DEPTH_MAX, ']', TREE_DEPTH_MAX);
    assert_true(read_text(&tree, view_text(deep), &reason));
    tree_release(&tree);
    memset(deep, '[', TREE_DEPTH_MAX + 1);
    refused(view_text(deep), "it nests too deeply");
}

static void members__are_found_by_name(void **state)
{
    (void)state;
    struct tree tree;
    const char *reason;
    assert_true(read_text(&tree, view_text(quoted("{'a': {'b': 1}, 'b': 2, 'b': 3}")), &reason));
    assert_int_equal(tree_member(&tree, 0, view_text("b")), 3);
    assert_int_equal(tree_member(&tree, 1, view_text("b")), 2);
    assert_int_equal(tree_member(&tree, 0, view_text("c")), 0);
    tree_release(&tree);
}

static void a_tree__is_used_again(void **state)
{
    (void)state;
    struct tree tree;
    const char *reason;
    size_t at;
    tree_init(&tree);
    assert_true(tree_read(&tree, view_text("[1,2,3]"), &reason, &at));
    assert_false(tree_read(&tree, view_text("[1"), &reason, &at));
    assert_true(tree_read(&tree, view_text("\"x\""), &reason, &at));
    assert_int_equal(tree.count, 1);
    tree_release(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values__are_nodes),
        cmocka_unit_test(texts__are_decoded),
        cmocka_unit_test(what_is_no_json__is_refused_with_a_sentence),
        cmocka_unit_test(depth__is_bounded),
        cmocka_unit_test(members__are_found_by_name),
        cmocka_unit_test(a_tree__is_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
