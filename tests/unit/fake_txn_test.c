// SPDX-License-Identifier: Apache-2.0
// The fake broker's transactions, seen through the port.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/fake_rig.h"

static struct fake_rig rig;

static int open_rig(void **state)
{
    (void)state;
    fake_rig_open(&rig, 1);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    fake_rig_close(&rig);
    return 0;
}

static struct broker *worker_with_partition(const char *name)
{
    struct broker *broker = fake_rig_static(&rig, name);
    fake_rig_take(broker);
    return broker;
}

static void begin(struct broker *broker)
{
    struct error err;
    assert_int_equal(broker->ops->begin(broker, &err), STATUS_OK);
}

static void abort_it(struct broker *broker, enum status expected)
{
    struct error err;
    assert_int_equal(broker->ops->abort(broker, &err), expected);
}

static void reset(struct broker *broker, enum status expected)
{
    struct error err;
    assert_int_equal(broker->ops->reset(broker, &err), expected);
}

static void assert_alerts(const char *expected)
{
    char text[256];
    assert_string_equal(fake_rig_values(&rig, "alerts-avro", text), expected);
}

static void assert_committed(struct broker *broker, int64_t expected)
{
    int64_t offset = -2;
    assert_int_equal(fake_rig_committed(broker, 0, &offset), STATUS_OK);
    assert_int_equal(offset, expected);
}

static void txn__a_commit_shows_records_and_offsets_together(void **state)
{
    (void)state;
    struct broker *broker = worker_with_partition("w");
    assert_committed(broker, -1);
    begin(broker);
    assert_int_equal(fake_rig_alert(broker, "k", "a"), STATUS_OK);
    assert_int_equal(fake_rig_card(broker, 0, "k", "v"), STATUS_OK);
    assert_alerts("");
    assert_int_equal(fake_rig_commit(broker, 0, 7), STATUS_OK);
    assert_alerts("a");
    assert_committed(broker, 7);
    // One data record and one marker in each partition.
    assert_int_equal(fake_topic_log(rig.cluster, "alerts-avro", 0)->high, 2);
    assert_int_equal(fake_topic_log(rig.cluster, "changelog", 0)->high, 2);
    assert_int_equal(broker->ops->changelog_delivered(broker, 0), 1);
}

static void txn__an_abort_leaves_nothing_but_offsets_used_up(void **state)
{
    (void)state;
    struct broker *broker = worker_with_partition("w");
    begin(broker);
    assert_int_equal(fake_rig_alert(broker, "k", "a"), STATUS_OK);
    abort_it(broker, STATUS_OK);
    begin(broker);
    assert_int_equal(fake_rig_alert(broker, "k", "b"), STATUS_OK);
    assert_int_equal(fake_rig_commit(broker, 0, 1), STATUS_OK);
    assert_alerts("b");
    assert_int_equal(fake_topic_log(rig.cluster, "alerts-avro", 0)->high, 4);
}

static void txn__an_empty_transaction_commits(void **state)
{
    (void)state;
    struct error err;
    struct broker *broker = worker_with_partition("w");
    begin(broker);
    assert_int_equal(broker->ops->commit(broker, NULL, 0, &err), STATUS_OK);
    begin(broker);
    abort_it(broker, STATUS_OK);
}

static void txn__lingering_records_reach_the_log_at_commit(void **state)
{
    (void)state;
    fake_cluster_knobs(rig.cluster)->linger = true;
    struct broker *broker = worker_with_partition("w");
    begin(broker);
    assert_int_equal(fake_rig_alert(broker, "k", "a"), STATUS_OK);
    assert_int_equal(fake_rig_card(broker, 0, "k", "v"), STATUS_OK);
    assert_int_equal(fake_topic_log(rig.cluster, "alerts-avro", 0)->high, 0);
    assert_int_equal(broker->ops->changelog_delivered(broker, 0), -1);
    assert_int_equal(fake_rig_commit(broker, 0, 1), STATUS_OK);
    assert_alerts("a");
    assert_int_equal(broker->ops->changelog_delivered(broker, 0), 1);
}

