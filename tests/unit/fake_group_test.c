// SPDX-License-Identifier: Apache-2.0
// The fake broker's consumer groups, seen through the port.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/fake_rig.h"

static struct fake_rig rig;

static int open_rig(void **state)
{
    (void)state;
    fake_rig_open(&rig, 4);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    fake_rig_close(&rig);
    return 0;
}

static void assert_assigned(struct batch batch, const char *expected)
{
    char text[64];
    size_t size = 0;
    text[0] = '\0';
    for (size_t i = 0; i < batch.partition_count; i++)
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%d", (int)batch.partitions[i]);
    assert_string_equal(text, expected);
}

static void close_it(struct broker *broker)
{
    broker->ops->close(broker);
}

static void begin(struct broker *broker)
{
    struct error err;
    assert_int_equal(broker->ops->begin(broker, &err), STATUS_OK);
}

// Two static members that have shared the partitions: a has 0 and 1, b has 2 and 3.
static void two_members(struct broker *pair[2])
{
    pair[0] = fake_rig_static(&rig, "a");
    pair[1] = fake_rig_static(&rig, "b");
    fake_rig_accept(pair[0], EVENT_ASSIGNED);
    fake_rig_poll(pair[1], EVENT_NONE);
    fake_rig_accept(pair[0], EVENT_REVOKED);
    fake_rig_accept(pair[0], EVENT_ASSIGNED);
    fake_rig_accept(pair[1], EVENT_ASSIGNED);
}

static void group__the_first_member_gets_everything(void **state)
{
    (void)state;
    struct broker *broker = fake_rig_static(&rig, "a");
    assert_assigned(fake_rig_poll(broker, EVENT_ASSIGNED), "0123");
    assert_assigned(fake_rig_accept(broker, EVENT_ASSIGNED), "0123");
    fake_rig_poll(broker, EVENT_NONE);
}

static void group__a_second_member_takes_its_range_after_the_first_let_go(void **state)
{
    (void)state;
    struct broker *b = fake_rig_static(&rig, "b");
    assert_assigned(fake_rig_accept(b, EVENT_ASSIGNED), "0123");
    struct broker *a = fake_rig_static(&rig, "a");
    fake_rig_poll(a, EVENT_NONE);
    fake_rig_poll(b, EVENT_REVOKED);
    fake_rig_poll(a, EVENT_NONE);
    fake_rig_accept(b, EVENT_REVOKED);
    // Ranges go by the members' names, not by who came first.
    assert_assigned(fake_rig_accept(a, EVENT_ASSIGNED), "01");
    assert_assigned(fake_rig_accept(b, EVENT_ASSIGNED), "23");
    assert_int_equal(fake_group_generation(rig.cluster, "cardwatch"), 2);
}

static void group__the_first_ranges_are_one_larger(void **state)
{
    (void)state;
    struct broker *pair[2];
    two_members(pair);
    struct broker *c = fake_rig_static(&rig, "c");
    fake_rig_poll(c, EVENT_NONE);
    fake_rig_accept(pair[0], EVENT_REVOKED);
    fake_rig_accept(pair[1], EVENT_REVOKED);
    assert_assigned(fake_rig_accept(pair[0], EVENT_ASSIGNED), "01");
    assert_assigned(fake_rig_accept(pair[1], EVENT_ASSIGNED), "2");
    assert_assigned(fake_rig_accept(c, EVENT_ASSIGNED), "3");
}

static void group__more_members_than_partitions_leave_some_with_none(void **state)
{
    (void)state;
    struct broker *members[5];
    const char *names[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < 5; i++)
        members[i] = fake_rig_static(&rig, names[i]);
    fake_rig_accept(members[0], EVENT_ASSIGNED);
    for (size_t i = 1; i < 5; i++)
        fake_rig_poll(members[i], EVENT_NONE);
    fake_rig_accept(members[0], EVENT_REVOKED);
    assert_assigned(fake_rig_accept(members[0], EVENT_ASSIGNED), "0");
    assert_assigned(fake_rig_accept(members[4], EVENT_ASSIGNED), "");
    fake_rig_poll(members[4], EVENT_NONE);
}

