// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "lib/capture.h"

static void zeroed__is_all_zero(void **state)
{
    (void)state;
    unsigned char *block = memory_zeroed(100, 7);
    for (size_t i = 0; i < 700; i++)
        assert_int_equal(block[i], 0);
    free(block);
}

static void zeroed__gives_memory_for_nothing_too(void **state)
{
    (void)state;
    void *block = memory_zeroed(0, 8);
    assert_non_null(block);
    free(block);
}

static void resized__keeps_what_was_there(void **state)
{
    (void)state;
    uint32_t *numbers = memory_resized(NULL, 2, sizeof(*numbers));
    numbers[0] = 7;
    numbers[1] = 8;
    numbers = memory_resized(numbers, 1000, sizeof(*numbers));
    assert_int_equal(numbers[0], 7);
    assert_int_equal(numbers[1], 8);
    free(numbers);
}

static void text__is_a_copy_of_its_own(void **state)
{
    (void)state;
    char original[] = "purchases";
    char *copy = memory_text(original);
    original[0] = 'x';
    assert_string_equal(copy, "purchases");
    free(copy);
}

static void copy__ends_with_a_nul_behind_the_bytes(void **state)
{
    (void)state;
    char *copy = memory_copy("a\0b", 3);
    assert_memory_equal(copy, "a\0b\0", 4);
    free(copy);
    copy = memory_copy(NULL, 0);
    assert_string_equal(copy, "");
    free(copy);
}

static int ask_for_too_much(void *context)
{
    (void)context;
    volatile size_t count = SIZE_MAX / 4;
    free(memory_resized(NULL, count, 8));
    return 0;
}

static void resized__stops_on_a_product_that_overflows(void **state)
{
    (void)state;
    struct capture capture;
    capture_run(&capture, ask_for_too_much, NULL);
    assert_int_equal(capture.signal, SIGABRT);
    capture_release(&capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed__is_all_zero),
        cmocka_unit_test(zeroed__gives_memory_for_nothing_too),
        cmocka_unit_test(resized__keeps_what_was_there),
        cmocka_unit_test(text__is_a_copy_of_its_own),
        cmocka_unit_test(copy__ends_with_a_nul_behind_the_bytes),
        cmocka_unit_test(resized__stops_on_a_product_that_overflows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
