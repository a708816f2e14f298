// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "store/checkpoint.h"

static const struct checkpoint sample = {
    .changelog_offset = 123456,
    .meta = {.incarnation = 7, .input_offset = 99, .transactional_id = "app-0"}};

static struct buffer encoded(const struct checkpoint *checkpoint)
{
    struct buffer bytes;
    buffer_init(&bytes, 4096);
    assert_true(checkpoint_encode(checkpoint, &bytes));
    return bytes;
}

static void assert_refused(struct view bytes)
{
    struct checkpoint checkpoint;
    struct error err = {""};
    assert_int_equal(checkpoint_decode(bytes, &checkpoint, &err), STATUS_RECORD);
    assert_non_null(strstr(err.text, "checkpoint record"));
}

static void checkpoint__survives(void **state)
{
    (void)state;
    struct buffer bytes = encoded(&sample);
    struct checkpoint back;
    assert_int_equal(checkpoint_decode(buffer_view(&bytes), &back, NULL), STATUS_OK);
    assert_true(back.changelog_offset == 123456);
    assert_true(back.meta.incarnation == 7);
    assert_true(back.meta.input_offset == 99);
    assert_string_equal(back.meta.transactional_id, "app-0");
    buffer_release(&bytes);
}

static void cut_off_checkpoint__survives_with_its_reach(void **state)
{
    (void)state;
    struct checkpoint cut_off = sample;
    cut_off.reach = 200000;
    struct buffer bytes = encoded(&cut_off);
    struct checkpoint back;
    assert_int_equal(bytes.data[0], 2);
    assert_int_equal(checkpoint_decode(buffer_view(&bytes), &back, NULL), STATUS_OK);
    assert_true(checkpoint_is_cut_off(&back));
    assert_true(back.changelog_offset == 123456 && back.reach == 200000);
    assert_true(back.meta.input_offset == 99);
    for (size_t size = 0; size < bytes.size; size++)
        assert_refused((struct view){bytes.data, size});
    bytes.data[0] = 3;
    assert_refused(buffer_view(&bytes));
    buffer_release(&bytes);
}

static void reach__that_is_not_beyond_the_offset_is_none(void **state)
{
    (void)state;
    struct checkpoint whole = sample;
    whole.reach = whole.changelog_offset;
    struct buffer bytes = encoded(&whole);
    struct checkpoint back;
    assert_int_equal(bytes.data[0], 1);
    assert_int_equal(checkpoint_decode(buffer_view(&bytes), &back, NULL), STATUS_OK);
    assert_false(checkpoint_is_cut_off(&back));
    buffer_release(&bytes);
}

static void checkpoint__is_refused_when_cut_or_of_another_version(void **state)
{
    (void)state;
    struct buffer bytes = encoded(&sample);
    for (size_t size = 0; size < bytes.size; size++)
        assert_refused((struct view){bytes.data, size});
    bytes.data[0]++;
    assert_refused(buffer_view(&bytes));
    buffer_release(&bytes);
}

static void checkpoint__of_a_negative_offset_is_refused(void **state)
{
    (void)state;
    struct checkpoint negative = sample;
    negative.changelog_offset = -1;
    struct buffer bytes = encoded(&negative);
    assert_refused(buffer_view(&bytes));
    buffer_release(&bytes);
}

static void checkpoint_encode__past_the_maximum_leaves_the_buffer_as_it_was(void **state)
{
    (void)state;
    struct buffer bytes;
    buffer_init(&bytes, 16);
    assert_false(checkpoint_encode(&sample, &bytes));
    assert_int_equal(bytes.size, 0);
    buffer_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checkpoint__survives),
        cmocka_unit_test(cut_off_checkpoint__survives_with_its_reach),
        cmocka_unit_test(reach__that_is_not_beyond_the_offset_is_none),
        cmocka_unit_test(checkpoint__is_refused_when_cut_or_of_another_version),
        cmocka_unit_test(checkpoint__of_a_negative_offset_is_refused),
        cmocka_unit_test(checkpoint_encode__past_the_maximum_leaves_the_buffer_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
