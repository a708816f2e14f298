// SPDX-License-Identifier: Apache-2.0
// The runtime as a whole, in the good days and in the ordinary bad ones.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "lib/stream_fixture.h"

static const int64_t base_ms = 1700000000000;

static void three_purchases_in_a_minute__raise_one_alert(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    fixture_start(&f, 0);
    fixture_purchase(&f, "1111-2222-3333-4444", base_ms);
    fixture_purchase(&f, "1111-2222-3333-4444", base_ms + 30000);
    fixture_purchase(&f, "5555-2222-3333-4444", base_ms + 30000);
    fixture_purchase(&f, "1111-2222-3333-4444", base_ms + 59999);
    fixture_purchase(&f, "1111-2222-3333-4444", base_ms + 59999);
    fixture_settle(&f);
    assert_int_equal(f.expected_count, 1);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void alert__is_committed_long_before_the_commit_interval(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){.commit_interval_ms = 10000});
    fixture_start(&f, 0);
    fixture_purchase(&f, "4444", base_ms);
    fixture_purchase(&f, "4444", base_ms + 1);
    // Without an alert the transaction waits: long enough to be sure that it is not committed yet.
    while (fake_clock_ms(f.cluster) < 5000)
        assert_int_equal(fixture_step(&f), STATUS_OK);
    assert_false(fixture_is_settled(&f));
    fixture_purchase(&f, "4444", base_ms + 2);
    while (!fixture_is_settled(&f) && fake_clock_ms(f.cluster) < 5500)
        assert_int_equal(fixture_step(&f), STATUS_OK);
    assert_true(fixture_is_settled(&f));
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void many_purchases__give_the_oracles_alerts(const struct fixture_options *options,
                                                    size_t count)
{
    struct stream_fixture f;
    struct random random;
    random_seed(&random, 42);
    stream_fixture_open(&f, options);
    fixture_start(&f, 0);
    for (int i = 0; i < 10; i++) {
        fixture_purchases(&f, count / 10, 200, &random);
        fixture_settle(&f);
    }
    assert_true(f.expected_count > count / 50);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void sliding_rule__gives_the_oracles_alerts(void **state)
{
    (void)state;
    many_purchases__give_the_oracles_alerts(&(struct fixture_options){.partitions = 4}, 20000);
}

static void tumbling_rule__gives_the_oracles_alerts(void **state)
{
    (void)state;
    many_purchases__give_the_oracles_alerts(
        &(struct fixture_options){.partitions = 4, .tumbling = true}, 20000);
}

static void at_least_once__without_failures_gives_each_alert_once(void **state)
{
    (void)state;
    many_purchases__give_the_oracles_alerts(
        &(struct fixture_options){.partitions = 4, .at_least_once = true}, 20000);
}

static void small_cache__evicts_and_reads_back_from_the_store(void **state)
{
    (void)state;
    many_purchases__give_the_oracles_alerts(&(struct fixture_options){.partitions = 2,
                                                                      .cache_bytes = 16 * 1024,
                                                                      .staged_max_bytes = 1024},
                                            20000);
}

static void restart_after_stop__restores_nothing(void **state)
{
    (void)state;
    struct stream_fixture f;
    struct random random;
    random_seed(&random, 1);
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 2});
    fixture_start(&f, 0);
    fixture_purchases(&f, 3000, 100, &random);
    fixture_settle(&f);
    fixture_stop(&f, 0);
    fixture_start(&f, 0);
    fixture_purchases(&f, 3000, 100, &random);
    fixture_settle(&f);
    assert_int_equal(fixture_counters(&f, 0).restore_records, 0);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void stop_in_the_middle__loses_and_repeats_nothing(void **state)
{
    (void)state;
    struct stream_fixture f;
    struct random random;
    random_seed(&random, 2);
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 2});
    fixture_purchases(&f, 6000, 100, &random);
    fixture_start(&f, 0);
    for (int stops = 0; stops < 5; stops++) {
        for (int steps = 0; steps < 4; steps++)
            assert_int_equal(fixture_step(&f), STATUS_OK);
        fixture_stop(&f, 0);
        fixture_start(&f, 0);
    }
    fixture_settle(&f);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void crash__restores_the_tail_alone(void **state)
{
    (void)state;
    struct stream_fixture f;
    struct random random;
    random_seed(&random, 3);
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 1});
    fixture_start(&f, 0);
    for (int i = 0; i < 40; i++) {
        fixture_purchases(&f, 500, 5000, &random);
        fixture_settle(&f);
        fake_clock_advance(f.cluster, 100);
    }
    uint64_t records = f.processes[0].worker->counters.changelog_records;
    fixture_crash(&f, 0, false);
    fixture_start(&f, 0);
    fixture_purchases(&f, 500, 5000, &random);
    fixture_settle(&f);
    uint64_t restored = fixture_counters(&f, 0).restore_records;
    assert_true(restored > 0 && restored < records / 2);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void lost_state_directory__is_restored_from_the_changelog(void **state)
{
    (void)state;
    struct stream_fixture f;
    struct random random;
    random_seed(&random, 4);
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 2});
    fixture_start(&f, 0);
    fixture_purchases(&f, 3000, 100, &random);
    fixture_settle(&f);
    fixture_crash(&f, 0, true);
    fake_compact(f.cluster, "cardwatch-windows-changelog", 0, false);
    fixture_start(&f, 0);
    fixture_purchases(&f, 3000, 100, &random);
    fixture_settle(&f);
    assert_true(fixture_counters(&f, 0).restore_records > 0);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void expired_cards__are_swept_away(size_t cache_bytes)
{
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){.cache_bytes = cache_bytes});
    fixture_start(&f, 0);
    for (int i = 0; i < 20000; i++) {
        char card[32];
        snprintf(card, sizeof(card), "card-%05d", i);
        fixture_purchase(&f, card, base_ms + i * 1000);
        if (i % 50 == 0) {
            fixture_settle(&f);
            fake_clock_advance(f.cluster, 500);
        }
    }
    fixture_settle(&f);
    fixture_stop(&f, 0);
    fixture_start(&f, 0);
    fixture_purchase(&f, "last", base_ms + 20000 * 1000);
    fixture_settle(&f);
    // 1920 s of purchases, one a second, may stay, and as many again; all else must be gone, but
    // for what is on its way.
    struct store *store = f.processes[0].worker->tasks[0]->store;
    assert_in_range(store->ops->card_count(store), 1, 2 * 1920 + 1000);
    assert_in_range(fixture_counters(&f, 0).swept_cards, 12000, 20000);
    fake_compact(f.cluster, "cardwatch-windows-changelog", 0, true);
    struct fake_records records = fake_read(f.cluster, "cardwatch-windows-changelog");
    assert_in_range(records.count, 1, 2 * 1920 + 1000);
    fake_records_release(&records);
    stream_fixture_close(&f);
}

