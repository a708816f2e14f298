// SPDX-License-Identifier: Apache-2.0
// The broker port on a real Apache Kafka: what the mock cluster cannot show. Transactions with
// their offsets, fencing, isolation, static membership, a broker that restarts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/murmur2.h"
#include "broker/kafka_client.h"
#include "lib/kafka_rig.h"
#include "lib/kafkad.h"
#include "lib/plain_client.h"

enum { PARTITIONS = 2, SMALL_BYTES = 10000 };

static struct kafkad *kafkad;

// Topics and a group of its own for each test.
struct fixture {
    struct kafka_rig rig;
    char *names[6];
    struct error err;
};

static int serial;

static void make_topic(struct fixture *fixture, const char *name, const char *setting,
                       const char *value)
{
    struct kafka_topic_setting settings[] = {{setting, value}};
    struct kafka_topic_plan plan = {name, PARTITIONS, settings, setting != NULL ? 1 : 0};
    bool created = false;
    rig_ok(kafka_topic_create(fixture->rig.cluster, &plan, &created, &fixture->err), &fixture->err);
    assert_true(created);
}

static struct fixture *fixture_open(const char *max_poll_interval_ms)
{
    static const char *const suffixes[] = {"in", "avro", "json", "dead", "changelog", "group"};
    struct fixture *fixture = memory_zeroed(1, sizeof(*fixture));
    serial++;
    for (int i = 0; i < 6; i++) {
        char text[64];
        snprintf(text, sizeof(text), "test-%d-%s", serial, suffixes[i]);
        fixture->names[i] = memory_text(text);
    }
    const char *outputs[OUTPUT_TOPICS] = {NULL}; // the optional ones are off
    for (int i = 0; i <= OUTPUT_CHANGELOG; i++)
        outputs[i] = fixture->names[i + 1];
    kafka_rig_open_named(&fixture->rig, kafkad_bootstrap(kafkad), fixture->names[0], outputs);
    fixture->rig.group_id = fixture->names[5];
    kafka_rig_property(&fixture->rig, "max.poll.interval.ms", max_poll_interval_ms);
    kafka_rig_open_cluster(&fixture->rig);
    make_topic(fixture, fixture->names[0], NULL, NULL);
    make_topic(fixture, fixture->names[1], NULL, NULL);
    make_topic(fixture, fixture->names[2], NULL, NULL);
    make_topic(fixture, fixture->names[3], "max.message.bytes", "10000");
    make_topic(fixture, fixture->names[4], "cleanup.policy", "compact");
    return fixture;
}

static int setup(void **state)
{
    *state = fixture_open("120000");
    return 0;
}

static int setup_impatient(void **state)
{
    *state = fixture_open("6000");
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    kafka_rig_close(&fixture->rig);
    for (int i = 0; i < 6; i++)
        free(fixture->names[i]);
    free(fixture);
    return 0;
}

static struct broker *worker(struct fixture *fixture, const char *instance_id, const char *id)
{
    struct broker *broker = kafka_rig_broker(&fixture->rig, instance_id, id);
    rig_reset(broker);
    return broker;
}

static void put(struct broker *broker, enum output_topic topic, int32_t partition,
                const char *value)
{
    struct error err;
    struct record record = {.topic = topic,
                            .partition = partition,
                            .timestamp_ms = -1,
                            .key = view_text(value),
                            .value = view_text(value)};
    rig_ok(broker->ops->produce(broker, &record, &err), &err);
}

static void begin(struct broker *broker)
{
    struct error err;
    rig_ok(broker->ops->begin(broker, &err), &err);
}

static enum status commit(struct broker *broker, int64_t offset, struct error *err)
{
    struct partition_offset offsets[] = {{0, offset}};
    return broker->ops->commit(broker, offsets, offset >= 0 ? 1 : 0, err);
}

static size_t visible(struct fixture *fixture, enum output_topic topic)
{
    struct rig_records records =
        kafka_rig_read(&fixture->rig, fixture->rig.outputs[topic], "read_committed");
    size_t count = records.count;
    rig_records_free(&records);
    return count;
}

// Another process's producer, with a transaction that stays open.
static rd_kafka_t *foreign_open(struct fixture *fixture, const char *id)
{
    rd_kafka_t *rk = PLAIN_CLIENT(RD_KAFKA_PRODUCER, {"bootstrap.servers", fixture->rig.servers},
                                  {"transactional.id", id}, {"log_level", "0"});
    assert_null(rd_kafka_init_transactions(rk, RIG_WAIT_MS));
    assert_null(rd_kafka_begin_transaction(rk));
    return rk;
}

