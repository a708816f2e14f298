// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/random.h"

static const uint64_t edges[] = {0,
                                 1,
                                 0x7f,
                                 0x80,
                                 0x3fff,
                                 0x4000,
                                 0xffffffff,
                                 1ull << 32,
                                 (1ull << 56) - 1,
                                 1ull << 63,
                                 UINT64_MAX - 1,
                                 UINT64_MAX};
enum { EDGES = sizeof(edges) / sizeof(edges[0]) };

static void buffer__grows_up_to_its_maximum_and_no_further(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 100);
    for (int i = 0; i < 10; i++)
        assert_true(buffer_append(&buffer, "0123456789", 10));
    assert_false(buffer_append_byte(&buffer, 'x'));
    assert_false(buffer_append(&buffer, "xy", 2));
    assert_int_equal(buffer.size, 100);
    assert_true(buffer.capacity <= 100);
    assert_true(buffer_append(&buffer, "", 0));
    buffer_release(&buffer);
}

static void buffer__keeps_its_memory_when_cleared(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 1000);
    assert_true(buffer_reserve(&buffer, 500));
    size_t capacity = buffer.capacity;
    buffer.size = 500;
    buffer_clear(&buffer);
    assert_int_equal(buffer.size, 0);
    assert_int_equal(buffer.capacity, capacity);
    buffer_release(&buffer);
    assert_null(buffer.data);
    assert_true(buffer_append_byte(&buffer, 1));
    buffer_release(&buffer);
}

static void buffer__refuses_sizes_that_would_overflow(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, SIZE_MAX);
    assert_true(buffer_append_byte(&buffer, 1));
    assert_false(buffer_reserve(&buffer, SIZE_MAX));
    buffer_release(&buffer);
}

static void buffer__formats_text(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 16);
    assert_true(buffer_append_format(&buffer, "%s-%d", "abc", 42));
    assert_true(view_equal(buffer_view(&buffer), view_text("abc-42")));
    assert_false(buffer_append_format(&buffer, "%s", "12345678901"));
    assert_int_equal(buffer.size, 6);
    buffer_release(&buffer);
}

static void integers__are_big_endian(void **state)
{
    (void)state;
    struct buffer buffer;
    uint32_t small;
    uint64_t large;
    buffer_init(&buffer, 12);
    assert_true(buffer_append_be32(&buffer, 0x01020304));
    assert_true(buffer_append_be64(&buffer, 0x05060708090a0b0cull));
    for (uint8_t i = 0; i < 12; i++)
        assert_int_equal(buffer.data[i], i + 1);
    struct reader reader = reader_of(buffer_view(&buffer));
    assert_true(reader_be32(&reader, &small));
    assert_int_equal(small, 0x01020304);
    assert_true(reader_be64(&reader, &large));
    assert_true(large == 0x05060708090a0b0cull);
    assert_false(reader_be32(&reader, &small));
    buffer_release(&buffer);
}

static void read_back_varint(uint64_t value)
{
    struct buffer buffer;
    uint64_t unsigned_back;
    int64_t signed_back;
    buffer_init(&buffer, 20);
    assert_true(buffer_append_varint(&buffer, value));
    assert_true(buffer_append_zigzag(&buffer, (int64_t)value));
    struct reader reader = reader_of(buffer_view(&buffer));
    assert_true(reader_varint(&reader, &unsigned_back));
    assert_true(reader_zigzag(&reader, &signed_back));
    assert_true(unsigned_back == value && signed_back == (int64_t)value);
    assert_int_equal(reader_left(&reader), 0);
    buffer_release(&buffer);
}

static void varints__come_back_as_they_were(void **state)
{
    (void)state;
    struct random random;
    for (size_t i = 0; i < EDGES; i++)
        read_back_varint(edges[i]);
    random_seed(&random, 1);
    for (int i = 0; i < 100000; i++)
        read_back_varint(random_next(&random) >> random_below(&random, 64));
}

