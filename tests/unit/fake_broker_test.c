// SPDX-License-Identifier: Apache-2.0
// The fake broker's reading, producing and clock, seen through the port.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/fake_rig.h"

static struct fake_rig rig;
static struct error err;

static int open_rig(void **state)
{
    (void)state;
    fake_rig_open(&rig, 2);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    fake_rig_close(&rig);
    return 0;
}

// Reads both partitions from their start.
static struct broker *reading_worker(void)
{
    struct broker *broker = fake_rig_static(&rig, "w");
    fake_rig_take(broker);
    return broker;
}

// What a batch holds, as text: "partition/offset ...".
static const char *batch_text(struct batch batch, char out[128])
{
    size_t size = 0;
    out[0] = '\0';
    for (size_t i = 0; i < batch.message_count; i++)
        size += (size_t)snprintf(out + size, 128 - size, "%s%d/%d", i == 0 ? "" : " ",
                                 (int)batch.messages[i].partition, (int)batch.messages[i].offset);
    return out;
}

static void assert_poll(struct broker *broker, const char *expected)
{
    char text[128];
    assert_string_equal(batch_text(fake_rig_poll(broker, EVENT_NONE), text), expected);
}

static void broker__nothing_is_read_before_start(void **state)
{
    (void)state;
    struct broker *broker = fake_rig_static(&rig, "w");
    fake_rig_purchase(&rig, 0, "a");
    fake_rig_accept(broker, EVENT_ASSIGNED);
    assert_poll(broker, "");
    assert_int_equal(broker->ops->start(broker, 0, 0, &err), STATUS_OK);
    assert_poll(broker, "0/0");
    assert_poll(broker, "");
}

static void broker__messages_carry_what_was_produced(void **state)
{
    (void)state;
    struct broker *broker = reading_worker();
    struct header headers[] = {{"h", view_text("1")}};
    fake_produce(rig.cluster, &(struct fake_input){
                                  .topic = "purchases",
                                  .partition = 1,
                                  .value = view_text("v"),
                                  .timestamp_ms = 77,
                                  .headers = headers,
                                  .header_count = 1,
                              });
    fake_produce(rig.cluster, &(struct fake_input){
                                  .topic = "purchases",
                                  .partition = 1,
                                  .key = view_text("k"),
                                  .no_timestamp = true,
                              });
    struct batch batch = fake_rig_poll(broker, EVENT_NONE);
    assert_int_equal(batch.message_count, 2);
    assert_null(batch.messages[0].key.data);
    assert_true(view_equal(batch.messages[0].value, view_text("v")));
    assert_true(batch.messages[0].has_timestamp);
    assert_int_equal(batch.messages[0].timestamp_ms, 77);
    assert_true(view_equal(batch.messages[1].key, view_text("k")));
    assert_null(batch.messages[1].value.data);
    assert_false(batch.messages[1].has_timestamp);
}

static void broker__batches_have_a_limit_and_say_so(void **state)
{
    (void)state;
    fake_cluster_knobs(rig.cluster)->batch_max = 3;
    struct broker *broker = reading_worker();
    for (int i = 0; i < 4; i++)
        fake_rig_purchase(&rig, 0, "a");
    struct batch batch = fake_rig_poll(broker, EVENT_NONE);
    assert_true(batch.full);
    assert_int_equal(batch.message_count, 3);
    batch = fake_rig_poll(broker, EVENT_NONE);
    assert_false(batch.full);
    assert_int_equal(batch.message_count, 1);
}

static void broker__partitions_take_turns(void **state)
{
    (void)state;
    fake_cluster_knobs(rig.cluster)->batch_max = 1;
    struct broker *broker = reading_worker();
    for (int i = 0; i < 4; i++)
        fake_rig_purchase(&rig, i % 2, "a");
    bool seen[2] = {false, false};
    seen[fake_rig_poll(broker, EVENT_NONE).messages[0].partition] = true;
    seen[fake_rig_poll(broker, EVENT_NONE).messages[0].partition] = true;
    assert_true(seen[0] && seen[1]);
}

static void broker__start_moves_and_stop_ends_reading(void **state)
{
    (void)state;
    struct broker *broker = reading_worker();
    for (int i = 0; i < 3; i++)
        fake_rig_purchase(&rig, 0, "a");
    assert_poll(broker, "0/0 0/1 0/2");
    assert_int_equal(broker->ops->start(broker, 0, 1, &err), STATUS_OK);
    assert_poll(broker, "0/1 0/2");
    assert_int_equal(broker->ops->start(broker, 0, 0, &err), STATUS_OK);
    assert_int_equal(broker->ops->stop(broker, 0, &err), STATUS_OK);
    assert_int_equal(broker->ops->stop(broker, 0, &err), STATUS_OK);
    assert_poll(broker, "");
}

