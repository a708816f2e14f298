// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"

// The published first outputs of splitmix64 for the seed 1234567.
static void random__gives_the_published_sequence(void **state)
{
    (void)state;
    static const uint64_t expected[] = {6457827717110365317u, 3203168211198807973u,
                                        9817491932198370423u, 4593380528125082431u,
                                        16408922859458223821u};
    struct random random;
    random_seed(&random, 1234567);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_true(random_next(&random) == expected[i]);
}

static void below__stays_below_and_reaches_every_value(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 1);
    unsigned seen[7] = {0};
    for (int i = 0; i < 7000; i++) {
        uint64_t drawn = random_below(&random, 7);
        assert_true(drawn < 7);
        seen[drawn]++;
    }
    for (size_t i = 0; i < 7; i++)
        assert_in_range(seen[i], 800, 1200);
}

static void range__covers_both_ends_and_all_of_int64(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 2);
    bool low = false;
    bool high = false;
    for (int i = 0; i < 1000; i++) {
        int64_t drawn = random_range(&random, -2, 2);
        assert_true(drawn >= -2 && drawn <= 2);
        low = low || drawn == -2;
        high = high || drawn == 2;
    }
    assert_true(low && high);
    assert_true(random_range(&random, INT64_MAX, INT64_MAX) == INT64_MAX);
    bool negative = false;
    bool positive = false;
    for (int i = 0; i < 100; i++) {
        int64_t drawn = random_range(&random, INT64_MIN, INT64_MAX);
        negative = negative || drawn < 0;
        positive = positive || drawn > 0;
    }
    assert_true(negative && positive);
}

static void chance_and_unit__keep_their_share(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 3);
    unsigned hits = 0;
    double sum = 0;
    for (int i = 0; i < 10000; i++) {
        hits += random_chance(&random, 1, 4);
        double unit = random_unit(&random);
        assert_true(unit >= 0 && unit < 1);
        sum += unit;
    }
    assert_in_range(hits, 2300, 2700);
    assert_true(sum > 4800 && sum < 5200);
    assert_false(random_chance(&random, 0, 3));
    assert_true(random_chance(&random, 3, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random__gives_the_published_sequence),
        cmocka_unit_test(below__stays_below_and_reaches_every_value),
        cmocka_unit_test(range__covers_both_ends_and_all_of_int64),
        cmocka_unit_test(chance_and_unit__keep_their_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