static void zigzag__has_the_bytes_of_the_avro_specification(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        uint8_t bytes[2];
        size_t size;
    } known[] = {{0, {0x00}, 1},  {-1, {0x01}, 1},  {1, {0x02}, 1},
                 {-2, {0x03}, 1}, {-64, {0x7f}, 1}, {64, {0x80, 0x01}, 2}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct buffer buffer;
        buffer_init(&buffer, 10);
        assert_true(buffer_append_zigzag(&buffer, known[i].value));
        assert_int_equal(buffer.size, known[i].size);
        assert_memory_equal(buffer.data, known[i].bytes, known[i].size);
        buffer_release(&buffer);
    }
    assert_true(zigzag_encode(INT64_MIN) == UINT64_MAX);
    assert_true(zigzag_decode(UINT64_MAX) == INT64_MIN);
    assert_true(zigzag_decode(UINT64_MAX - 1) == INT64_MAX);
}

static bool varint_refused(const void *bytes, size_t size)
{
    uint64_t value;
    struct reader reader = reader_of((struct view){bytes, size});
    const uint8_t *before = reader.at;
    bool read = reader_varint(&reader, &value);
    assert_true(read || reader.at == before);
    return !read;
}

static void varint__refuses_cut_and_over_long_encodings(void **state)
{
    (void)state;
    assert_true(varint_refused("", 0));
    assert_true(varint_refused("\x80", 1));
    assert_true(varint_refused("\xff\xff\xff", 3));
    assert_true(varint_refused("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10));
    assert_true(varint_refused("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11));
    assert_false(varint_refused("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10));
}

static void reader__never_passes_its_end(void **state)
{
    (void)state;
    const uint8_t bytes[3] = {1, 2, 3};
    struct reader reader = reader_of((struct view){bytes, sizeof(bytes)});
    struct view part;
    uint8_t byte;
    assert_false(reader_view(&reader, 4, &part));
    assert_false(reader_view(&reader, UINT64_MAX, &part));
    assert_true(reader_view(&reader, 2, &part));
    assert_ptr_equal(part.data, bytes);
    assert_true(reader_byte(&reader, &byte));
    assert_int_equal(byte, 3);
    assert_false(reader_byte(&reader, &byte));
    assert_true(reader_view(&reader, 0, &part));
    assert_int_equal(part.size, 0);
}

static void views__are_equal_by_content(void **state)
{
    (void)state;
    assert_true(view_equal(view_text("abc"), view_text("abc")));
    assert_false(view_equal(view_text("abc"), view_text("abd")));
    assert_false(view_equal(view_text("abc"), view_text("ab")));
    assert_true(view_equal((struct view){NULL, 0}, view_text("")));
}

static void floats_and_texts__are_as_avro_has_them(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0,    0,   0xc0, 0xbf,                   // -1.5f
                                       0,    0,   0,    0,    0, 0, 0x25, 0xc0, // -10.5
                                       0x06, 'f', 'o',  'o',  0};               // "foo", ""
    struct buffer buffer;
    buffer_init(&buffer, sizeof(expected));
    assert_true(buffer_append_float(&buffer, -1.5f));
    assert_true(buffer_append_double(&buffer, -10.5));
    assert_true(buffer_append_sized(&buffer, view_text("foo")));
    assert_false(buffer_append_sized(&buffer, view_text("x"))); // the length alone would fit
    assert_true(buffer_append_sized(&buffer, view_text("")));
    assert_int_equal(buffer.size, sizeof(expected));
    assert_memory_equal(buffer.data, expected, sizeof(expected));
    buffer_release(&buffer);
}

static void views__are_ordered_by_their_bytes(void **state)
{
    (void)state;
    static const char *const rows[] = {"", "a", "ab", "b", "\x80"};
    for (size_t i = 0; i < 5; i++) {
        for (size_t k = 0; k < 5; k++) {
            int order = view_order(view_text(rows[i]), view_text(rows[k]));
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
        }
    }
    assert_int_equal(view_order((struct view){NULL, 0}, view_text("")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffer__grows_up_to_its_maximum_and_no_further),
        cmocka_unit_test(buffer__keeps_its_memory_when_cleared),
        cmocka_unit_test(buffer__refuses_sizes_that_would_overflow),
        cmocka_unit_test(buffer__formats_text),
        cmocka_unit_test(integers__are_big_endian),
        cmocka_unit_test(varints__come_back_as_they_were),
        cmocka_unit_test(zigzag__has_the_bytes_of_the_avro_specification),
        cmocka_unit_test(varint__refuses_cut_and_over_long_encodings),
        cmocka_unit_test(reader__never_passes_its_end),
        cmocka_unit_test(views__are_equal_by_content),
        cmocka_unit_test(views__are_ordered_by_their_bytes),
        cmocka_unit_test(floats_and_texts__are_as_avro_has_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
