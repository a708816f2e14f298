// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "lib/random.h"
#include "store/record.h"

static struct meta sample(void)
{
    struct meta meta = {
        .incarnation = 0x0123456789abcdef,
        .input_offset = 100,
        .stream_time = {.known = true, .ms = -3},
        .fingerprint = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
        .at_least_once = true,
        .transactional_id = "app-0",
    };
    return meta;
}

static struct buffer encoded(const struct meta *meta)
{
    struct buffer bytes;
    buffer_init(&bytes, 4096);
    assert_true(meta_encode(meta, &bytes));
    return bytes;
}

static void assert_same_meta(const struct meta *a, const struct meta *b)
{
    assert_true(a->incarnation == b->incarnation);
    assert_true(a->input_offset == b->input_offset);
    assert_int_equal(a->stream_time.known, b->stream_time.known);
    assert_true(a->stream_time.ms == b->stream_time.ms);
    assert_memory_equal(a->fingerprint, b->fingerprint, FINGERPRINT_BYTES);
    assert_int_equal(a->at_least_once, b->at_least_once);
    assert_string_equal(a->transactional_id, b->transactional_id);
}

static void assert_survives(const struct meta *meta)
{
    struct buffer bytes = encoded(meta);
    struct meta back;
    struct error err;
    assert_int_equal(meta_decode(buffer_view(&bytes), &back, &err), STATUS_OK);
    assert_same_meta(meta, &back);
    buffer_release(&bytes);
}

static void meta__has_the_documented_bytes(void **state)
{
    (void)state;
    static const uint8_t expected[] = {1,    3,    0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd,
                                       0xef, 0xc8, 0x01, 0x05, 1,    2,    3,    4,    5,
                                       6,    7,    8,    9,    10,   11,   12,   13,   14,
                                       15,   16,   5,    'a',  'p',  'p',  '-',  '0'};
    struct meta meta = sample();
    struct buffer bytes = encoded(&meta);
    assert_int_equal(bytes.size, sizeof(expected));
    assert_memory_equal(bytes.data, expected, sizeof(expected));
    buffer_release(&bytes);
}

static void meta__survives(void **state)
{
    (void)state;
    struct meta meta = sample();
    assert_survives(&meta);
    meta.stream_time = (struct optional_ms){.known = false};
    meta.at_least_once = false;
    meta.input_offset = INT64_MAX;
    meta.transactional_id[0] = '\0';
    assert_survives(&meta);
    meta.stream_time = (struct optional_ms){.known = true, .ms = INT64_MIN};
    meta.input_offset = 0;
    memset(meta.transactional_id, 'x', TRANSACTIONAL_ID_BYTES_MAX);
    assert_survives(&meta);
}

static void assert_refused(const uint8_t *bytes, size_t size)
{
    struct meta meta;
    struct error err = {""};
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    assert_int_equal(meta_decode((struct view){copy, size}, &meta, &err), STATUS_FATAL);
    assert_true(err.text[0] != '\0');
    free(copy);
}

static void meta__is_refused_when_cut_longer_or_of_another_version(void **state)
{
    (void)state;
    struct meta meta = sample();
    struct buffer bytes = encoded(&meta);
    for (size_t size = 0; size < bytes.size; size++)
        assert_refused(bytes.data, size);
    assert_true(buffer_append_byte(&bytes, 0));
    assert_refused(bytes.data, bytes.size);
    bytes.size--;
    bytes.data[0] = META_FORMAT_VERSION + 1;
    assert_refused(bytes.data, bytes.size);
    bytes.data[0] = META_FORMAT_VERSION;
    bytes.data[1] |= 4;
    assert_refused(bytes.data, bytes.size);
    bytes.data[1] &= 3;
    bytes.data[bytes.size - 1] = '\0';
    assert_refused(bytes.data, bytes.size);
    buffer_release(&bytes);
}

static void mutated_meta__is_refused_or_survives(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 4);
    for (int i = 0; i < 100000; i++) {
        struct meta meta = sample();
        struct meta back;
        struct buffer bytes = encoded(&meta);
        bytes.data[random_below(&random, bytes.size)] = (uint8_t)random_next(&random);
        if (meta_decode(buffer_view(&bytes), &back, NULL) == STATUS_OK)
            assert_survives(&back);
        buffer_release(&bytes);
    }
}

static void meta_encode__past_the_maximum_leaves_the_buffer_as_it_was(void **state)
{
    (void)state;
    struct meta meta = sample();
    struct buffer bytes;
    buffer_init(&bytes, 20);
    assert_true(buffer_append_byte(&bytes, 'x'));
    assert_false(meta_encode(&meta, &bytes));
    assert_int_equal(bytes.size, 1);
    buffer_release(&bytes);
}

static void changelog_key__survives(void **state)
{
    (void)state;
    struct token token, back;
    uint64_t incarnation;
    uint8_t key[CHANGELOG_KEY_BYTES];
    for (size_t i = 0; i < TOKEN_BYTES; i++)
        token.bytes[i] = (uint8_t)(200 + i);
    changelog_key_encode(0x0102030405060708, &token, key);
    assert_int_equal(key[0], 1);
    assert_int_equal(key[7], 8);
    assert_int_equal(key[8], 200);
    assert_int_equal(changelog_key_decode((struct view){key, sizeof(key)}, &incarnation, &back),
                     CHANGELOG_KEY_CARD);
    assert_true(incarnation == 0x0102030405060708);
    assert_memory_equal(&back, &token, sizeof(token));
}

static void changelog_key__knows_the_meta_key_and_refuses_others(void **state)
{
    (void)state;
    struct token token;
    uint64_t incarnation;
    uint8_t bytes[CHANGELOG_KEY_BYTES + 1] = {'m', 'e', 't', 'a'};
    assert_int_equal(changelog_key_decode(changelog_meta_key(), &incarnation, &token),
                     CHANGELOG_KEY_META);
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        if (size == 4 || size == CHANGELOG_KEY_BYTES)
            continue;
        assert_int_equal(changelog_key_decode((struct view){bytes, size}, &incarnation, &token),
                         CHANGELOG_KEY_UNKNOWN);
    }
    assert_int_equal(changelog_key_decode((struct view){NULL, 0}, &incarnation, &token),
                     CHANGELOG_KEY_UNKNOWN);
    bytes[3] = 'o';
    assert_int_equal(changelog_key_decode((struct view){bytes, 4}, &incarnation, &token),
                     CHANGELOG_KEY_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meta__has_the_documented_bytes),
        cmocka_unit_test(meta__survives),
        cmocka_unit_test(meta__is_refused_when_cut_longer_or_of_another_version),
        cmocka_unit_test(mutated_meta__is_refused_or_survives),
        cmocka_unit_test(meta_encode__past_the_maximum_leaves_the_buffer_as_it_was),
        cmocka_unit_test(changelog_key__survives),
        cmocka_unit_test(changelog_key__knows_the_meta_key_and_refuses_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