static void expired_cards_in_memory__are_swept_away(void **state)
{
    (void)state;
    expired_cards__are_swept_away(0);
}

static void expired_cards_in_the_store_alone__are_swept_away(void **state)
{
    (void)state;
    expired_cards__are_swept_away(16 * 1024);
}

// One purchase a minute: too few commits to look at all cards in passing.
static void expired_cards__are_swept_away_in_quiet_traffic(void **state)
{
    (void)state;
    enum { CARDS = 6000, MINUTES = 40 };
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    fixture_start(&f, 0);
    for (int i = 0; i < CARDS; i++) {
        char card[32];
        snprintf(card, sizeof(card), "card-%05d", i);
        fixture_purchase(&f, card, base_ms);
    }
    fixture_settle(&f);
    struct store *store = f.processes[0].worker->tasks[0]->store;
    for (int minute = 0; minute < MINUTES; minute++) {
        fixture_purchase(&f, "quiet", base_ms + 10000000 + minute * 60000);
        for (int i = 0; i < 12; i++) {
            fake_clock_advance(f.cluster, 5000);
            fixture_settle(&f);
        }
        if (minute == 5)
            assert_in_range(store->ops->card_count(store), CARDS / 2, CARDS + 1);
    }
    assert_in_range(store->ops->card_count(store), 1, CARDS / 100);
    stream_fixture_close(&f);
}