static void group__a_restart_in_time_keeps_the_assignment(void **state)
{
    (void)state;
    struct broker *pair[2];
    two_members(pair);
    fake_broker_crash(pair[0]);
    fake_clock_advance(rig.cluster, 9000);
    fake_rig_poll(pair[1], EVENT_NONE);
    struct broker *again = fake_rig_static(&rig, "a");
    assert_assigned(fake_rig_accept(again, EVENT_ASSIGNED), "01");
    fake_rig_poll(pair[1], EVENT_NONE);
    fake_clock_advance(rig.cluster, 20000);
    fake_rig_poll(pair[1], EVENT_NONE);
    assert_int_equal(fake_group_generation(rig.cluster, "cardwatch"), 2);
}

static void group__a_closed_static_member_stays_known_for_the_session(void **state)
{
    (void)state;
    struct broker *pair[2];
    two_members(pair);
    close_it(pair[0]);
    fake_clock_advance(rig.cluster, 9999);
    fake_rig_poll(pair[1], EVENT_NONE);
    fake_clock_advance(rig.cluster, 1);
    fake_rig_accept(pair[1], EVENT_REVOKED);
    assert_assigned(fake_rig_accept(pair[1], EVENT_ASSIGNED), "0123");
}

static void group__a_closed_dynamic_member_leaves_at_once(void **state)
{
    (void)state;
    struct broker *a = fake_rig_dynamic(&rig, "a");
    struct broker *b = fake_rig_dynamic(&rig, "b");
    fake_rig_accept(a, EVENT_ASSIGNED);
    fake_rig_poll(b, EVENT_NONE);
    fake_rig_accept(a, EVENT_REVOKED);
    assert_assigned(fake_rig_accept(b, EVENT_ASSIGNED), "23");
    close_it(a);
    fake_rig_accept(b, EVENT_REVOKED);
    assert_assigned(fake_rig_accept(b, EVENT_ASSIGNED), "0123");
}

static void group__a_crashed_dynamic_member_holds_up_its_successor(void **state)
{
    (void)state;
    struct broker *a = fake_rig_dynamic(&rig, "a");
    fake_rig_accept(a, EVENT_ASSIGNED);
    fake_broker_crash(a);
    struct broker *b = fake_rig_dynamic(&rig, "a");
    fake_rig_poll(b, EVENT_NONE);
    fake_clock_advance(rig.cluster, 9999);
    fake_rig_poll(b, EVENT_NONE);
    fake_clock_advance(rig.cluster, 1);
    assert_assigned(fake_rig_accept(b, EVENT_ASSIGNED), "0123");
}

static void group__a_silent_member_loses_all_and_comes_back(void **state)
{
    (void)state;
    struct broker *pair[2];
    two_members(pair);
    fake_broker_mute(pair[0], true);
    fake_clock_advance(rig.cluster, 10000);
    fake_rig_accept(pair[1], EVENT_REVOKED);
    assert_assigned(fake_rig_accept(pair[1], EVENT_ASSIGNED), "0123");
    fake_broker_mute(pair[0], false);
    fake_rig_accept(pair[0], EVENT_LOST);
    fake_rig_poll(pair[0], EVENT_NONE);
    fake_rig_accept(pair[1], EVENT_REVOKED);
    assert_assigned(fake_rig_accept(pair[0], EVENT_ASSIGNED), "01");
    assert_assigned(fake_rig_accept(pair[1], EVENT_ASSIGNED), "23");
}

static void group__a_disconnected_member_notices_its_loss_alone(void **state)
{
    (void)state;
    struct broker *broker = fake_rig_static(&rig, "a");
    fake_rig_accept(broker, EVENT_ASSIGNED);
    fake_broker_disconnect(broker, true);
    assert_int_equal(fake_rig_poll_status(broker), STATUS_RETRY);
    fake_clock_advance(rig.cluster, 10000);
    fake_rig_accept(broker, EVENT_LOST);
    assert_int_equal(fake_rig_poll_status(broker), STATUS_RETRY);
    fake_broker_disconnect(broker, false);
    fake_rig_accept(broker, EVENT_ASSIGNED);
}

