// SPDX-License-Identifier: Apache-2.0
// Snappy's elements one by one; whole files are in wire_container_reader_test.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "wire/snappy.h"

enum { OUT_MAX = 100000 };

#define BYTES(...) ((struct view){(const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})})

static void assert_stands_for(struct view bytes, const char *text)
{
    struct buffer out;
    buffer_init(&out, OUT_MAX);
    assert_true(buffer_append(&out, "before", 6)); // copies do not reach there
    assert_true(snappy_append(bytes, &out));
    assert_int_equal(out.size, 6 + strlen(text));
    assert_memory_equal(out.data + 6, text, strlen(text));
    buffer_release(&out);
}

static void assert_refused(struct view bytes)
{
    struct buffer out;
    buffer_init(&out, OUT_MAX);
    assert_true(buffer_append(&out, "before", 6));
    assert_false(snappy_append(bytes, &out));
    buffer_release(&out);
}

static void literals__are_copied(void **state)
{
    (void)state;
    assert_stands_for(BYTES(0), "");
    assert_stands_for(BYTES(3, 2 << 2, 'a', 'b', 'c'), "abc");
    assert_stands_for(BYTES(3, 60 << 2, 2, 'a', 'b', 'c'), "abc");
    assert_stands_for(BYTES(3, 61 << 2, 2, 0, 'a', 'b', 'c'), "abc");
    assert_stands_for(BYTES(3, 63 << 2, 2, 0, 0, 0, 'a', 'b', 'c'), "abc");
}

static void copies__repeat_what_was_made(void **state)
{
    (void)state;
    assert_stands_for(BYTES(8, 3 << 2, 'a', 'b', 'c', 'd', 0 << 2 | 1, 4), "abcdabcd");
    assert_stands_for(BYTES(6, 0 << 2, 'a', 4 << 2 | 2, 1, 0), "aaaaaa");
    assert_stands_for(BYTES(5, 1 << 2, 'a', 'b', 2 << 2 | 3, 2, 0, 0, 0), "ababa");
}

static void damage__is_refused(void **state)
{
    (void)state;
    assert_refused((struct view){NULL, 0});
    assert_refused(BYTES(1));                                  // nothing follows
    assert_refused(BYTES(3, 2 << 2, 'a', 'b'));                // a literal cut off
    assert_refused(BYTES(2, 2 << 2, 'a', 'b', 'c'));           // more than was said
    assert_refused(BYTES(4, 2 << 2, 'a', 'b', 'c'));           // less than was said
    assert_refused(BYTES(5, 0 << 2, 'a', 0 << 2 | 1, 0));      // a copy of itself
    assert_refused(BYTES(5, 0 << 2, 'a', 0 << 2 | 1, 2));      // from before the beginning
    assert_refused(BYTES(3, 0 << 2, 'a', 1 << 2 | 2, 1));      // an offset cut off
    assert_refused(BYTES(0xff, 0xff, 0xff, 0xff, 0x0f));       // larger than there is room
    assert_refused(BYTES(0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)); // larger than the format
}

static void random_bytes__do_no_harm(void **state)
{
    (void)state;
    struct random random;
    struct buffer out;
    uint8_t bytes[64];
    random_seed(&random, 11);
    buffer_init(&out, OUT_MAX);
    for (int i = 0; i < 20000; i++) {
        size_t size = (size_t)random_below(&random, sizeof(bytes));
        for (size_t k = 0; k < size; k++)
            bytes[k] = (uint8_t)random_next(&random);
        if (size > 0)
            bytes[0] &= 0x7f; // a size that can be
        buffer_clear(&out);
        bool whole = snappy_append((struct view){bytes, size}, &out);
        assert_true(!whole || out.size == bytes[0]);
    }
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals__are_copied),
        cmocka_unit_test(copies__repeat_what_was_made),
        cmocka_unit_test(damage__is_refused),
        cmocka_unit_test(random_bytes__do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