static void foreign_put(rd_kafka_t *rk, const char *topic, int count)
{
    for (int i = 0; i < count; i++) {
        char text[16];
        snprintf(text, sizeof(text), "%d", i);
        assert_int_equal(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                           RD_KAFKA_V_KEY(text, strlen(text)),
                                           RD_KAFKA_V_VALUE(text, strlen(text)), RD_KAFKA_V_END),
                         0);
    }
    assert_int_equal(rd_kafka_flush(rk, RIG_WAIT_MS), 0);
}

static void foreign_send_offset(struct fixture *fixture, rd_kafka_t *rk, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, fixture->rig.input, 0)->offset = offset;
    rd_kafka_consumer_group_metadata_t *group =
        rd_kafka_consumer_group_metadata_new(fixture->rig.group_id);
    assert_null(rd_kafka_send_offsets_to_transaction(rk, list, group, RIG_WAIT_MS));
    rd_kafka_consumer_group_metadata_destroy(group);
    rd_kafka_topic_partition_list_destroy(list);
}

// ---------------------------------------------------------------------------------------------

static void topic__is_created_once_and_left_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    struct kafka_cluster *cluster = fixture->rig.cluster;
    struct error *err = &fixture->err;
    char text[32];
    rig_ok(kafka_topic_setting_get(cluster, fixture->names[4], "cleanup.policy", text, sizeof(text),
                                   err),
           err);
    assert_string_equal(text, "compact");
    struct kafka_topic_plan plan = {fixture->names[4], PARTITIONS + 5, NULL, 0};
    bool created = true;
    rig_ok(kafka_topic_create(cluster, &plan, &created, err), err);
    assert_false(created);
    int32_t count = 0;
    rig_ok(kafka_topic_partitions(cluster, fixture->names[4], &count, err), err);
    assert_int_equal(count, PARTITIONS);
    rig_ok(kafka_topic_partitions(cluster, "no-such-topic", &count, err), err);
    assert_int_equal(count, -1);
    plan = (struct kafka_topic_plan){"by-default", -1, NULL, 0};
    rig_ok(kafka_topic_create(cluster, &plan, &created, err), err);
    assert_true(created);
    rig_ok(kafka_topic_partitions(cluster, "by-default", &count, err), err);
    assert_int_equal(count, 4); // the broker's num.partitions
    struct kafka_topic_setting bad = {"cleanup.policy", "nonsense"};
    plan = (struct kafka_topic_plan){"bad-setting", 1, &bad, 1};
    assert_int_equal(kafka_topic_create(cluster, &plan, &created, err), STATUS_FATAL);
    assert_non_null(strstr(err->text, "bad-setting"));
}

static void transaction__shows_records_and_offsets_together(void **state)
{
    struct fixture *fixture = *state;
    struct broker *broker = worker(fixture, "i-0", "t-0");
    assert_int_equal(rig_join(broker), PARTITIONS);
    assert_int_equal(rig_committed(broker, 0), -1);
    for (int64_t round = 1; round <= 3; round++) {
        begin(broker);
        put(broker, OUTPUT_ALERTS_AVRO, -1, "alert");
        struct view keys[] = {view_text("a"), view_text("b")};
        rig_ok(broker->ops->produce_changelog(broker, 1, keys, keys, 2, &fixture->err),
               &fixture->err);
        assert_int_equal(visible(fixture, OUTPUT_ALERTS_AVRO), round - 1);
        assert_int_equal(commit(broker, round * 10, &fixture->err), STATUS_OK);
        assert_int_equal(visible(fixture, OUTPUT_ALERTS_AVRO), round);
        assert_int_equal(visible(fixture, OUTPUT_CHANGELOG), round * 2);
        assert_int_equal(rig_committed(broker, 0), round * 10);
        // Each transaction ends with a marker.
        assert_int_equal(broker->ops->changelog_delivered(broker, 1), round * 3 - 1);
    }
    broker->ops->close(broker);
}

