// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/murmur2.h"

// What org.apache.kafka.common.utils.Utils.murmur2 gives for the same bytes.
static const struct {
    const char *key;
    int32_t hash;
} known[] = {
    {"21", -973932308},
    {"foobar", -790332482},
    {"a-little-bit-long-string", -985981536},
    {"a-little-bit-longer-string", -1486304829},
    {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
    {"abc", 479470107},
};

static void murmur2__equals_the_java_client(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        assert_int_equal((int32_t)murmur2(view_text(known[i].key)), known[i].hash);
}

static void murmur2__reads_bytes_as_unsigned(void **state)
{
    (void)state;
    // Bytes above 0x7f in each place of the tail: the Java code masks them, C must not extend.
    const uint8_t bytes[] = {0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9};
    uint32_t seen[4];
    for (size_t size = 4; size <= 7; size++)
        seen[size - 4] = murmur2((struct view){bytes, size});
    assert_int_not_equal(seen[0], seen[1]);
    assert_int_not_equal(seen[1], seen[2]);
    assert_int_not_equal(seen[2], seen[3]);
}

static void partition__is_the_positive_hash_modulo_the_count(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        int64_t positive = known[i].hash & 0x7fffffff;
        for (int32_t count = 1; count <= 64; count++)
            assert_int_equal(murmur2_partition(view_text(known[i].key), count), positive % count);
    }
}

static void partition__takes_an_empty_key(void **state)
{
    (void)state;
    int32_t partition = murmur2_partition((struct view){(const uint8_t *)"", 0}, 4);
    assert_in_range(partition, 0, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(murmur2__equals_the_java_client),
        cmocka_unit_test(murmur2__reads_bytes_as_unsigned),
        cmocka_unit_test(partition__is_the_positive_hash_modulo_the_count),
        cmocka_unit_test(partition__takes_an_empty_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