static void broker__reading_goes_on_until_it_is_stopped(void **state)
{
    (void)state;
    struct broker *broker = reading_worker();
    fake_group_rebalance(rig.cluster, "cardwatch");
    fake_rig_accept(broker, EVENT_REVOKED);
    fake_rig_accept(broker, EVENT_ASSIGNED);
    fake_rig_purchase(&rig, 0, "a");
    assert_int_equal(fake_broker_reading_count(broker), 2);
    assert_poll(broker, "0/0");
    assert_int_equal(broker->ops->stop(broker, 0, &err), STATUS_OK);
    assert_int_equal(fake_broker_reading_count(broker), 1);
    fake_rig_purchase(&rig, 0, "b");
    assert_poll(broker, "");
}

static void broker__without_a_producer_nothing_is_written(void **state)
{
    (void)state;
    struct broker *broker = fake_rig_fresh(&rig, "w");
    assert_int_equal(broker->ops->begin(broker, &err), STATUS_RESET);
    assert_int_equal(fake_rig_alert(broker, "k", "a"), STATUS_RESET);
    assert_int_equal(broker->ops->reset(broker, &err), STATUS_OK);
    assert_int_equal(broker->ops->begin(broker, &err), STATUS_OK);
    assert_int_equal(fake_rig_alert(broker, "k", "a"), STATUS_OK);
}

static void broker__a_missing_topic_is_waited_for_half_a_minute(void **state)
{
    (void)state;
    int64_t low, high;
    struct broker *broker = reading_worker();
    fake_topic_delete(rig.cluster, "purchases");
    assert_int_equal(fake_rig_poll_status(broker), STATUS_RETRY);
    fake_clock_advance(rig.cluster, 29999);
    assert_int_equal(fake_rig_poll_status(broker), STATUS_RETRY);
    assert_int_equal(broker->ops->start(broker, 0, 0, &err), STATUS_RETRY);
    assert_int_equal(broker->ops->input_watermarks(broker, 0, &low, &high, &err), STATUS_RETRY);
    fake_topic_create(rig.cluster, "purchases", 2);
    fake_rig_poll(broker, EVENT_NONE);
    fake_clock_advance(rig.cluster, 10000);
    fake_topic_delete(rig.cluster, "purchases");
    assert_int_equal(fake_rig_poll_status(broker), STATUS_RETRY);
    fake_clock_advance(rig.cluster, 30000);
    assert_int_equal(fake_rig_poll_status(broker), STATUS_FATAL);
}

static void broker__a_strangers_open_transaction_holds_readers_up(void **state)
{
    (void)state;
    struct broker *broker = reading_worker();
    struct fake_input input = {.topic = "purchases", .value = view_text("x")};
    fake_rig_purchase(&rig, 0, "a");
    fake_foreign_produce(rig.cluster, "stranger", &input);
    fake_rig_purchase(&rig, 0, "b");
    assert_poll(broker, "0/0");
    assert_poll(broker, "");
    int64_t low, high;
    assert_int_equal(broker->ops->input_watermarks(broker, 0, &low, &high, &err), STATUS_OK);
    assert_int_equal(low, 0);
    assert_int_equal(high, 3);
    fake_foreign_end(rig.cluster, "stranger", false);
    assert_poll(broker, "0/2");
    fake_foreign_produce(rig.cluster, "stranger", &input);
    fake_foreign_end(rig.cluster, "stranger", true);
    assert_poll(broker, "0/4");
    fake_foreign_produce(rig.cluster, "stranger", &input);
    fake_rig_purchase(&rig, 0, "c");
    fake_clock_advance(rig.cluster, 60000);
    assert_poll(broker, "0/7");
}

static void broker__an_offset_outside_of_the_log_resets(void **state)
{
    (void)state;
    struct broker *broker = reading_worker();
    for (int i = 0; i < 3; i++)
        fake_rig_purchase(&rig, 0, "a");
    fake_topic_truncate(rig.cluster, "purchases", 0, 2);
    assert_int_equal(fake_rig_poll_status(broker), STATUS_RESET);
    int64_t low, high;
    assert_int_equal(broker->ops->input_watermarks(broker, 0, &low, &high, &err), STATUS_OK);
    assert_int_equal(low, 2);
    assert_int_equal(broker->ops->start(broker, 0, low, &err), STATUS_OK);
    assert_poll(broker, "0/2");
    fake_topic_delete(rig.cluster, "purchases");
    fake_topic_create(rig.cluster, "purchases", 2);
    assert_int_equal(fake_rig_poll_status(broker), STATUS_RESET);
}