static void transaction__aborted_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct broker *broker = worker(fixture, "i-0", "t-0");
    rig_join(broker);
    begin(broker);
    put(broker, OUTPUT_ALERTS_AVRO, -1, "alert");
    rig_ok(broker->ops->abort(broker, &fixture->err), &fixture->err);
    assert_int_equal(visible(fixture, OUTPUT_ALERTS_AVRO), 0);
    assert_int_equal(rig_committed(broker, 0), -1);
    begin(broker);
    put(broker, OUTPUT_ALERTS_AVRO, -1, "second");
    assert_int_equal(commit(broker, 1, &fixture->err), STATUS_OK);
    assert_int_equal(visible(fixture, OUTPUT_ALERTS_AVRO), 1);
    broker->ops->close(broker);
}

static void transaction__of_a_former_life_is_settled_by_reset(void **state)
{
    struct fixture *fixture = *state;
    rd_kafka_t *former = foreign_open(fixture, "t-0"); // crashes in the middle of a commit
    foreign_put(former, fixture->rig.outputs[OUTPUT_ALERTS_AVRO], 3);
    foreign_send_offset(fixture, former, 77);
    struct broker *broker = kafka_rig_broker(&fixture->rig, "i-0", "t-0");
    int64_t offset = 0;
    assert_int_equal(broker->ops->committed(broker, 0, &offset, &fixture->err), STATUS_RETRY);
    rig_reset(broker);
    assert_int_equal(rig_committed(broker, 0), -1);
    assert_int_equal(visible(fixture, OUTPUT_ALERTS_AVRO), 0);
    rd_kafka_destroy(former);
    broker->ops->close(broker);
}

static void producer__fenced_by_a_second_one_asks_for_reset(void **state)
{
    struct fixture *fixture = *state;
    struct broker *first = worker(fixture, "i-0", "t-0");
    begin(first);
    put(first, OUTPUT_ALERTS_AVRO, -1, "lost");
    rd_kafka_t *second = foreign_open(fixture, "t-0");
    assert_int_equal(commit(first, -1, &fixture->err), STATUS_RESET);
    rig_reset(first);
    begin(first);
    put(first, OUTPUT_ALERTS_AVRO, -1, "kept");
    assert_int_equal(commit(first, -1, &fixture->err), STATUS_OK);
    assert_int_equal(visible(fixture, OUTPUT_ALERTS_AVRO), 1);
    rd_kafka_destroy(second);
    first->ops->close(first);
}

static void committed__waits_until_a_foreign_transaction_is_fenced(void **state)
{
    struct fixture *fixture = *state;
    struct broker *broker = worker(fixture, "i-0", "t-0");
    rig_join(broker);
    begin(broker);
    assert_int_equal(commit(broker, 5, &fixture->err), STATUS_OK);
    rd_kafka_t *dead = foreign_open(fixture, "t-dead");
    foreign_send_offset(fixture, dead, 99);
    int64_t offset = 0;
    for (int i = 0; i < 3; i++)
        assert_int_equal(broker->ops->committed(broker, 0, &offset, &fixture->err), STATUS_RETRY);
    rig_ok(broker->ops->fence(broker, "t-dead", &fixture->err), &fixture->err);
    assert_int_equal(rig_committed(broker, 0), 5);
    rd_kafka_destroy(dead);
    broker->ops->close(broker);
}

static size_t read_changelog_to(struct broker *broker, int64_t mark)
{
    struct error err;
    size_t count = 0;
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    while (broker->ops->changelog_position(broker, 0) < mark) {
        struct changelog_batch batch;
        rig_ok(broker->ops->changelog_poll(broker, 100, &batch, &err), &err);
        count += batch.message_count;
        assert_true(clock_now_ms() < deadline_ms);
    }
    return count;
}

static void changelog__is_read_past_markers_and_aborted_records(void **state)
{
    struct fixture *fixture = *state;
    struct broker *broker = worker(fixture, "i-0", "t-0");
    for (int i = 0; i < 6; i++) {
        begin(broker);
        put(broker, OUTPUT_CHANGELOG, 0, i % 2 == 0 ? "kept" : "dropped");
        rig_ok(broker->ops->flush(broker, &fixture->err), &fixture->err);
        if (i % 2 == 0)
            assert_int_equal(commit(broker, -1, &fixture->err), STATUS_OK);
        else
            rig_ok(broker->ops->abort(broker, &fixture->err), &fixture->err);
    }
    int64_t low = 0;
    int64_t high = 0;
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    while (high < 12) { // six records, six markers; the last one may come after commit has returned
        rig_ok(broker->ops->changelog_watermarks(broker, 0, &low, &high, &fixture->err),
               &fixture->err);
        assert_true(clock_now_ms() < deadline_ms);
    }
    rig_ok(broker->ops->changelog_open(broker, 0, low, &fixture->err), &fixture->err);
    assert_int_equal(read_changelog_to(broker, high), 3);
    broker->ops->changelog_close(broker, 0);
    rig_ok(broker->ops->changelog_open(broker, 0, 9, &fixture->err), &fixture->err);
    assert_int_equal(read_changelog_to(broker, high), 0); // from the last commit's marker on
    broker->ops->close(broker);
}

