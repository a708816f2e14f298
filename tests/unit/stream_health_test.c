// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "stream/health.h"

enum { NOW_MS = 1000000, PARTITIONS = 4 };

struct fixture {
    struct stream_settings settings;
    struct worker_metrics workers[2];
    struct exposition exposition;
    struct buffer reason;
    char sentence[HEALTH_SENTENCE_MAX];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->settings.input_partitions = PARTITIONS;
    for (int i = 0; i < 2; i++)
        worker_metrics_init(&f->workers[i], PARTITIONS);
    f->exposition =
        (struct exposition){.workers = f->workers, .worker_count = 2, .settings = &f->settings};
    buffer_init(&f->reason, 256);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++)
        worker_metrics_release(&f->workers[i]);
    buffer_release(&f->reason);
    free(f);
    return 0;
}

static void worker_that_ends_no_turn__is_stuck(void **state)
{
    struct fixture *f = *state;
    worker_metrics_turn(&f->workers[0], NOW_MS);
    worker_metrics_turn(&f->workers[1], NOW_MS - HEALTH_STUCK_MS);
    assert_true(health_is_alive(&f->exposition, NOW_MS, &f->reason));
    assert_int_equal(f->reason.size, 0);
    assert_false(health_is_alive(&f->exposition, NOW_MS + 1, &f->reason));
    assert_true(buffer_append_byte(&f->reason, '\0'));
    assert_string_equal((char *)f->reason.data, "worker 1 has not ended a turn for 120 s\n");
    worker_metrics_turn(&f->workers[1], NOW_MS);
    assert_true(health_is_alive(&f->exposition, NOW_MS + 1, &f->reason));
}

static void publish(struct fixture *f, int worker, const struct partition_gauges *gauges,
                    bool ready)
{
    const struct partition_gauges none[PARTITIONS] = {0};
    const struct counters counters = {.purchases_consumed = 500, .alerts = {3, 1}};
    worker_metrics_publish(&f->workers[worker], &counters, gauges != NULL ? gauges : none, ready);
}

static void service__is_consuming_when_every_worker_is(void **state)
{
    struct fixture *f = *state;
    publish(f, 0, NULL, true);
    assert_false(health_is_consuming(&f->exposition));
    publish(f, 1, NULL, true);
    assert_true(health_is_consuming(&f->exposition));
    publish(f, 0, NULL, false);
    assert_false(health_is_consuming(&f->exposition));
}

static void assert_sentence(struct fixture *f, const char *expected)
{
    health_sentence(&f->exposition, f->sentence);
    assert_string_equal(f->sentence, expected);
}

static void sentence__says_what_is_waited_for(void **state)
{
    struct fixture *f = *state;
    const struct partition_gauges restoring[PARTITIONS] = {
        {.owned = true, .running = true, .lag = 3},
        {.owned = true, .restore_from = 100, .restore_at = 150, .restore_end = 200},
        {.owned = true, .restore_at = 30, .restore_end = 100},
        {.owned = true}};
    const struct partition_gauges stalled[PARTITIONS] = {
        {.owned = true, .running = true}, {.owned = true, .stalled = true, .stalled_schema = 17}};
    assert_sentence(f, "joining the group");
    publish(f, 0, restoring, false);
    assert_sentence(f, "restoring 3 of 4 partitions: 40 % of their changelogs");
    publish(f, 0, stalled, false);
    assert_sentence(f, "1 of 2 partitions wait for the registry: schema 17");
}

static void sentence__sums_up_what_runs(void **state)
{
    struct fixture *f = *state;
    const struct partition_gauges first[PARTITIONS] = {{.owned = true, .running = true, .lag = 3},
                                                       {.owned = true, .running = true, .lag = -1}};
    const struct partition_gauges second[PARTITIONS] = {
        {0}, {0}, {.owned = true, .running = true, .lag = 5}};
    publish(f, 0, first, true);
    publish(f, 1, second, true);
    assert_sentence(f, "3 partitions, lag 8; 1000 purchases, 8 alerts since the start");
    publish(f, 0, NULL, true);
    publish(f, 1, NULL, true);
    assert_sentence(f, "the group has given this process no partition");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(worker_that_ends_no_turn__is_stuck, set_up, tear_down),
        cmocka_unit_test_setup_teardown(service__is_consuming_when_every_worker_is, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(sentence__says_what_is_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sentence__sums_up_what_runs, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
