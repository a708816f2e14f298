// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/quoted.h"
#include "wire/skip.h"

#define BYTES(...) ((struct view){(const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})})
#define HUGE_COUNT 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01  // 2^63 - 1
#define LEAST_COUNT 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01 // -2^63

// How many bytes of the body the datum takes; -1 when it is bad. The body stands in a block of
// exactly its size, so that a sanitizer sees a read past its end.
static long skipped(const char *schema, struct view body)
{
    struct avsc *avsc;
    struct error err;
    if (avsc_parse(view_text(quoted(schema)), &avsc, &err) != STATUS_OK)
        fail_msg("%s: %s", err.text, schema);
    uint8_t *block = malloc(body.size + 1);
    assert_non_null(block);
    uint8_t *start = block + 1; // at the end of the block
    memcpy(start, body.data, body.size);
    const uint8_t *end = skip_datum(avsc, avsc->root, start, start + body.size);
    long size = end == NULL ? -1 : end - start;
    free(block);
    avsc_free(avsc);
    return size;
}

static void simple_types__are_passed_over(void **state)
{
    (void)state;
    assert_int_equal(skipped("'null'", BYTES(1)), 0);
    assert_int_equal(skipped("'boolean'", BYTES(1, 9)), 1);
    assert_int_equal(skipped("'int'", BYTES(0xff, 0xff, 0xff, 0xff, 0x0f, 9)), 5);
    assert_int_equal(skipped("'long'", BYTES(LEAST_COUNT, 9)), 10);
    assert_int_equal(skipped("'float'", BYTES(1, 2, 3, 4, 9)), 4);
    assert_int_equal(skipped("'double'", BYTES(1, 2, 3, 4, 5, 6, 7, 8, 9)), 8);
    assert_int_equal(skipped("'string'", BYTES(4, 'a', 'b', 9)), 3);
    assert_int_equal(skipped("'bytes'", BYTES(0, 9)), 1);
    assert_int_equal(skipped("{'type':'fixed','name':'F','size':3}", BYTES(1, 2, 3, 9)), 3);
    assert_int_equal(skipped("{'type':'enum','name':'E','symbols':['a','b']}", BYTES(2, 9)), 1);
}

static void simple_values__cut_or_not_allowed_are_bad(void **state)
{
    (void)state;
    assert_int_equal(skipped("'boolean'", BYTES(2)), -1);
    assert_int_equal(skipped("'int'", BYTES(0x80, 0x80, 0x80, 0x80, 0x10)), -1);
    assert_int_equal(skipped("'int'", BYTES(0x80, 0x80, 0x80, 0x80, 0x80, 0x00)), -1);
    assert_int_equal(skipped("'int'", BYTES(0x80)), -1);
    assert_int_equal(
        skipped("'long'", BYTES(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02)), -1);
    assert_int_equal(
        skipped("'long'", BYTES(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00)),
        -1);
    assert_int_equal(skipped("'float'", BYTES(1, 2, 3)), -1);
    assert_int_equal(skipped("'string'", BYTES(4, 'a')), -1);
    assert_int_equal(skipped("'string'", BYTES(1)), -1); // length -1
    assert_int_equal(skipped("'string'", BYTES(HUGE_COUNT)), -1);
    assert_int_equal(skipped("'bytes'", BYTES(LEAST_COUNT)), -1);
    assert_int_equal(skipped("{'type':'fixed','name':'F','size':3}", BYTES(1, 2)), -1);
    assert_int_equal(skipped("{'type':'enum','name':'E','symbols':['a','b']}", BYTES(4)), -1);
    assert_int_equal(skipped("{'type':'enum','name':'E','symbols':['a','b']}", BYTES(1)), -1);
    assert_int_equal(skipped("['null','int']", BYTES(4)), -1);
    assert_int_equal(skipped("['null','int']", BYTES(1)), -1);
    assert_int_equal(skipped("['null','int']", BYTES(2)), -1);
    assert_int_equal(skipped("[]", BYTES(0)), -1);
}

#define INTS "{'type':'array','items':'int'}"
#define MAP "{'type':'map','values':'int'}"

static void arrays_and_maps__have_blocks_of_both_forms(void **state)
{
    (void)state;
    assert_int_equal(skipped(INTS, BYTES(0, 9)), 1);
    assert_int_equal(skipped(INTS, BYTES(4, 1, 2, 2, 3, 0, 9)), 6);
    assert_int_equal(skipped(INTS, BYTES(3, 4, 1, 2, 2, 3, 0, 9)), 7);
    assert_int_equal(skipped(MAP, BYTES(2, 2, 'k', 7, 0, 9)), 5);
    assert_int_equal(skipped(MAP, BYTES(1, 6, 2, 'k', 7, 0, 9)), 6);
    assert_int_equal(
        skipped("{'type':'array','items':" MAP "}", BYTES(4, 2, 2, 'k', 7, 0, 0, 0, 9)), 8);
}