static void watermark__is_the_true_one_behind_an_open_transaction(void **state)
{
    struct fixture *fixture = *state;
    struct broker *broker = worker(fixture, "i-0", "t-0");
    rd_kafka_t *dead = foreign_open(fixture, "t-dead");
    foreign_put(dead, fixture->rig.outputs[OUTPUT_CHANGELOG], 5);
    begin(broker);
    put(broker, OUTPUT_CHANGELOG, 0, "behind");
    assert_int_equal(commit(broker, -1, &fixture->err), STATUS_OK);
    int64_t low = 0;
    int64_t high = 0;
    rig_ok(broker->ops->changelog_watermarks(broker, 0, &low, &high, &fixture->err), &fixture->err);
    assert_true(high >= 6); // the marker of the second commit may come later
    rig_ok(broker->ops->changelog_open(broker, 0, 0, &fixture->err), &fixture->err);
    for (int i = 0; i < 10; i++) {
        struct changelog_batch batch;
        rig_ok(broker->ops->changelog_poll(broker, 50, &batch, &fixture->err), &fixture->err);
        assert_int_equal(batch.message_count, 0);
        assert_int_equal(broker->ops->changelog_position(broker, 0), 0);
    }
    rig_ok(broker->ops->fence(broker, "t-dead", &fixture->err), &fixture->err);
    assert_int_equal(read_changelog_to(broker, high), 1);
    rd_kafka_destroy(dead);
    broker->ops->close(broker);
}

static enum status put_sized(struct broker *broker, size_t size, struct error *err)
{
    uint8_t *bytes = memory_zeroed(1, size);
    for (size_t i = 0; i < size; i++) // does not compress
        bytes[i] = (uint8_t)(murmur2((struct view){(const uint8_t *)&i, sizeof(i)}));
    struct record record = {
        .topic = OUTPUT_DEAD_LETTERS, .partition = 0, .timestamp_ms = -1, .value = {bytes, size}};
    enum status status = broker->ops->produce(broker, &record, err);
    free(bytes);
    return status;
}

static void record__larger_than_its_topic_takes_is_refused_before_it_is_queued(void **state)
{
    struct fixture *fixture = *state;
    struct broker *broker = worker(fixture, "i-0", "t-0");
    begin(broker);
    assert_int_equal(put_sized(broker, SMALL_BYTES, &fixture->err), STATUS_RECORD);
    assert_non_null(strstr(fixture->err.text, "max.message.bytes"));
    // The largest that is let through is taken by the broker, alone and among others.
    size_t size = SMALL_BYTES;
    while (put_sized(broker, size, &fixture->err) == STATUS_RECORD)
        size--;
    for (int i = 0; i < 20; i++)
        rig_ok(put_sized(broker, size - (size_t)i, &fixture->err), &fixture->err);
    for (int i = 0; i < 200; i++)
        rig_ok(put_sized(broker, 100, &fixture->err), &fixture->err);
    assert_int_equal(commit(broker, -1, &fixture->err), STATUS_OK);
    assert_true(size > SMALL_BYTES - 300);
    assert_int_equal(visible(fixture, OUTPUT_DEAD_LETTERS), 221);
    broker->ops->close(broker);
}