static void txn__pending_offsets_are_waited_for(void **state)
{
    (void)state;
    int64_t offset;
    struct broker *broker = worker_with_partition("w");
    fake_foreign_offset(rig.cluster, "former", "cardwatch", 0, 5);
    assert_int_equal(fake_rig_committed(broker, 0, &offset), STATUS_RETRY);
    fake_foreign_end(rig.cluster, "former", true);
    assert_committed(broker, 5);
    fake_foreign_offset(rig.cluster, "former", "cardwatch", 0, 9);
    fake_foreign_end(rig.cluster, "former", false);
    assert_committed(broker, 5);
}

static void txn__a_restart_settles_its_own_open_transaction(void **state)
{
    (void)state;
    struct broker *old = worker_with_partition("w");
    begin(old);
    assert_int_equal(fake_rig_alert(old, "k", "lost"), STATUS_OK);
    fake_broker_crash(old);
    struct broker *new = worker_with_partition("w");
    begin(new);
    assert_int_equal(fake_rig_alert(new, "k", "kept"), STATUS_OK);
    assert_int_equal(fake_rig_commit(new, 0, 1), STATUS_OK);
    assert_alerts("kept");
}

static void txn__a_zombie_is_fenced_by_the_newer_epoch(void **state)
{
    (void)state;
    struct broker *zombie = worker_with_partition("w");
    begin(zombie);
    assert_int_equal(fake_rig_alert(zombie, "k", "a"), STATUS_OK);
    worker_with_partition("w");
    assert_int_equal(fake_rig_alert(zombie, "k", "b"), STATUS_RESET);
    assert_int_equal(fake_rig_commit(zombie, 0, 1), STATUS_RESET);
    abort_it(zombie, STATUS_RESET);
    assert_alerts("");
    assert_int_equal(fake_rig_poll_status(zombie), STATUS_FATAL);
}

static void txn__a_lingering_zombie_finds_out_at_commit(void **state)
{
    (void)state;
    fake_cluster_knobs(rig.cluster)->linger = true;
    struct broker *zombie = worker_with_partition("w");
    begin(zombie);
    assert_int_equal(fake_rig_alert(zombie, "k", "a"), STATUS_OK);
    worker_with_partition("w");
    assert_int_equal(fake_rig_commit(zombie, 0, 1), STATUS_RESET);
    assert_int_equal(fake_topic_log(rig.cluster, "alerts-avro", 0)->high, 0);
}

static void txn__fence_aborts_another_ones_transaction(void **state)
{
    (void)state;
    struct error err;
    struct broker *dead = worker_with_partition("a");
    struct broker *living = fake_rig_static(&rig, "b");
    begin(dead);
    assert_int_equal(fake_rig_card(dead, 0, "k", "v"), STATUS_OK);
    assert_int_equal(fake_topic_log(rig.cluster, "changelog", 0)->open_count, 1);
    assert_int_equal(living->ops->fence(living, "a", &err), STATUS_OK);
    assert_int_equal(fake_topic_log(rig.cluster, "changelog", 0)->open_count, 0);
    assert_int_equal(fake_rig_card(dead, 0, "k", "v"), STATUS_RESET);
}

static void txn__transactions_time_out(void **state)
{
    (void)state;
    struct broker *broker = worker_with_partition("w");
    fake_clock_advance(rig.cluster, 5000);
    begin(broker);
    assert_int_equal(fake_rig_alert(broker, "k", "a"), STATUS_OK);
    fake_clock_advance(rig.cluster, 9999);
    assert_int_equal(fake_topic_log(rig.cluster, "alerts-avro", 0)->open_count, 1);
    fake_clock_advance(rig.cluster, 1);
    assert_int_equal(fake_topic_log(rig.cluster, "alerts-avro", 0)->open_count, 0);
    assert_int_equal(fake_rig_commit(broker, 0, 1), STATUS_RESET);
    reset(broker, STATUS_OK);
    begin(broker);
    assert_int_equal(fake_rig_commit(broker, 0, 2), STATUS_OK);
    assert_committed(broker, 2);
    assert_alerts("");
}