static void group__who_does_not_poll_is_removed(void **state)
{
    (void)state;
    struct broker *pair[2];
    two_members(pair);
    fake_clock_advance(rig.cluster, 100000);
    fake_rig_poll(pair[1], EVENT_NONE);
    fake_clock_advance(rig.cluster, 20000);
    fake_rig_accept(pair[1], EVENT_REVOKED);
    assert_assigned(fake_rig_accept(pair[1], EVENT_ASSIGNED), "0123");
    fake_rig_poll(pair[0], EVENT_LOST);
}

static void group__the_older_of_two_with_one_name_is_fenced(void **state)
{
    (void)state;
    struct broker *older = fake_rig_static(&rig, "a");
    fake_rig_accept(older, EVENT_ASSIGNED);
    struct broker *newer = fake_rig_static(&rig, "a");
    fake_rig_accept(newer, EVENT_ASSIGNED);
    assert_int_equal(fake_rig_poll_status(older), STATUS_FATAL);
    fake_rig_poll(newer, EVENT_NONE);
    assert_int_equal(fake_rig_poll_status(older), STATUS_FATAL);
}

static void group__a_fenced_ones_offsets_are_refused_for_good(void **state)
{
    (void)state;
    struct broker *older = fake_rig_static(&rig, "a");
    fake_rig_accept(older, EVENT_ASSIGNED);
    begin(older);
    // The same name under another transactional.id, so that only the group knows.
    struct broker *newer = fake_rig_impostor(&rig, "a", "other");
    fake_rig_accept(newer, EVENT_ASSIGNED);
    assert_int_equal(fake_rig_commit(older, 0, 8), STATUS_FATAL);
}

static void group__commits_before_accept_of_a_revocation_count(void **state)
{
    (void)state;
    int64_t offset;
    struct broker *a = fake_rig_static(&rig, "a");
    fake_rig_accept(a, EVENT_ASSIGNED);
    begin(a);
    fake_rig_poll(fake_rig_static(&rig, "b"), EVENT_NONE);
    fake_rig_poll(a, EVENT_REVOKED);
    assert_int_equal(fake_rig_commit(a, 3, 8), STATUS_OK);
    fake_rig_accept(a, EVENT_REVOKED);
    assert_int_equal(fake_rig_committed(a, 3, &offset), STATUS_OK);
    assert_int_equal(offset, 8);
}

static void group__a_zombies_offsets_are_refused(void **state)
{
    (void)state;
    int64_t offset;
    struct broker *pair[2];
    two_members(pair);
    begin(pair[0]);
    fake_broker_mute(pair[0], true);
    fake_clock_advance(rig.cluster, 10000);
    assert_int_equal(fake_rig_commit(pair[0], 0, 8), STATUS_ABORT);
    assert_int_equal(fake_rig_committed(pair[1], 0, &offset), STATUS_OK);
    assert_int_equal(offset, -1);
}

static void group__a_revocation_overtaken_by_eviction_still_ends_well(void **state)
{
    (void)state;
    struct broker *a = fake_rig_static(&rig, "a");
    fake_rig_accept(a, EVENT_ASSIGNED);
    begin(a);
    struct broker *b = fake_rig_static(&rig, "b");
    fake_rig_poll(b, EVENT_NONE);
    fake_rig_poll(a, EVENT_REVOKED);
    fake_broker_mute(a, true);
    fake_clock_advance(rig.cluster, 10000);
    assert_assigned(fake_rig_accept(b, EVENT_ASSIGNED), "0123");
    assert_int_equal(fake_rig_commit(a, 0, 8), STATUS_ABORT);
    fake_broker_mute(a, false);
    fake_rig_accept(a, EVENT_REVOKED);
    fake_rig_poll(a, EVENT_NONE);
    fake_rig_accept(b, EVENT_REVOKED);
    assert_assigned(fake_rig_accept(a, EVENT_ASSIGNED), "01");
}

static void group__an_assignment_is_accepted_before_it_is_revoked(void **state)
{
    (void)state;
    struct broker *a = fake_rig_static(&rig, "a");
    fake_rig_poll(a, EVENT_ASSIGNED);
    struct broker *b = fake_rig_static(&rig, "b");
    fake_rig_poll(b, EVENT_NONE);
    assert_assigned(fake_rig_accept(a, EVENT_ASSIGNED), "0123");
    fake_rig_accept(a, EVENT_REVOKED);
    assert_assigned(fake_rig_accept(a, EVENT_ASSIGNED), "01");
}