static void static_member__comes_back_without_a_rebalance(void **state)
{
    struct fixture *fixture = *state;
    struct broker *brokers[2] = {worker(fixture, "i-0", "t-0"), NULL};
    rig_join(brokers[0]);
    brokers[1] = worker(fixture, "i-1", "t-1");
    size_t owned[2] = {PARTITIONS, 0};
    int32_t own = -1;
    struct batch batch;
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    while (owned[0] != 1 || owned[1] != 1) {
        assert_true(clock_now_ms() < deadline_ms);
        for (int i = 0; i < 2; i++) {
            rig_ok(brokers[i]->ops->poll(brokers[i], 20, &batch, &fixture->err), &fixture->err);
            owned[i] = batch.event != EVENT_NONE ? batch.partition_count : owned[i];
            own = batch.event == EVENT_ASSIGNED && i == 1 ? batch.partitions[0] : own;
            rig_ok(brokers[i]->ops->accept(brokers[i], &fixture->err), &fixture->err);
        }
    }
    brokers[1]->ops->close(brokers[1]);
    brokers[1] = worker(fixture, "i-1", "t-1");
    batch = rig_await_event(brokers[1], EVENT_ASSIGNED);
    assert_int_equal(batch.partition_count, 1);
    assert_int_equal(batch.partitions[0], own);
    rig_ok(brokers[1]->ops->accept(brokers[1], &fixture->err), &fixture->err);
    for (int i = 0; i < 20; i++) { // the other one has not noticed
        rig_ok(brokers[0]->ops->poll(brokers[0], 50, &batch, &fixture->err), &fixture->err);
        assert_int_equal(batch.event, EVENT_NONE);
    }
    brokers[0]->ops->close(brokers[0]);
    brokers[1]->ops->close(brokers[1]);
}

static void static_member__met_by_its_double_is_fatal(void **state)
{
    struct fixture *fixture = *state;
    struct broker *first = worker(fixture, "i-0", "t-0");
    rig_join(first);
    struct broker *second = worker(fixture, "i-0", "t-0b");
    rig_join(second);
    enum status status = STATUS_OK;
    struct batch batch;
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    while (status != STATUS_FATAL && clock_now_ms() < deadline_ms)
        status = first->ops->poll(first, 50, &batch, &fixture->err);
    assert_int_equal(status, STATUS_FATAL);
    assert_non_null(strstr(fixture->err.text, "processing.instance_id"));
    begin(first);
    assert_int_equal(commit(first, 1, &fixture->err), STATUS_FATAL);
    first->ops->close(first);
    second->ops->close(second);
}

// A worker that hangs for longer than max.poll.interval.ms has lost its partitions: what it commits
// when it wakes up does not count.
static void zombie__cannot_commit(void **state)
{
    struct fixture *fixture = *state;
    struct broker *zombie = worker(fixture, NULL, "t-0");
    rig_join(zombie);
    begin(zombie);
    put(zombie, OUTPUT_ALERTS_AVRO, -1, "lost");
    struct broker *heir = worker(fixture, NULL, "t-1");
    while (rig_join(heir) != PARTITIONS)
        ;
    assert_int_equal(commit(zombie, 50, &fixture->err), STATUS_ABORT);
    rig_ok(zombie->ops->abort(zombie, &fixture->err), &fixture->err);
    assert_int_equal(rig_committed(heir, 0), -1);
    // Lost, or revoked when the word of having been thrown out is not here yet: gone either way.
    struct batch batch = {.event = EVENT_NONE};
    while (batch.event != EVENT_LOST && batch.event != EVENT_REVOKED)
        (void)!zombie->ops->poll(zombie, 50, &batch, &fixture->err);
    rig_ok(zombie->ops->accept(zombie, &fixture->err), &fixture->err);
    begin(zombie);
    assert_int_equal(commit(zombie, 50, &fixture->err), STATUS_ABORT);
    assert_int_equal(visible(fixture, OUTPUT_ALERTS_AVRO), 0);
    zombie->ops->close(zombie);
    heir->ops->close(heir);
}

static void input__overtaken_by_retention_asks_for_taking_it_again(void **state)
{
    struct fixture *fixture = *state;
    struct broker *broker = worker(fixture, "i-0", "t-0");
    kafka_rig_fill(&fixture->rig, fixture->rig.input, 0, 10);
    kafka_rig_delete_before(&fixture->rig, fixture->rig.input, 0, 6);
    int64_t low = 0;
    int64_t high = 0;
    rig_ok(broker->ops->input_watermarks(broker, 0, &low, &high, &fixture->err), &fixture->err);
    assert_int_equal(low, 6);
    assert_int_equal(high, 10);
    rig_join(broker);
    rig_ok(broker->ops->start(broker, 0, 2, &fixture->err), &fixture->err);
    struct batch batch;
    enum status status = STATUS_OK;
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    while (status == STATUS_OK && clock_now_ms() < deadline_ms) {
        status = broker->ops->poll(broker, 100, &batch, &fixture->err);
        assert_int_equal(batch.message_count, 0);
    }
    assert_int_equal(status, STATUS_RESET);
    rig_ok(broker->ops->start(broker, 0, 6, &fixture->err), &fixture->err);
    batch = rig_await_records(broker);
    assert_int_equal(batch.messages[0].offset, 6);
    broker->ops->close(broker);
}

