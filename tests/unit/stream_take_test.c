// SPDX-License-Identifier: Apache-2.0
// Taking a partition: which state is believed, which is refused, and who is waited for.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/stream_fixture.h"

static const char changelog[] = "cardwatch-windows-changelog";

static void live_a_little(struct stream_fixture *f, size_t index, uint64_t seed)
{
    struct random random;
    random_seed(&random, seed);
    if (f->processes[index].worker == NULL)
        fixture_start(f, index);
    fixture_purchases(f, 300, 20, &random);
    fixture_settle(f);
}

// Steps until a worker leaves; the sentence is in f->err.
static void run_until_refused(struct stream_fixture *f)
{
    for (int i = 0; i < 2000; i++)
        if (fixture_step(f) != STATUS_OK)
            return;
    fail_msg("the worker goes on");
}

static void commits_behind_a_dead_transaction__are_not_missed(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    live_a_little(&f, 0, 1);
    // A stranger's open transaction in the changelog: what is committed behind it lies past the
    // last stable offset.
    const struct fake_input blocker = {
        .topic = changelog, .key = view_text("meta"), .value = view_text("never seen")};
    (void)fake_foreign_produce(f.cluster, "zombie", &blocker);
    live_a_little(&f, 0, 2);
    fixture_crash(&f, 0, true);
    fixture_start(&f, 0);
    int64_t began_ms = fake_clock_ms(f.cluster);
    struct random random;
    random_seed(&random, 3);
    fixture_purchases(&f, 300, 20, &random);
    while (fake_clock_ms(f.cluster) < began_ms + 30000) {
        assert_int_equal(fixture_step(&f), STATUS_OK);
        assert_int_not_equal(f.processes[0].worker->tasks[0] != NULL &&
                                 f.processes[0].worker->tasks[0]->state == TASK_RUNNING,
                             1);
    }
    fake_foreign_end(f.cluster, "zombie", false);
    fixture_settle(&f);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void dead_owners_transaction__is_fenced_and_not_waited_for(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    fake_cluster_knobs(f.cluster)->transaction_timeout_ms = 60000;
    live_a_little(&f, 0, 1);
    // Process 0 dies in the middle of a commit: records written, outcome open.
    fake_fault_add(f.cluster, (struct fake_fault){.op = FAKE_COMMIT,
                                                  .countdown = 1,
                                                  .status = STATUS_FATAL,
                                                  .fate = FATE_NOTHING,
                                                  .crash = true});
    struct random random;
    random_seed(&random, 2);
    fixture_purchases(&f, 100, 20, &random);
    run_until_refused(&f);
    fixture_start(&f, 1); // another machine takes over, without any state
    int64_t began_ms = fake_clock_ms(f.cluster);
    fixture_settle(&f);
    // The session time-out (10 s) and the fence (2 s), not the transaction's minute.
    assert_in_range(fake_clock_ms(f.cluster) - began_ms, 0, 30000);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void dead_owners_pending_offsets__are_fenced_by_a_machine_without_a_store(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    fake_cluster_knobs(f.cluster)->transaction_timeout_ms = 60000;
    live_a_little(&f, 0, 1);
    // It dies between the offsets and the end: the group does not tell what it has committed, and
    // only the changelog says whose transaction that is.
    fake_fault_add(f.cluster, (struct fake_fault){.op = FAKE_COMMIT,
                                                  .countdown = 1,
                                                  .status = STATUS_FATAL,
                                                  .fate = FATE_HALF,
                                                  .crash = true});
    struct random random;
    random_seed(&random, 2);
    fixture_purchases(&f, 100, 20, &random);
    run_until_refused(&f);
    fixture_start(&f, 1);
    int64_t began_ms = fake_clock_ms(f.cluster);
    fixture_settle(&f);
    assert_in_range(fake_clock_ms(f.cluster) - began_ms, 0, 30000);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void reset_group_offsets__are_refused(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    live_a_little(&f, 0, 1);
    fixture_stop(&f, 0);
    fake_group_commit(f.cluster, "cardwatch", 0, 5);
    fixture_start(&f, 0);
    run_until_refused(&f);
    assert_non_null(strstr(f.err.text, "has committed 5"));
    // Put right, it goes on as if nothing had been.
    const struct fake_log *log = fake_topic_log(f.cluster, "purchases", 0);
    fake_group_commit(f.cluster, "cardwatch", 0, log->high);
    live_a_little(&f, 0, 2);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void expired_group_offsets__go_on_at_the_states(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    live_a_little(&f, 0, 1);
    fixture_stop(&f, 0);
    fake_group_commit(f.cluster, "cardwatch", 0, -1);
    live_a_little(&f, 0, 2);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void changed_rule__is_refused_and_state_untouched(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    live_a_little(&f, 0, 1);
    fixture_stop(&f, 0);
    f.settings.fingerprint[0] ^= 1;
    fixture_start(&f, 0);
    run_until_refused(&f);
    assert_non_null(strstr(f.err.text, "other rules"));
    f.settings.fingerprint[0] ^= 1;
    live_a_little(&f, 0, 2);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void recreated_changelog__is_never_mixed_with_the_old_store(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    live_a_little(&f, 0, 1);
    fixture_stop(&f, 0);
    fake_topic_delete(f.cluster, changelog);
    fake_topic_create(f.cluster, changelog, 1);
    fixture_start(&f, 0);
    run_until_refused(&f); // the group's offset has lost its state
    assert_non_null(strstr(f.err.text, "holds no state"));
    stream_fixture_close(&f);
}

static void recreated_input__is_refused(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    live_a_little(&f, 0, 1);
    fixture_stop(&f, 0);
    fake_topic_delete(f.cluster, "purchases");
    fake_topic_create(f.cluster, "purchases", 1);
    fixture_start(&f, 0);
    run_until_refused(&f);
    assert_non_null(strstr(f.err.text, "made anew"));
    stream_fixture_close(&f);
}

static void purchases_deleted_unread__are_counted(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    live_a_little(&f, 0, 1);
    fixture_stop(&f, 0);
    const struct fake_log *log = fake_topic_log(f.cluster, "purchases", 0);
    int64_t committed = log->high;
    struct random random;
    random_seed(&random, 2);
    fixture_purchases(&f, 100, 20, &random);
    fake_topic_truncate(f.cluster, "purchases", 0, committed + 7);
    fixture_start(&f, 0);
    fixture_settle(&f);
    assert_int_equal(f.processes[0].worker->counters.purchases_lost, 7);
    stream_fixture_close(&f);
}

static void compacted_changelog__restores_the_same_state(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    for (uint64_t seed = 1; seed < 8; seed++) {
        live_a_little(&f, 0, seed);
        fixture_crash(&f, 0, seed % 2 == 0);
        fake_compact(f.cluster, changelog, 0, seed % 3 == 0);
    }
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void stale_checkpoint__of_a_machine_that_was_away_catches_up(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    live_a_little(&f, 0, 1);
    fixture_stop(&f, 0);
    fake_clock_advance(f.cluster, 20000);
    live_a_little(&f, 1, 2); // process 1 has it for a while
    fixture_stop(&f, 1);
    fake_clock_advance(f.cluster, 20000);
    live_a_little(&f, 0, 3); // and back
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

static void missing_schema__stalls_only_its_partition_and_loses_nothing(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 2});
    fixture_start(&f, 0);
    const uint8_t frame[] = {0, 0, 0, 0, FIXTURE_LATE_SCHEMA_ID, 0x7f};
    const struct fake_input input = {
        .topic = "purchases", .partition = 0, .value = {frame, sizeof(frame)}, .timestamp_ms = 1};
    int64_t stalled_at = fake_produce(f.cluster, &input);
    struct random random;
    random_seed(&random, 1);
    fixture_purchases(&f, 500, 20, &random);
    for (int i = 0; i < 500; i++)
        assert_int_equal(fixture_step(&f), STATUS_OK);
    assert_int_equal(f.processes[0].worker->tasks[0]->state, TASK_STALLED);
    assert_true(fake_group_committed(f.cluster, "cardwatch", 0) <= stalled_at);
    assert_int_equal(fake_group_committed(f.cluster, "cardwatch", 1),
                     fake_topic_log(f.cluster, "purchases", 1)->high);
    f.late_schema = REGISTRY_READY; // the message itself is damaged: a dead letter
    fixture_settle(&f);
    fixture_expect_alerts(&f, false);
    struct fake_records dead = fake_read(f.cluster, "dead-letters");
    assert_int_equal(dead.count, 1);
    fake_records_release(&dead);
    stream_fixture_close(&f);
}

static void stream_time__survives_a_restart(void **state)
{
    (void)state;
    struct stream_fixture f;
    stream_fixture_open(&f, &(struct fixture_options){0});
    fixture_start(&f, 0);
    fixture_purchase(&f, "ahead", 1700000000000);
    fixture_settle(&f);
    for (int lose_state = 0; lose_state < 2; lose_state++) {
        fixture_crash(&f, 0, lose_state == 1);
        fixture_start(&f, 0);
        for (int i = 0; i < 3; i++) // a burst, but of a time that is over
            fixture_purchase(&f, "late", 1700000000000 - 70000);
        fixture_settle(&f);
        assert_int_equal(f.processes[0].worker->counters.purchases_late[0], 3);
    }
    assert_int_equal(f.expected_count, 0);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

// A card record of an incarnation that is not the state's, with two purchases at `event_ms`.
static void write_foreign_card(struct stream_fixture *f, const char *card_text, int64_t event_ms)
{
    struct token token;
    struct card card;
    struct buffer value;
    uint8_t key[CHANGELOG_KEY_BYTES];
    token_of(f->settings.token_key, view_text(card_text), &token);
    changelog_key_encode(0xdead, &token, key);
    card_init(&card);
    for (size_t i = 0; i < 2; i++)
        card_insert_event(&card, i)->time_ms = event_ms;
    buffer_init(&value, 1000);
    assert_true(card_encode(&card, &value));
    const struct fake_input input = {
        .topic = changelog, .key = {key, sizeof(key)}, .value = buffer_view(&value)};
    (void)fake_produce(f->cluster, &input);
    buffer_release(&value);
    card_release(&card);
}

static void records_of_another_incarnation__are_no_part_of_the_state(void **state)
{
    (void)state;
    for (int lose_state = 0; lose_state < 2; lose_state++) {
        struct stream_fixture f;
        stream_fixture_open(&f, &(struct fixture_options){0});
        write_foreign_card(&f, "victim", 1700000000000); // in front of the state's own records
        fixture_start(&f, 0);
        fixture_purchase(&f, "other", 1700000000000);
        fixture_settle(&f);
        write_foreign_card(&f, "victim", 1700000000000); // and behind them
        fixture_crash(&f, 0, lose_state == 1);
        fixture_start(&f, 0);
        fixture_purchase(&f, "victim", 1700000000001);
        fixture_settle(&f);
        assert_int_equal(f.expected_count, 0);
        fixture_expect_alerts(&f, false);
        stream_fixture_close(&f);
    }
}

// Deletes what the service wrote, as an operator does who starts over.
static void start_over(struct stream_fixture *f)
{
    static const char *const topics[] = {"cardwatch-windows-changelog", "alerts-avro",
                                         "alerts-json"};
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
        fake_topic_delete(f->cluster, topics[i]);
        fake_topic_create(f->cluster, topics[i], f->partitions);
    }
    fake_group_commit(f->cluster, "cardwatch", 0, -1);
}

static int64_t changelog_end(struct stream_fixture *f)
{
    return fake_topic_log(f->cluster, "cardwatch-windows-changelog", 0)->high;
}

static void checkpoint__of_a_deleted_changelog_is_dropped(void **state)
{
    (void)state;
    struct stream_fixture f;
    struct random random;
    random_seed(&random, 1);
    stream_fixture_open(&f, &(struct fixture_options){.partitions = 1});
    fixture_purchases(&f, 200, 20, &random);
    fixture_start(&f, 0);
    fixture_settle(&f);
    fixture_stop(&f, 0);
    int64_t end = changelog_end(&f);
    start_over(&f);
    fixture_start(&f, 1);
    fixture_settle(&f);
    assert_int_equal(changelog_end(&f), end); // the new log looks like the old one
    fixture_stop(&f, 1);
    fixture_start(&f, 0); // with a checkpoint of the old one
    fixture_purchases(&f, 5, 20, &random);
    fixture_settle(&f);
    fixture_crash(&f, 0, true);
    fixture_start(&f, 0); // from the changelog alone
    fixture_purchases(&f, 200, 20, &random);
    fixture_settle(&f);
    fixture_expect_alerts(&f, false);
    stream_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commits_behind_a_dead_transaction__are_not_missed),
        cmocka_unit_test(dead_owners_transaction__is_fenced_and_not_waited_for),
        cmocka_unit_test(dead_owners_pending_offsets__are_fenced_by_a_machine_without_a_store),
        cmocka_unit_test(reset_group_offsets__are_refused),
        cmocka_unit_test(expired_group_offsets__go_on_at_the_states),
        cmocka_unit_test(changed_rule__is_refused_and_state_untouched),
        cmocka_unit_test(recreated_changelog__is_never_mixed_with_the_old_store),
        cmocka_unit_test(recreated_input__is_refused),
        cmocka_unit_test(purchases_deleted_unread__are_counted),
        cmocka_unit_test(compacted_changelog__restores_the_same_state),
        cmocka_unit_test(stale_checkpoint__of_a_machine_that_was_away_catches_up),
        cmocka_unit_test(stream_time__survives_a_restart),
        cmocka_unit_test(records_of_another_incarnation__are_no_part_of_the_state),
        cmocka_unit_test(checkpoint__of_a_deleted_changelog_is_dropped),
        cmocka_unit_test(missing_schema__stalls_only_its_partition_and_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
