// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "stream/metrics.h"

static void histogram__puts_a_value_into_the_first_bucket_that_holds_it(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    histogram_observe(&histogram, 0);
    histogram_observe(&histogram, 0.0005);
    histogram_observe(&histogram, 0.00051);
    histogram_observe(&histogram, 1e9);
    histogram_observe(&histogram, -5); // a clock was set back
    assert_int_equal(histogram.counts[0], 3);
    assert_int_equal(histogram.counts[1], 1);
    assert_int_equal(histogram.counts[HISTOGRAM_BUCKETS - 1], 1);
    assert_int_equal(histogram.count, 5);
    assert_true(histogram.sum_seconds > 1e9 && histogram.sum_seconds < 1e9 + 1);
}

static void histogram_bounds__double_and_end_in_infinity(void **state)
{
    (void)state;
    for (unsigned b = 0; b + 2 < HISTOGRAM_BUCKETS; b++)
        assert_true(histogram_bound(b + 1) == 2 * histogram_bound(b));
    assert_true(isinf(histogram_bound(HISTOGRAM_BUCKETS - 1)));
}

static void published_counters__are_a_copy(void **state)
{
    (void)state;
    struct worker_metrics metrics;
    struct counters counters = {.commits = 7};
    struct partition_gauges gauges[2] = {{.lag = 1}, {.lag = 2}};
    worker_metrics_init(&metrics, 2);
    worker_metrics_publish(&metrics, &counters, gauges, true);
    counters.commits = 8;
    gauges[1].lag = 3;
    assert_int_equal(metrics.counters.commits, 7);
    assert_int_equal(metrics.partitions[1].lag, 2);
    assert_true(metrics.ready);
    worker_metrics_release(&metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histogram__puts_a_value_into_the_first_bucket_that_holds_it),
        cmocka_unit_test(histogram_bounds__double_and_end_in_infinity),
        cmocka_unit_test(published_counters__are_a_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