static void broker__deleting_a_topic_forgets_the_offsets(void **state)
{
    (void)state;
    int64_t offset;
    struct broker *broker = reading_worker();
    fake_group_commit(rig.cluster, "cardwatch", 0, 5);
    assert_int_equal(fake_rig_committed(broker, 0, &offset), STATUS_OK);
    assert_int_equal(offset, 5);
    fake_topic_delete(rig.cluster, "purchases");
    fake_topic_create(rig.cluster, "purchases", 3);
    assert_int_equal(fake_rig_committed(broker, 0, &offset), STATUS_OK);
    assert_int_equal(offset, -1);
    int32_t input, changelog;
    assert_int_equal(broker->ops->partition_counts(broker, &input, &changelog, &err), STATUS_OK);
    assert_int_equal(input, 3);
    assert_int_equal(changelog, 2);
    fake_topic_delete(rig.cluster, "changelog");
    assert_int_equal(broker->ops->partition_counts(broker, &input, &changelog, &err), STATUS_OK);
    assert_int_equal(changelog, -1);
}

static struct changelog_batch changelog_poll(struct broker *broker)
{
    struct changelog_batch batch;
    assert_int_equal(broker->ops->changelog_poll(broker, 0, &batch, &err), STATUS_OK);
    return batch;
}

// Leaves in changelog partition 0: 0 aborted, 1 marker, 2 data, 3 marker, 4 an open stranger's.
static struct broker *worker_with_changelog(void)
{
    struct broker *broker = reading_worker();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(broker->ops->begin(broker, &err), STATUS_OK);
        assert_int_equal(fake_rig_card(broker, 0, "k", "v"), STATUS_OK);
        if (i == 0)
            assert_int_equal(broker->ops->abort(broker, &err), STATUS_OK);
    }
    assert_int_equal(fake_rig_commit(broker, 0, 1), STATUS_OK);
    fake_foreign_produce(rig.cluster, "zombie",
                         &(struct fake_input){.topic = "changelog", .key = view_text("z")});
    return broker;
}

static void broker__the_changelog_is_read_up_to_the_stable_offset(void **state)
{
    (void)state;
    int64_t low, high;
    struct broker *broker = worker_with_changelog();
    assert_int_equal(broker->ops->changelog_watermarks(broker, 0, &low, &high, &err), STATUS_OK);
    assert_int_equal(high, 5);
    assert_int_equal(broker->ops->changelog_open(broker, 0, 0, &err), STATUS_OK);
    assert_int_equal(broker->ops->changelog_position(broker, 0), 0);
    struct changelog_batch batch = changelog_poll(broker);
    assert_int_equal(batch.message_count, 1);
    assert_int_equal(batch.messages[0].offset, 2);
    assert_int_equal(broker->ops->changelog_position(broker, 0), 3);
    assert_int_equal(changelog_poll(broker).message_count, 0);
    assert_int_equal(broker->ops->changelog_position(broker, 0), 4);
    fake_foreign_end(rig.cluster, "zombie", false);
    assert_int_equal(changelog_poll(broker).message_count, 0);
    assert_int_equal(broker->ops->changelog_position(broker, 0), 6);
    broker->ops->changelog_close(broker, 0);
    broker->ops->changelog_close(broker, 0);
}

static void broker__several_changelogs_are_read_together(void **state)
{
    (void)state;
    struct broker *broker = fake_rig_at_least_once(&rig);
    assert_int_equal(fake_rig_card(broker, 0, "a", "1"), STATUS_OK);
    assert_int_equal(fake_rig_card(broker, 1, "b", NULL), STATUS_OK);
    assert_int_equal(broker->ops->changelog_open(broker, 0, 0, &err), STATUS_OK);
    assert_int_equal(broker->ops->changelog_open(broker, 1, 0, &err), STATUS_OK);
    struct changelog_batch batch = changelog_poll(broker);
    assert_int_equal(batch.message_count, 2);
    assert_int_equal(batch.messages[0].partition + batch.messages[1].partition, 1);
    broker->ops->changelog_close(broker, 0);
    assert_int_equal(broker->ops->changelog_position(broker, 1), 1);
    assert_int_equal(changelog_poll(broker).message_count, 0);
}

