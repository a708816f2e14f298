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

// Which call goes wrong, and how.
struct trouble {
    bool crash;
    enum fake_fate fate; // of the call that crashes
    unsigned variant;    // of the failure otherwise
};

// One life for each call that can go wrong; the number of those calls.
static uint64_t torture(const struct fixture_options *options, const struct trouble *trouble)
{
    for (uint64_t k = 1; k < CALLS_MAX; k += scale_stride()) {
        struct stream_fixture f;
        stream_fixture_open(&f, options);
        if (trouble->crash)
            fake_torture_crash(f.cluster, k, trouble->fate);
        else
            fake_torture(f.cluster, k, trouble->variant);
        live(&f);
        bool fired = fake_torture_fired(f.cluster);
        fixture_expect_alerts(&f, options->at_least_once);
        stream_fixture_close(&f);
        if (!fired)
            return k - scale_stride();
    }
    fail_msg("the run does not end");
    return 0;
}

static void torture_with_failures(const struct fixture_options *options)
{
    for (unsigned variant = 0; variant < FAKE_TORTURE_VARIANTS; variant++) {
        const struct trouble trouble = {.variant = variant};
        printf("# variant %u: %llu calls failed\n", variant,
               (unsigned long long)torture(options, &trouble));
    }
}

static void torture_with_crashes(const struct fixture_options *options)
{
    static const enum fake_fate fates[] = {FATE_NOTHING, FATE_DONE};
    for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]); i++) {
        const struct trouble trouble = {.crash = true, .fate = fates[i]};
        assert_true(torture(options, &trouble) > 100 - scale_stride());
    }
}

static void every_call__may_fail_once(void **state)
{
    (void)state;
    torture_with_failures(&(struct fixture_options){.partitions = 2});
}

static void at_least_once__loses_no_alert_whatever_fails(void **state)
{
    (void)state;
    torture_with_failures(&(struct fixture_options){.partitions = 2, .at_least_once = true});
}

static void crash__in_every_call_is_survived(void **state)
{
    (void)state;
    torture_with_crashes(&(struct fixture_options){.partitions = 2});
}

static void crash__at_least_once_loses_no_alert(void **state)
{
    (void)state;
    torture_with_crashes(&(struct fixture_options){.partitions = 2, .at_least_once = true});
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