static void two_processes__share_the_partitions(void **state)
{
    (void)state;
    struct stream_fixture f;
    struct random random;
    random_seed(&random, 5);
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 4});
    fixture_start(&f, 0);
    fixture_start(&f, 1);
    fixture_purchases(&f, 4000, 100, &random);
    fixture_settle(&f);
    assert_true(fixture_counters(&f, 0).commits > 0 && fixture_counters(&f, 1).commits > 0);
    fixture_start(&f, 2); // joins
    fixture_purchases(&f, 4000, 100, &random);
    fixture_settle(&f);
    fixture_crash(&f, 1, true); // and one goes for good
    fixture_purchases(&f, 4000, 100, &random);
    fixture_settle(&f);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void dynamic_membership__moves_partitions_too(void **state)
{
    (void)state;
    struct stream_fixture f;
    struct random random;
    random_seed(&random, 6);
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 4, .dynamic_membership = true});
    fixture_start(&f, 0);
    fixture_purchases(&f, 2000, 100, &random);
    fixture_start(&f, 1);
    fixture_settle(&f);
    fixture_stop(&f, 0);
    fixture_purchases(&f, 2000, 100, &random);
    fixture_settle(&f);
    fixture_start(&f, 0);
    fixture_purchases(&f, 2000, 100, &random);
    fixture_settle(&f);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

struct slow_cluster {
    struct fake_cluster *cluster;
    int questions;
};

static bool answer_slowly(void *context, struct broker *broker, enum fake_op op,
                          struct fake_fault *fault)
{
    (void)broker;
    (void)fault;
    struct slow_cluster *slow = context;
    if (op != FAKE_INPUT_WATERMARKS)
        return false;
    slow->questions++;
    fake_clock_advance(slow->cluster, 300);
    return false;
}

static void partitions__are_taken_over_several_turns_when_answers_are_slow(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 4});
    struct slow_cluster slow = {.cluster = f.cluster};
    fake_direct(f.cluster, &(struct fake_director){.before = answer_slowly, .context = &slow});
    fixture_start(&f, 0);
    for (int turn = 0; slow.questions < 4; turn++) {
        int before = slow.questions;
        assert_int_equal(fixture_step(&f), STATUS_OK);
        assert_in_range(slow.questions - before, 0, 1);
        assert_true(turn < 1000);
    }
    fake_direct(f.cluster, &(struct fake_director){0});
    fixture_purchase(&f, "4444", base_ms);
    fixture_settle(&f);
    stream_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_purchases_in_a_minute__raise_one_alert),
        cmocka_unit_test(alert__is_committed_long_before_the_commit_interval),
        cmocka_unit_test(sliding_rule__gives_the_oracles_alerts),
        cmocka_unit_test(tumbling_rule__gives_the_oracles_alerts),
        cmocka_unit_test(at_least_once__without_failures_gives_each_alert_once),
        cmocka_unit_test(small_cache__evicts_and_reads_back_from_the_store),
        cmocka_unit_test(restart_after_stop__restores_nothing),
        cmocka_unit_test(stop_in_the_middle__loses_and_repeats_nothing),
        cmocka_unit_test(crash__restores_the_tail_alone),
        cmocka_unit_test(lost_state_directory__is_restored_from_the_changelog),
        cmocka_unit_test(expired_cards_in_memory__are_swept_away),
        cmocka_unit_test(expired_cards_in_the_store_alone__are_swept_away),
        cmocka_unit_test(expired_cards__are_swept_away_in_quiet_traffic),
        cmocka_unit_test(two_processes__share_the_partitions),
        cmocka_unit_test(dynamic_membership__moves_partitions_too),
        cmocka_unit_test(partitions__are_taken_over_several_turns_when_answers_are_slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