static void broker__a_compacted_changelog_has_gaps(void **state)
{
    (void)state;
    struct broker *broker = fake_rig_at_least_once(&rig);
    assert_int_equal(fake_rig_card(broker, 0, "a", "1"), STATUS_OK);
    assert_int_equal(fake_rig_card(broker, 0, "a", "2"), STATUS_OK);
    assert_int_equal(fake_rig_card(broker, 0, "b", NULL), STATUS_OK);
    fake_compact(rig.cluster, "changelog", 0, true);
    assert_int_equal(broker->ops->changelog_open(broker, 0, 0, &err), STATUS_OK);
    struct changelog_batch batch = changelog_poll(broker);
    assert_int_equal(batch.message_count, 1);
    assert_int_equal(batch.messages[0].offset, 1);
    changelog_poll(broker);
    assert_int_equal(broker->ops->changelog_position(broker, 0), 3);
}

static void broker__headers_are_copied_in_front(void **state)
{
    (void)state;
    struct broker *broker = fake_rig_at_least_once(&rig);
    struct header theirs[] = {{"h", view_text("theirs")}};
    struct header ours[] = {{"h", view_text("ours")}};
    fake_rig_take(broker);
    fake_produce(rig.cluster,
                 &(struct fake_input){.topic = "purchases", .headers = theirs, .header_count = 1});
    struct batch batch = fake_rig_poll(broker, EVENT_NONE);
    struct record letter = {
        .topic = OUTPUT_DEAD_LETTERS,
        .partition = 1,
        .timestamp_ms = 5,
        .headers = ours,
        .header_count = 1,
        .copy_headers_of = &batch.messages[0],
    };
    assert_int_equal(broker->ops->produce(broker, &letter, &err), STATUS_OK);
    struct fake_records records = fake_read(rig.cluster, "dead-letters");
    assert_int_equal(records.count, 1);
    assert_int_equal(records.items[0]->partition, 1);
    assert_int_equal(records.items[0]->timestamp_ms, 5);
    assert_int_equal(records.items[0]->header_count, 2);
    assert_true(view_equal(records.items[0]->headers[0].value, view_text("theirs")));
    assert_true(view_equal(records.items[0]->headers[1].value, view_text("ours")));
    fake_records_release(&records);
}

static void broker__keys_choose_the_javas_partition(void **state)
{
    (void)state;
    struct broker *broker = fake_rig_at_least_once(&rig);
    assert_int_equal(fake_rig_alert(broker, "21", "a"), STATUS_OK);
    assert_int_equal(fake_rig_alert(broker, "foobar", "b"), STATUS_OK);
    struct fake_records records = fake_read(rig.cluster, "alerts-avro");
    // Utils.murmur2Test: "21" -> -973932308 (positive 1173551340), "foobar" -> -790332482.
    assert_int_equal(records.items[0]->partition, (int)(1173551340u % 2));
    assert_int_equal(records.items[1]->partition, (int)((-790332482 & 0x7fffffff) % 2));
    assert_int_equal(records.items[0]->timestamp_ms, fake_clock_wall_ms(rig.cluster));
    fake_records_release(&records);
}

static void broker__large_records_are_refused(void **state)
{
    (void)state;
    fake_cluster_knobs(rig.cluster)->record_bytes_max = 4;
    struct broker *broker = fake_rig_at_least_once(&rig);
    assert_int_equal(fake_rig_alert(broker, "k", "123"), STATUS_OK);
    assert_int_equal(fake_rig_alert(broker, "k", "1234"), STATUS_RECORD);
    assert_int_equal(fake_rig_card(broker, 0, "k", "1234"), STATUS_FATAL);
    fake_topic_delete(rig.cluster, "alerts-avro");
    assert_int_equal(fake_rig_alert(broker, "k", "123"), STATUS_FATAL);
}

