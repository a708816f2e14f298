// SPDX-License-Identifier: Apache-2.0
// When a transaction is committed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/murmur2.h"
#include "lib/stream_fixture.h"

// A worker with an open transaction, begun at 1000 ms, the last commit at 900 ms.
static struct worker *worker_in_transaction(struct stream_fixture *f)
{
    stream_fixture_open(f, &(struct fixture_options){.commit_interval_ms = 1000});
    fixture_start(f, 0);
    struct worker *worker = f->processes[0].worker;
    worker->open = true;
    worker->begun_ms = 1000;
    worker->committing_ms = 900;
    return worker;
}

static void close_worker(struct stream_fixture *f)
{
    f->processes[0].worker->open = false;
    stream_fixture_close(f);
}

static void quiet_transaction__waits_for_the_interval(void **state)
{
    (void)state;
    struct stream_fixture f;
    int64_t wait_ms;
    struct worker *worker = worker_in_transaction(&f);
    assert_int_equal(COMMIT_NOTHING, worker_commit_due(worker, 1999, &wait_ms));
    assert_int_equal(wait_ms, 1);
    assert_int_equal(COMMIT_ALL, worker_commit_due(worker, 2000, &wait_ms));
    close_worker(&f);
}

static void alert__is_committed_at_once_but_not_in_a_backlog(void **state)
{
    (void)state;
    struct stream_fixture f;
    int64_t wait_ms;
    struct worker *worker = worker_in_transaction(&f);
    worker->evaluate.alert_raised = true;
    assert_int_equal(COMMIT_WRITTEN, worker_commit_due(worker, 1000, &wait_ms));
    worker->committing_ms = 998; // at least 5 ms between commits
    assert_int_equal(COMMIT_NOTHING, worker_commit_due(worker, 1000, &wait_ms));
    assert_int_equal(wait_ms, 3);
    worker->committing_ms = 900;
    worker->backlog = true;
    assert_int_equal(COMMIT_NOTHING, worker_commit_due(worker, 1000, &wait_ms));
    assert_int_equal(wait_ms, 1000);
    close_worker(&f);
}

static void nothing_open__is_never_due(void **state)
{
    (void)state;
    struct stream_fixture f;
    int64_t wait_ms;
    struct worker *worker = worker_in_transaction(&f);
    worker->open = false;
    assert_int_equal(COMMIT_NOTHING, worker_commit_due(worker, 1000000, &wait_ms));
    assert_int_equal(wait_ms, INT64_MAX);
    close_worker(&f);
}

static void transaction_with_many_changed_cards__is_committed_early(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){.commit_interval_ms = 100000});
    f.settings.dirty_max_count = 50;
    fake_cluster_knobs(f.cluster)->batch_max = 10;
    fixture_start(&f, 0);
    for (int i = 0; i < 500; i++) {
        char card[32];
        snprintf(card, sizeof(card), "card-%d", i);
        fixture_purchase(&f, card, 1700000000000);
    }
    while (fake_group_committed(f.cluster, "cardwatch", 0) < 500 &&
           fake_clock_ms(f.cluster) < 50000)
        assert_int_equal(fixture_step(&f), STATUS_OK);
    assert_int_equal(fake_group_committed(f.cluster, "cardwatch", 0), 500);
    assert_in_range(f.processes[0].worker->counters.commits, 10, 10);
    stream_fixture_close(&f);
}

static const char *card_of_partition(int32_t partition, char card[32])
{
    for (int i = 0;; i++) {
        snprintf(card, 32, "card-%d", i);
        if (murmur2_partition(view_text(card), 2) == partition)
            return card;
    }
}

static void alert__takes_along_its_own_partition_alone(void **state)
{
    (void)state;
    struct stream_fixture f;
    char card[32];
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 2, .commit_interval_ms = 5000});
    fixture_start(&f, 0);
    fixture_purchase(&f, card_of_partition(0, card), 1700000000000);
    for (int i = 0; i < 3; i++)
        fixture_purchase(&f, card_of_partition(1, card), 1700000000000 + i);
    const struct worker *worker = f.processes[0].worker;
    while (worker->counters.commits == 0)
        assert_int_equal(fixture_step(&f), STATUS_OK);
    assert_int_equal(fake_group_committed(f.cluster, "cardwatch", 0), -1);
    assert_int_equal(fake_group_committed(f.cluster, "cardwatch", 1), 3);
    fixture_expect_alerts(&f, false);
    assert_true(worker->open); // what was left out is due at the interval, come what may
    fixture_settle(&f);
    assert_int_equal(worker->counters.commits, 2);
    assert_in_range(fake_clock_ms(f.cluster) - worker->begun_ms, 5000, 5200);
    stream_fixture_close(&f);
}

// Two purchases in partition 0, and three, which raise an alert, in partition 1; a crash once
// something is committed, and a new start.
static void crash_behind_the_first_commit(struct stream_fixture *f)
{
    char card[32];
    fixture_start(f, 0);
    for (int i = 0; i < 2; i++)
        fixture_purchase(f, card_of_partition(0, card), 1700000000000 + i);
    for (int i = 0; i < 3; i++)
        fixture_purchase(f, card_of_partition(1, card), 1700000000000 + i);
    while (f->processes[0].worker->counters.commits == 0)
        assert_int_equal(fixture_step(f), STATUS_OK);
    fixture_crash(f, 0, false);
    fixture_start(f, 0);
}

static void purchase_left_out_of_a_commit__is_counted_after_a_crash(void **state)
{
    (void)state;
    struct stream_fixture f;
    char card[32];
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 2, .commit_interval_ms = 5000});
    crash_behind_the_first_commit(&f);
    fixture_purchase(&f, card_of_partition(0, card), 1700000000002);
    fixture_settle(&f);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void masked_purchases__are_committed_with_their_offsets(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 2, .commit_interval_ms = 5000});
    f.settings.mask_purchases = true;
    crash_behind_the_first_commit(&f);
    fixture_settle(&f);
    struct fake_records records = fake_read(f.cluster, "masked-purchases");
    assert_int_equal(records.count, 5);
    fake_records_release(&records);
    stream_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quiet_transaction__waits_for_the_interval),
        cmocka_unit_test(alert__is_committed_at_once_but_not_in_a_backlog),
        cmocka_unit_test(alert__takes_along_its_own_partition_alone),
        cmocka_unit_test(purchase_left_out_of_a_commit__is_counted_after_a_crash),
        cmocka_unit_test(masked_purchases__are_committed_with_their_offsets),
        cmocka_unit_test(nothing_open__is_never_due),
        cmocka_unit_test(transaction_with_many_changed_cards__is_committed_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
