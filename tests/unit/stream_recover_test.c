// SPDX-License-Identifier: Apache-2.0
// Every call that can fail is made to fail, and every call crashed in, one after the other; after
// each the alerts must be exactly the oracle's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/scale.h"
#include "lib/stream_fixture.h"

enum { CALLS_MAX = 100000, RESTARTS_MAX = 100 };

// One short life: purchases, a second process, a restart, more purchases. A worker that leaves is
// started again, as a supervisor does.
static void revive(struct stream_fixture *f, unsigned *restarts)
{
    for (size_t i = 0; i < 2; i++) {
        if (f->processes[i].disk == NULL || f->processes[i].worker != NULL)
            continue;
        assert_true((*restarts)++ < RESTARTS_MAX);
        fixture_start(f, i);
    }
}

static void settle_with_supervisor(struct stream_fixture *f)
{
    unsigned restarts = 0;
    int64_t deadline_ms = fake_clock_ms(f->cluster) + 300000;
    while (!fixture_is_settled(f)) {
        if (fixture_step(f) != STATUS_OK)
            revive(f, &restarts);
        if (fake_clock_ms(f->cluster) > deadline_ms)
            fail_msg("not settled: %s", f->err.text);
    }
}

static void live(struct stream_fixture *f)
{
    struct random random;
    random_seed(&random, 7);
    fake_cluster_knobs(f->cluster)->batch_max = 8; // many polls, many moments to fail at
    fake_cluster_knobs(f->cluster)->changelog_batch_max = 8;
    fixture_start(f, 0);
    fixture_purchases(f, 60, 10, &random);
    settle_with_supervisor(f);
    fixture_start(f, 1);
    fixture_purchases(f, 60, 10, &random);
    settle_with_supervisor(f);
    fake_clock_advance(f->cluster, 600);
    fixture_purchases(f, 60, 10, &random);
    settle_with_supervisor(f);
    fake_group_rebalance(f->cluster, "cardwatch");
    fixture_purchases(f, 60, 10, &random);
    settle_with_supervisor(f);
    unsigned restarts = 0;
    revive(f, &restarts);
    fixture_crash(f, 0, true);
    revive(f, &restarts);
    fixture_purchases(f, 60, 10, &random);
    settle_with_supervisor(f);
}

static uint64_t torture(const struct fixture_options *options, unsigned variant, bool at_least)
{
    for (uint64_t k = 1; k < CALLS_MAX; k += scale_stride()) {
        struct stream_fixture f;
        stream_fixture_open(&f, options);
        fake_torture(f.cluster, k, variant);
        live(&f);
        bool fired = fake_torture_fired(f.cluster);
        fixture_expect_alerts(&f, at_least);
        stream_fixture_close(&f);
        if (!fired)
            return k - scale_stride();
    }
    fail_msg("the run does not end");
    return 0;
}

static void every_call__may_fail_once(void **state)
{
    (void)state;
    const struct fixture_options options = {.partitions = 2};
    for (unsigned variant = 0; variant < FAKE_TORTURE_VARIANTS; variant++)
        printf("variant %u: %llu calls failed\n", variant,
               (unsigned long long)torture(&options, variant, false));
}

static void at_least_once__loses_no_alert_whatever_fails(void **state)
{
    (void)state;
    const struct fixture_options options = {.partitions = 2, .at_least_once = true};
    for (unsigned variant = 0; variant < FAKE_TORTURE_VARIANTS; variant++)
        (void)torture(&options, variant, true);
}

static uint64_t torture_crash(const struct fixture_options *options, enum fake_fate fate,
                              bool at_least)
{
    for (uint64_t k = 1; k < CALLS_MAX; k += scale_stride()) {
        struct stream_fixture f;
        stream_fixture_open(&f, options);
        fake_torture_crash(f.cluster, k, fate);
        live(&f);
        bool fired = fake_torture_fired(f.cluster);
        fixture_expect_alerts(&f, at_least);
        stream_fixture_close(&f);
        if (!fired)
            return k - scale_stride();
    }
    fail_msg("the run does not end");
    return 0;
}

static void crash__in_every_call_is_survived(void **state)
{
    (void)state;
    const struct fixture_options options = {.partitions = 2};
    assert_true(torture_crash(&options, FATE_NOTHING, false) > 100 - scale_stride());
    assert_true(torture_crash(&options, FATE_DONE, false) > 100 - scale_stride());
}

static void crash__at_least_once_loses_no_alert(void **state)
{
    (void)state;
    const struct fixture_options options = {.partitions = 2, .at_least_once = true};
    assert_true(torture_crash(&options, FATE_NOTHING, true) > 100 - scale_stride());
    assert_true(torture_crash(&options, FATE_DONE, true) > 100 - scale_stride());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call__may_fail_once),
        cmocka_unit_test(at_least_once__loses_no_alert_whatever_fails),
        cmocka_unit_test(crash__in_every_call_is_survived),
        cmocka_unit_test(crash__at_least_once_loses_no_alert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