static void broker__without_transactions_records_are_there_at_once_or_at_flush(void **state)
{
    (void)state;
    char text[256];
    struct broker *broker = fake_rig_at_least_once(&rig);
    assert_string_equal(broker->ops->transactional_id(broker), "");
    assert_int_equal(fake_rig_alert(broker, "k", "a"), STATUS_OK);
    assert_string_equal(fake_rig_values(&rig, "alerts-avro", text), "a");
    fake_cluster_knobs(rig.cluster)->linger = true;
    assert_int_equal(fake_rig_alert(broker, "k", "b"), STATUS_OK);
    assert_string_equal(fake_rig_values(&rig, "alerts-avro", text), "a");
    assert_int_equal(broker->ops->flush(broker, &err), STATUS_OK);
    assert_string_equal(fake_rig_values(&rig, "alerts-avro", text), "a b");
    assert_int_equal(fake_rig_alert(broker, "k", "c"), STATUS_OK);
    assert_int_equal(broker->ops->reset(broker, &err), STATUS_OK);
    assert_int_equal(broker->ops->flush(broker, &err), STATUS_OK);
    assert_string_equal(fake_rig_values(&rig, "alerts-avro", text), "a b");
}

static void broker__without_transactions_the_group_takes_offsets(void **state)
{
    (void)state;
    struct broker *broker = fake_rig_at_least_once(&rig);
    struct partition_offset offsets[] = {{0, 4}, {1, 6}};
    fake_rig_take(broker);
    assert_int_equal(broker->ops->commit_offsets(broker, offsets, 2, &err), STATUS_OK);
    assert_int_equal(fake_group_committed(rig.cluster, "cardwatch", 1), 6);
    fake_broker_mute(broker, true);
    fake_clock_advance(rig.cluster, 10000);
    offsets[0].offset = 9;
    assert_int_equal(broker->ops->commit_offsets(broker, offsets, 2, &err), STATUS_RESET);
    assert_int_equal(fake_group_committed(rig.cluster, "cardwatch", 0), 4);
}

static void broker__idle_polls_move_the_clock(void **state)
{
    (void)state;
    struct batch batch;
    struct changelog_batch records;
    struct broker *broker = reading_worker();
    assert_int_equal(broker->ops->poll(broker, 100, &batch, &err), STATUS_OK);
    assert_int_equal(broker->ops->now_ms(broker), 100);
    assert_int_equal(broker->ops->changelog_poll(broker, 50, &records, &err), STATUS_OK);
    assert_int_equal(broker->ops->now_ms(broker), 150);
    fake_rig_purchase(&rig, 0, "a");
    assert_int_equal(broker->ops->poll(broker, 100, &batch, &err), STATUS_OK);
    assert_int_equal(broker->ops->now_ms(broker), 150);
    fake_cluster_knobs(rig.cluster)->idle_advances = false;
    assert_int_equal(broker->ops->poll(broker, 100, &batch, &err), STATUS_OK);
    assert_int_equal(broker->ops->now_ms(broker), 150);
    assert_int_equal(broker->ops->wall_ms(broker) - fake_clock_wall_ms(rig.cluster), 0);
}

static void broker__a_waiting_poll_ends_when_something_comes(void **state)
{
    (void)state;
    struct batch batch;
    struct broker *broker = reading_worker();
    fake_foreign_produce(rig.cluster, "stranger", &(struct fake_input){.topic = "purchases"});
    fake_rig_purchase(&rig, 0, "a");
    assert_int_equal(broker->ops->poll(broker, 100000, &batch, &err), STATUS_OK);
    assert_int_equal(batch.message_count, 1);
    assert_int_equal(broker->ops->now_ms(broker), 60000);
}

#define broker_test(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        broker_test(broker__nothing_is_read_before_start),
        broker_test(broker__messages_carry_what_was_produced),
        broker_test(broker__batches_have_a_limit_and_say_so),
        broker_test(broker__partitions_take_turns),
        broker_test(broker__start_moves_and_stop_ends_reading),
        broker_test(broker__reading_goes_on_until_it_is_stopped),
        broker_test(broker__without_a_producer_nothing_is_written),
        broker_test(broker__a_missing_topic_is_waited_for_half_a_minute),
        broker_test(broker__a_strangers_open_transaction_holds_readers_up),
        broker_test(broker__an_offset_outside_of_the_log_resets),
        broker_test(broker__deleting_a_topic_forgets_the_offsets),
        broker_test(broker__the_changelog_is_read_up_to_the_stable_offset),
        broker_test(broker__several_changelogs_are_read_together),
        broker_test(broker__a_compacted_changelog_has_gaps),
        broker_test(broker__headers_are_copied_in_front),
        broker_test(broker__keys_choose_the_javas_partition),
        broker_test(broker__large_records_are_refused),
        broker_test(broker__without_transactions_records_are_there_at_once_or_at_flush),
        broker_test(broker__without_transactions_the_group_takes_offsets),
        broker_test(broker__idle_polls_move_the_clock),
        broker_test(broker__a_waiting_poll_ends_when_something_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