static void txn__time_outs_happen_at_their_moment(void **state)
{
    (void)state;
    struct broker *broker = worker_with_partition("w");
    int64_t began_ms = broker->ops->wall_ms(broker);
    begin(broker);
    assert_int_equal(fake_rig_alert(broker, "k", "a"), STATUS_OK);
    fake_clock_advance(rig.cluster, 12345);
    struct fake_records records = fake_read_raw(rig.cluster, "alerts-avro");
    assert_int_equal(records.count, 2);
    assert_int_equal(records.items[1]->kind, FAKE_ABORT_MARKER);
    assert_int_equal(records.items[1]->timestamp_ms, began_ms + 10000);
    fake_records_release(&records);
}

static void txn__late_markers_delay_what_is_seen(void **state)
{
    (void)state;
    int64_t offset;
    fake_cluster_knobs(rig.cluster)->marker_delay_ms = 50;
    struct broker *broker = worker_with_partition("w");
    begin(broker);
    assert_int_equal(fake_rig_alert(broker, "k", "a"), STATUS_OK);
    assert_int_equal(fake_rig_commit(broker, 0, 3), STATUS_OK);
    assert_alerts("");
    assert_int_equal(fake_rig_committed(broker, 0, &offset), STATUS_RETRY);
    reset(broker, STATUS_RETRY);
    fake_clock_advance(rig.cluster, 50);
    assert_alerts("a");
    assert_committed(broker, 3);
    reset(broker, STATUS_OK);
}

static void txn__reset_forgets_deliveries(void **state)
{
    (void)state;
    struct broker *broker = worker_with_partition("w");
    begin(broker);
    assert_int_equal(fake_rig_card(broker, 0, "k", "v"), STATUS_OK);
    reset(broker, STATUS_OK);
    assert_int_equal(broker->ops->changelog_delivered(broker, 0), -1);
    assert_int_equal(fake_topic_log(rig.cluster, "changelog", 0)->open_count, 0);
}

static void txn__a_deleted_topic_does_not_block_the_transaction(void **state)
{
    (void)state;
    struct broker *broker = worker_with_partition("w");
    begin(broker);
    assert_int_equal(fake_rig_alert(broker, "k", "a"), STATUS_OK);
    fake_topic_delete(rig.cluster, "alerts-avro");
    fake_topic_create(rig.cluster, "alerts-avro", 1);
    assert_int_equal(fake_rig_commit(broker, 0, 1), STATUS_OK);
    assert_int_equal(fake_topic_log(rig.cluster, "alerts-avro", 0)->high, 0);
}

#define txn_test(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        txn_test(txn__a_commit_shows_records_and_offsets_together),
        txn_test(txn__an_abort_leaves_nothing_but_offsets_used_up),
        txn_test(txn__an_empty_transaction_commits),
        txn_test(txn__lingering_records_reach_the_log_at_commit),
        txn_test(txn__pending_offsets_are_waited_for),
        txn_test(txn__a_restart_settles_its_own_open_transaction),
        txn_test(txn__a_zombie_is_fenced_by_the_newer_epoch),
        txn_test(txn__a_lingering_zombie_finds_out_at_commit),
        txn_test(txn__fence_aborts_another_ones_transaction),
        txn_test(txn__transactions_time_out),
        txn_test(txn__time_outs_happen_at_their_moment),
        txn_test(txn__late_markers_delay_what_is_seen),
        txn_test(txn__reset_forgets_deliveries),
        txn_test(txn__a_deleted_topic_does_not_block_the_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