// Commits once what has been asked for, through whatever happens to the cluster.
static void commit_until_done(struct broker *broker, int64_t offset)
{
    struct error err;
    int64_t deadline_ms = clock_now_ms() + 2 * RIG_WAIT_MS;
    while (rig_committed(broker, 0) != offset) {
        assert_true(clock_now_ms() < deadline_ms);
        struct batch batch;
        (void)!broker->ops->poll(broker, 10, &batch, &err);
        (void)!broker->ops->accept(broker, &err);
        enum status status = broker->ops->begin(broker, &err);
        struct record record = {.topic = OUTPUT_ALERTS_AVRO,
                                .partition = -1,
                                .timestamp_ms = -1,
                                .key = view_text("k"),
                                .value = view_text("v")};
        if (status == STATUS_OK)
            status = broker->ops->produce(broker, &record, &err);
        if (status == STATUS_OK)
            status = commit(broker, offset, &err);
        assert_int_not_equal(status, STATUS_FATAL);
        if (status == STATUS_ABORT)
            status = broker->ops->abort(broker, &err);
        if (status == STATUS_RESET)
            rig_reset(broker);
    }
}

static void cluster__restart_loses_and_repeats_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct broker *broker = worker(fixture, "i-0", "t-0");
    rig_join(broker);
    kafka_rig_fill(&fixture->rig, fixture->rig.input, 0, 10);
    rig_ok(broker->ops->start(broker, 0, 0, &fixture->err), &fixture->err);
    commit_until_done(broker, 1);
    kafkad_restart(kafkad);
    commit_until_done(broker, 2); // meets dead connections first
    begin(broker);
    put(broker, OUTPUT_ALERTS_AVRO, -1, "v");
    kafkad_stop(kafkad);
    struct batch batch;
    enum status status = STATUS_OK;
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    while (status == STATUS_OK && clock_now_ms() < deadline_ms)
        status = broker->ops->poll(broker, 50, &batch, &fixture->err);
    assert_int_equal(status, STATUS_RETRY);
    status = commit(broker, 3, &fixture->err);
    assert_true(status == STATUS_RESET || status == STATUS_ABORT);
    assert_int_equal(broker->ops->reset(broker, &fixture->err), STATUS_RETRY);
    kafkad_restart(kafkad);
    rig_reset(broker);
    commit_until_done(broker, 3);
    assert_int_equal(visible(fixture, OUTPUT_ALERTS_AVRO), 3);
    rig_ok(broker->ops->start(broker, 0, 4, &fixture->err), &fixture->err);
    batch = rig_await_records(broker);
    assert_int_equal(batch.messages[0].offset, 4);
    broker->ops->close(broker);
}

static int open_kafka(void **state)
{
    (void)state;
    kafkad = kafkad_open();
    return 0;
}

static int close_kafka(void **state)
{
    (void)state;
    kafkad_close(kafkad);
    return 0;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(topic__is_created_once_and_left_as_it_is),
        CASE(transaction__shows_records_and_offsets_together),
        CASE(transaction__aborted_leaves_nothing),
        CASE(transaction__of_a_former_life_is_settled_by_reset),
        CASE(producer__fenced_by_a_second_one_asks_for_reset),
        CASE(committed__waits_until_a_foreign_transaction_is_fenced),
        CASE(changelog__is_read_past_markers_and_aborted_records),
        CASE(watermark__is_the_true_one_behind_an_open_transaction),
        CASE(record__larger_than_its_topic_takes_is_refused_before_it_is_queued),
        CASE(static_member__comes_back_without_a_rebalance),
        CASE(static_member__met_by_its_double_is_fatal),
        cmocka_unit_test_setup_teardown(zombie__cannot_commit, setup_impatient, teardown),
        CASE(input__overtaken_by_retention_asks_for_taking_it_again),
        CASE(cluster__restart_loses_and_repeats_nothing),
    };
    return cmocka_run_group_tests(tests, open_kafka, close_kafka);
}
