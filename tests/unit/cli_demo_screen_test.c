// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/demo_screen.h"
#include "lib/capture.h"

static void expect_near(double value, double expected)
{
    assert_true(value > expected - 1e-9 && value < expected + 1e-9);
}

static void quantile__of_nothing_is_zero(void **state)
{
    (void)state;
    const struct histogram none = {.count = 0};
    expect_near(demo_quantile(&none, 0.5), 0);
}

static void quantile__lies_within_the_bucket_that_has_its_rank(void **state)
{
    (void)state;
    struct histogram histogram = {.count = 0};
    for (int i = 0; i < 50; i++)
        histogram_observe(&histogram, 0.0007); // 0.5 to 1 ms
    for (int i = 0; i < 50; i++)
        histogram_observe(&histogram, 0.003); // 2 to 4 ms
    expect_near(demo_quantile(&histogram, 0.25), 0.00075);
    expect_near(demo_quantile(&histogram, 0.5), 0.001);
    expect_near(demo_quantile(&histogram, 0.75), 0.003);
    expect_near(demo_quantile(&histogram, 1), 0.004);
}

static void quantile__has_no_end_beyond_the_last_bound(void **state)
{
    (void)state;
    struct histogram histogram = {.count = 0};
    histogram_observe(&histogram, 1e6);
    expect_near(demo_quantile(&histogram, 0.99), histogram_bound(HISTOGRAM_BUCKETS - 2));
}

static void expect_status(const struct demo_glance *before, const struct demo_glance *now,
                          uint64_t sent, const char *expected)
{
    struct buffer text;
    buffer_init(&text, 512);
    demo_status_text(before, now, sent, &text);
    assert_true(buffer_append_byte(&text, '\0'));
    assert_string_equal((const char *)text.data, expected);
    buffer_release(&text);
}

static void status__has_rate_lag_alerts_and_latencies(void **state)
{
    (void)state;
    struct demo_glance before = {.at_ms = 1000, .consumed = 500};
    struct demo_glance now = {.at_ms = 3000, .consumed = 2500, .position = 2480, .alerts = 7};
    expect_status(&before, &now, 2490,
                  "1000 purchases/s, lag 10, 7 alerts, p50/p99: commit -, alert -");
    for (int i = 0; i < 100; i++) {
        histogram_observe(&now.commit_seconds, 0.0015);
        histogram_observe(&now.alert_latency_seconds, 0.050);
    }
    expect_status(&before, &now, 2490,
                  "1000 purchases/s, lag 10, 7 alerts, p50/p99: commit 1.5/2.0 ms, alert 48/64 ms");
}

static void status__is_never_negative(void **state)
{
    (void)state;
    struct demo_glance now = {.at_ms = 1000, .position = 20};
    expect_status(&now, &now, 10, "0 purchases/s, lag 0, 0 alerts, p50/p99: commit -, alert -");
}

// Ten glances, a second apart.
static int show_ten(void *context)
{
    struct demo_screen screen;
    (void)context;
    demo_screen_init(&screen);
    demo_screen_wait(&screen, "waiting");
    for (int64_t i = 1; i <= 10; i++) {
        const struct demo_glance now = {.at_ms = i * 1000, .consumed = (uint64_t)i * 10};
        demo_screen_status(&screen, &now, now.consumed);
    }
    bool written = demo_screen_line(&screen, view_text("a line"));
    demo_screen_end(&screen);
    return written ? 0 : 1;
}

static void screen__writes_plain_lines_when_it_is_no_terminal(void **state)
{
    struct capture capture;
    (void)state;
    setenv("TERM", "xterm", 1);
    capture_run(&capture, show_ten, NULL);
    assert_int_equal(capture.exit_code, 0);
    assert_null(strchr(capture.out, '\033'));
    assert_null(strchr(capture.out, '\r'));
    assert_string_equal(capture.out,
                        "10 purchases/s, lag 60, 0 alerts, p50/p99: commit -, alert -\na line\n");
    capture_release(&capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantile__of_nothing_is_zero),
        cmocka_unit_test(quantile__lies_within_the_bucket_that_has_its_rank),
        cmocka_unit_test(quantile__has_no_end_beyond_the_last_bound),
        cmocka_unit_test(status__has_rate_lag_alerts_and_latencies),
        cmocka_unit_test(status__is_never_negative),
        cmocka_unit_test(screen__writes_plain_lines_when_it_is_no_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