static void group__a_rebalance_can_be_asked_for(void **state)
{
    (void)state;
    struct broker *a = fake_rig_static(&rig, "a");
    fake_rig_accept(a, EVENT_ASSIGNED);
    fake_topic_grow(rig.cluster, "purchases", 6);
    fake_group_rebalance(rig.cluster, "cardwatch");
    fake_rig_accept(a, EVENT_REVOKED);
    assert_assigned(fake_rig_accept(a, EVENT_ASSIGNED), "012345");
}

static void group__a_static_restart_during_a_rebalance_counts_as_joined(void **state)
{
    (void)state;
    struct broker *pair[2];
    two_members(pair);
    fake_group_rebalance(rig.cluster, "cardwatch");
    fake_rig_accept(pair[1], EVENT_REVOKED);
    fake_broker_crash(pair[0]);
    struct broker *again = fake_rig_static(&rig, "a");
    assert_assigned(fake_rig_accept(again, EVENT_ASSIGNED), "01");
    assert_assigned(fake_rig_accept(pair[1], EVENT_ASSIGNED), "23");
    assert_int_equal(fake_group_generation(rig.cluster, "cardwatch"), 3);
}

static void group__a_static_restart_waits_for_the_rebalance_under_way(void **state)
{
    (void)state;
    struct broker *pair[2];
    two_members(pair);
    fake_group_rebalance(rig.cluster, "cardwatch");
    fake_broker_crash(pair[0]);
    struct broker *again = fake_rig_static(&rig, "a");
    fake_rig_poll(again, EVENT_NONE);
    fake_rig_accept(pair[1], EVENT_REVOKED);
    assert_assigned(fake_rig_accept(again, EVENT_ASSIGNED), "01");
    fake_rig_poll(again, EVENT_NONE);
}

static void group__who_holds_up_a_rebalance_is_removed(void **state)
{
    (void)state;
    struct broker *pair[2];
    two_members(pair);
    fake_group_rebalance(rig.cluster, "cardwatch");
    fake_rig_accept(pair[1], EVENT_REVOKED);
    for (int i = 0; i < 3; i++) {
        fake_rig_poll(pair[0], EVENT_REVOKED);
        fake_rig_poll(pair[1], EVENT_NONE);
        fake_clock_advance(rig.cluster, 40000);
    }
    assert_assigned(fake_rig_accept(pair[1], EVENT_ASSIGNED), "0123");
}

#define group_test(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        group_test(group__the_first_member_gets_everything),
        group_test(group__a_second_member_takes_its_range_after_the_first_let_go),
        group_test(group__the_first_ranges_are_one_larger),
        group_test(group__more_members_than_partitions_leave_some_with_none),
        group_test(group__a_restart_in_time_keeps_the_assignment),
        group_test(group__a_closed_static_member_stays_known_for_the_session),
        group_test(group__a_closed_dynamic_member_leaves_at_once),
        group_test(group__a_crashed_dynamic_member_holds_up_its_successor),
        group_test(group__a_silent_member_loses_all_and_comes_back),
        group_test(group__a_disconnected_member_notices_its_loss_alone),
        group_test(group__who_does_not_poll_is_removed),
        group_test(group__the_older_of_two_with_one_name_is_fenced),
        group_test(group__a_fenced_ones_offsets_are_refused_for_good),
        group_test(group__commits_before_accept_of_a_revocation_count),
        group_test(group__a_zombies_offsets_are_refused),
        group_test(group__a_revocation_overtaken_by_eviction_still_ends_well),
        group_test(group__an_assignment_is_accepted_before_it_is_revoked),
        group_test(group__a_rebalance_can_be_asked_for),
        group_test(group__a_static_restart_during_a_rebalance_counts_as_joined),
        group_test(group__a_static_restart_waits_for_the_rebalance_under_way),
        group_test(group__who_holds_up_a_rebalance_is_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
