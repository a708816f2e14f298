// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "stream/exposition.h"

struct fixture {
    struct stream_settings settings;
    struct worker_metrics workers[2];
    struct exposition exposition;
    struct buffer page;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->settings.engine.settings.rule_count = 1;
    f->settings.rule_names[0] = "a \"b\" \\ c";
    f->settings.input_partitions = 2;
    for (int i = 0; i < 2; i++)
        worker_metrics_init(&f->workers[i], 2);
    f->exposition =
        (struct exposition){.workers = f->workers, .worker_count = 2, .settings = &f->settings};
    buffer_init(&f->page, 1 << 20);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++)
        worker_metrics_release(&f->workers[i]);
    buffer_release(&f->page);
    free(f);
    return 0;
}

static void assert_shows(struct fixture *f, const char *line)
{
    buffer_clear(&f->page);
    assert_true(exposition_metrics(&f->exposition, &f->page));
    assert_true(buffer_append_byte(&f->page, '\0'));
    if (strstr((const char *)f->page.data, line) == NULL)
        fail_msg("no '%s' in:\n%s", line, f->page.data);
}

static void counters_of_all_workers__are_summed(void **state)
{
    struct fixture *f = *state;
    struct counters counters = {.purchases_consumed = 5, .commits = 1};
    const struct partition_gauges none[2] = {0};
    counters.alerts[0] = 2;
    counters.dead_letters[DEAD_LETTER_NO_CARD] = 3;
    histogram_observe(&counters.commit_seconds, 0.0007);
    worker_metrics_publish(&f->workers[0], &counters, none, true);
    worker_metrics_publish(&f->workers[1], &counters, none, true);
    assert_shows(f, "\ncardwatch_purchases_consumed_total 10\n");
    assert_shows(f, "\ncardwatch_alerts_total{rule=\"a \\\"b\\\" \\\\ c\"} 4\n");
    assert_shows(f, "\ncardwatch_dead_letters_total{class=\"NoCard\"} 6\n");
    assert_shows(f, "\ncardwatch_commit_seconds_bucket{le=\"0.0005\"} 0\n");
    assert_shows(f, "\ncardwatch_commit_seconds_bucket{le=\"0.001\"} 2\n");
    assert_shows(f, "\ncardwatch_commit_seconds_bucket{le=\"+Inf\"} 2\n");
    assert_shows(f, "\ncardwatch_commit_seconds_count 2\n");
}

static void partition__is_shown_by_its_owner(void **state)
{
    struct fixture *f = *state;
    const struct counters counters = {0};
    const struct partition_gauges first[2] = {
        {.owned = true, .lag = 7, .stream_time_known = true, .stream_time_ms = 1500}, {.lag = -1}};
    const struct partition_gauges second[2] = {{.lag = -1}, {.owned = true, .lag = -1}};
    worker_metrics_publish(&f->workers[0], &counters, first, true);
    worker_metrics_publish(&f->workers[1], &counters, second, true);
    assert_shows(f, "\ncardwatch_consumer_lag{partition=\"0\"} 7\n");
    assert_shows(f, "\ncardwatch_stream_time_seconds{partition=\"0\"} 1.5\n");
    assert_shows(f, "\ncardwatch_state_cards{partition=\"1\"} 0\n");
    assert_null(strstr((const char *)f->page.data, "consumer_lag{partition=\"1\"}"));
}

static void service__is_ready_when_every_worker_is(void **state)
{
    struct fixture *f = *state;
    const struct counters counters = {0};
    const struct partition_gauges none[2] = {0};
    worker_metrics_publish(&f->workers[0], &counters, none, true);
    assert_false(exposition_ready(&f->exposition, &f->page));
    assert_non_null(memmem(f->page.data, f->page.size, "worker 1", 8));
    worker_metrics_publish(&f->workers[1], &counters, none, true);
    assert_true(exposition_ready(&f->exposition, &f->page));
}

static void assert_not_ready(struct fixture *f, const struct partition_gauges *gauges,
                             const char *reason)
{
    const struct counters counters = {0};
    const struct partition_gauges none[2] = {0};
    worker_metrics_publish(&f->workers[0], &counters, none, true);
    worker_metrics_publish(&f->workers[1], &counters, gauges, false);
    buffer_clear(&f->page);
    assert_false(exposition_ready(&f->exposition, &f->page));
    assert_true(buffer_append_byte(&f->page, '\0'));
    if (strstr((const char *)f->page.data, reason) == NULL)
        fail_msg("no '%s' in: %s", reason, f->page.data);
}

static void what_is_waited_for__is_the_reason(void **state)
{
    const struct partition_gauges restoring[2] = {{.owned = true, .running = true},
                                                  {.owned = true,
                                                   .restore_from = 100,
                                                   .restore_at = 150,
                                                   .restore_end = 300,
                                                   .restore_ms = 4200}};
    const struct partition_gauges stalled[2] = {
        {.owned = true, .stalled = true, .stalled_schema = 17}, {0}};
    const struct partition_gauges without_lag[2] = {{.owned = true, .running = true, .lag = -1},
                                                    {0}};
    assert_not_ready(*state, restoring,
                     "partition 1 is being restored: 25 % of its changelog after 4 s");
    assert_not_ready(*state, stalled, "partition 0 waits for schema 17 from the registry");
    assert_not_ready(*state, without_lag, "the lag of partition 0 is not known yet");
}

static void page_that_does_not_fit__is_said_to(void **state)
{
    struct fixture *f = *state;
    struct buffer small;
    buffer_init(&small, 100);
    assert_false(exposition_metrics(&f->exposition, &small));
    buffer_release(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counters_of_all_workers__are_summed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(partition__is_shown_by_its_owner, set_up, tear_down),
        cmocka_unit_test_setup_teardown(service__is_ready_when_every_worker_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_waited_for__is_the_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(page_that_does_not_fit__is_said_to, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
