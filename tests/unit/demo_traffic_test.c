// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "demo/traffic.h"

// A sink and listener that count, refuse, and ask to stop, as they are told.
struct bench {
    atomic_bool stop;
    uint64_t taken;
    uint64_t stop_after;     // messages; 0: never
    unsigned refusals;       // of the next messages, one each
    enum status refuse_with; // what a refusal is
    uint64_t bursts;
    uint64_t again;
    unsigned progress;
};

static enum status take(void *context, const struct generated *message, struct error *err)
{
    struct bench *bench = context;
    if (bench->refusals > 0) {
        bench->refusals--;
        return error_set(err, bench->refuse_with, "not now");
    }
    bench->taken++;
    bench->again += message->again;
    if (bench->taken == bench->stop_after)
        atomic_store(&bench->stop, true);
    return STATUS_OK;
}

static enum status hear(void *context, const struct planted_burst *burst, struct error *err)
{
    struct bench *bench = context;
    (void)err;
    assert_true(burst->size >= 3);
    bench->bursts++;
    return STATUS_OK;
}

static void show(void *context, const struct traffic_counts *counts, const char *trouble)
{
    struct bench *bench = context;
    (void)trouble;
    assert_true(counts->messages <= bench->taken);
    bench->progress++;
}

static struct traffic_plan plan_of(struct bench *bench)
{
    struct traffic_plan plan = {.generator = generator_settings_default(), .stop = &bench->stop};
    plan.generator.burst_ppm = 10000;
    plan.generator.duplicate_ppm = 10000;
    return plan;
}

static enum status run(struct bench *bench, const struct traffic_plan *plan,
                       struct traffic_counts *counts)
{
    const struct traffic_sink sink = {bench, take};
    const struct traffic_listener listener = {bench, hear, show};
    struct error err;
    return traffic_run(plan, &sink, &listener, counts, &err);
}

static void traffic__ends_with_the_last_message(void **state)
{
    (void)state;
    struct bench bench = {.refusals = 5, .refuse_with = STATUS_RETRY};
    struct traffic_plan plan = plan_of(&bench);
    struct traffic_counts counts;
    plan.message_count = plan.generator.message_count = 50000;
    assert_int_equal(run(&bench, &plan, &counts), STATUS_OK);
    assert_int_equal(bench.taken, 50000);
    assert_int_equal(counts.messages, 50000);
    assert_int_equal(counts.bursts, bench.bursts);
    assert_int_equal(counts.again, bench.again);
    assert_true(bench.bursts > 100 && bench.again > 100);
}

static void traffic__stops_when_asked_to(void **state)
{
    (void)state;
    struct bench bench = {.stop_after = 777};
    const struct traffic_plan plan = plan_of(&bench);
    struct traffic_counts counts;
    assert_int_equal(run(&bench, &plan, &counts), STATUS_OK);
    assert_int_equal(counts.messages, 777);
}

static void traffic__stops_while_nothing_is_taken(void **state)
{
    (void)state;
    struct bench bench = {.refusals = 1, .refuse_with = STATUS_RETRY};
    const struct traffic_plan plan = plan_of(&bench);
    struct traffic_counts counts;
    atomic_store(&bench.stop, true);
    assert_int_equal(run(&bench, &plan, &counts), STATUS_OK);
    assert_int_equal(counts.messages, 0);
}

static void traffic__keeps_to_the_rate(void **state)
{
    (void)state;
    struct bench bench = {.stop_after = 0};
    struct traffic_plan plan = plan_of(&bench);
    struct traffic_counts counts;
    plan.rate = 100;
    plan.message_count = 41; // the last one 400 ms after the first
    assert_int_equal(run(&bench, &plan, &counts), STATUS_OK);
    assert_int_equal(bench.taken, 41);
    assert_true(bench.progress >= 1);
}

static void a_sink_that_fails__ends_it(void **state)
{
    (void)state;
    struct bench bench = {.refusals = 1, .refuse_with = STATUS_FATAL};
    const struct traffic_plan plan = plan_of(&bench);
    struct traffic_counts counts;
    assert_int_equal(run(&bench, &plan, &counts), STATUS_FATAL);
    assert_int_equal(counts.messages, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traffic__ends_with_the_last_message),
        cmocka_unit_test(traffic__stops_when_asked_to),
        cmocka_unit_test(traffic__stops_while_nothing_is_taken),
        cmocka_unit_test(traffic__keeps_to_the_rate),
        cmocka_unit_test(a_sink_that_fails__ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