static void blocks__of_wrong_sizes_or_counts_are_bad(void **state)
{
    (void)state;
    assert_int_equal(skipped(INTS, BYTES(3, 2, 1, 2, 2, 3, 0)), -1);  // states 1 byte, has 2
    assert_int_equal(skipped(INTS, BYTES(3, 6, 1, 2, 2, 3, 0)), -1);  // states 3 bytes
    assert_int_equal(skipped(INTS, BYTES(3, 40, 1, 2, 2, 3, 0)), -1); // past the end
    assert_int_equal(skipped(INTS, BYTES(3, 1, 1, 2, 2, 3, 0)), -1);  // -1 bytes
    assert_int_equal(skipped(INTS, BYTES(4, 1)), -1);
    assert_int_equal(skipped(INTS, BYTES(4, 1, 2)), -1); // no block of 0
    assert_int_equal(skipped(INTS, BYTES(HUGE_COUNT, 1, 2, 3)), -1);
    assert_int_equal(skipped(INTS, BYTES(LEAST_COUNT, 6, 1, 2, 3)), -1);
    assert_int_equal(skipped(MAP, BYTES(2, 1, 7, 0)), -1); // key of -1 bytes
    assert_int_equal(skipped(MAP, BYTES(HUGE_COUNT, 0, 7)), -1);
}

// Without the rule for types of no bytes each of these would take centuries.
static void items_of_no_bytes__cost_nothing(void **state)
{
    (void)state;
    const char *nulls = "{'type':'array','items':'null'}";
    assert_int_equal(skipped(nulls, BYTES(HUGE_COUNT, HUGE_COUNT, 0, 9)), 21);
    assert_int_equal(skipped(nulls, BYTES(LEAST_COUNT, 0, 0, 9)), 12);
    assert_int_equal(skipped(nulls, BYTES(LEAST_COUNT, 2, 0, 0)), -1); // states a byte
    assert_int_equal(skipped(nulls, BYTES(HUGE_COUNT)), -1);
    assert_int_equal(skipped("{'type':'array','items':{'type':'record','name':'E','fields':["
                             "{'name':'n','type':'null'}]}}",
                             BYTES(HUGE_COUNT, 0)),
                     11);
    assert_int_equal(skipped("{'type':'map','values':'null'}", BYTES(HUGE_COUNT, 0, 0)), -1);
}

#define NODE                                                                                       \
    "{'type':'record','name':'N','fields':["                                                       \
    "{'name':'next','type':['null','N']}]}"
#define TREE                                                                                       \
    "{'type':'record','name':'T','fields':[{'name':'of','type':"                                   \
    "{'type':'array','items':'T'}}]}"

static void recursive_types__are_followed_to_a_depth(void **state)
{
    (void)state;
    assert_int_equal(skipped(NODE, BYTES(2, 2, 0, 9)), 3);
    assert_int_equal(skipped(TREE, BYTES(4, 0, 2, 0, 0, 0, 9)), 6);
    enum { SIZE = 1 << 20 };
    uint8_t *bytes = malloc(SIZE);
    assert_non_null(bytes);
    memset(bytes, 2, SIZE);
    bytes[SKIP_DEPTH_MAX - 1] = 0;
    assert_int_equal(skipped(NODE, (struct view){bytes, SKIP_DEPTH_MAX}), SKIP_DEPTH_MAX);
    bytes[SKIP_DEPTH_MAX - 1] = 2;
    bytes[SKIP_DEPTH_MAX] = 0;
    assert_int_equal(skipped(NODE, (struct view){bytes, SKIP_DEPTH_MAX + 1}), -1);
    memset(bytes, 2, SIZE);
    assert_int_equal(skipped(NODE, (struct view){bytes, SIZE}), -1);
    assert_int_equal(skipped(TREE, (struct view){bytes, SIZE}), -1);
    free(bytes);
}

static void a_record_that_holds_itself__is_bad_data_not_a_crash(void **state)
{
    (void)state;
    const char *endless = "{'type':'record','name':'N','fields':[{'name':'next','type':'N'}]}";
    assert_int_equal(skipped(endless, BYTES(0)), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_types__are_passed_over),
        cmocka_unit_test(simple_values__cut_or_not_allowed_are_bad),
        cmocka_unit_test(arrays_and_maps__have_blocks_of_both_forms),
        cmocka_unit_test(blocks__of_wrong_sizes_or_counts_are_bad),
        cmocka_unit_test(items_of_no_bytes__cost_nothing),
        cmocka_unit_test(recursive_types__are_followed_to_a_depth),
        cmocka_unit_test(a_record_that_holds_itself__is_bad_data_not_a_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
