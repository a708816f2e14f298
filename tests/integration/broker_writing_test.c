// SPDX-License-Identifier: Apache-2.0
// Writing records and transactions, and what becomes of failures, against librdkafka's mock cluster
// (which accepts transactions without giving them effect: see tests/e2e for that).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/murmur2.h"
#include "broker/kafka_client.h"
#include "lib/mock_stage.h"

enum { PARTITIONS = 4 };

static struct mock_stage *fixture_open(void)
{
    static const char *const topics[] = {"purchases",   "changelog", "alerts-avro",
                                         "alerts-json", "dead",      NULL};
    return mock_stage_open(1, PARTITIONS, topics);
}

static int setup(void **state)
{
    struct mock_stage *fixture = fixture_open();
    fixture->broker = kafka_rig_broker(&fixture->rig, NULL, "txn-0");
    *state = fixture;
    return 0;
}

static int setup_at_least_once(void **state)
{
    struct mock_stage *fixture = fixture_open();
    fixture->broker = kafka_rig_broker(&fixture->rig, NULL, NULL);
    *state = fixture;
    return 0;
}

static void begin(struct mock_stage *fixture)
{
    rig_ok(fixture->broker->ops->begin(fixture->broker, &fixture->err), &fixture->err);
}

static void put(struct mock_stage *fixture, enum output_topic topic, const char *key,
                const char *value)
{
    struct record record = {.topic = topic,
                            .partition = -1,
                            .timestamp_ms = 1700000000000,
                            .key = view_text(key),
                            .value = view_text(value)};
    rig_ok(fixture->broker->ops->produce(fixture->broker, &record, &fixture->err), &fixture->err);
}

static enum status commit(struct mock_stage *fixture, int64_t offset)
{
    struct partition_offset offsets[] = {{1, offset}};
    return fixture->broker->ops->commit(fixture->broker, offsets, offset >= 0 ? 1 : 0,
                                        &fixture->err);
}

static void transaction__needs_a_reset_first(void **state)
{
    struct mock_stage *fixture = *state;
    assert_int_equal(fixture->broker->ops->begin(fixture->broker, &fixture->err), STATUS_RESET);
    struct record record = {.topic = OUTPUT_CHANGELOG, .partition = 0, .timestamp_ms = -1};
    assert_int_equal(fixture->broker->ops->produce(fixture->broker, &record, &fixture->err),
                     STATUS_RESET);
    rig_reset(fixture->broker);
    begin(fixture);
    rig_ok(fixture->broker->ops->abort(fixture->broker, &fixture->err), &fixture->err);
    assert_string_equal(fixture->broker->ops->transactional_id(fixture->broker), "txn-0");
}

static void record__lands_where_a_java_producer_would_put_it(void **state)
{
    struct mock_stage *fixture = *state;
    rig_reset(fixture->broker);
    begin(fixture);
    for (int i = 0; i < 20; i++) {
        char key[32];
        snprintf(key, sizeof(key), "4111-1111-1111-%04d", i * 37);
        put(fixture, OUTPUT_ALERTS_JSON, key, "{}");
    }
    assert_int_equal(commit(fixture, -1), STATUS_OK);
    struct rig_records records = kafka_rig_read(&fixture->rig, "alerts-json", "read_committed");
    assert_int_equal(records.count, 20);
    for (size_t i = 0; i < records.count; i++) {
        struct view key = {records.items[i]->key, records.items[i]->key_len};
        assert_int_equal(records.items[i]->partition, murmur2_partition(key, PARTITIONS));
        assert_int_equal(rd_kafka_message_timestamp(records.items[i], NULL), 1700000000000);
    }
    rig_records_free(&records);
}

static void assert_header(rd_kafka_headers_t *headers, size_t at, const char *name,
                          const char *value)
{
    const char *found = NULL;
    const void *bytes = NULL;
    size_t size = 0;
    assert_int_equal(rd_kafka_header_get_all(headers, at, &found, &bytes, &size), 0);
    assert_string_equal(found, name);
    assert_int_equal(size, strlen(value));
    assert_memory_equal(bytes, value, size);
}

static void dead_letter__keeps_bytes_and_headers_of_the_original(void **state)
{
    struct mock_stage *fixture = *state;
    rig_reset(fixture->broker);
    rd_kafka_headers_t *original = rd_kafka_headers_new(2);
    rd_kafka_header_add(original, "trace", -1, "abc", 3);
    rd_kafka_header_add(original, "trace", -1, "def", 3);
    rd_kafka_resp_err_t code = rd_kafka_producev(
        fixture->rig.writer, RD_KAFKA_V_TOPIC("purchases"), RD_KAFKA_V_PARTITION(2),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY("k\0y", 3),
        RD_KAFKA_V_VALUE("\0bad", 4), RD_KAFKA_V_HEADERS(original), RD_KAFKA_V_END);
    assert_int_equal(code, RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_flush(fixture->rig.writer, RIG_WAIT_MS);
    rig_ok(fixture->broker->ops->start(fixture->broker, 2, 0, &fixture->err), &fixture->err);
    struct batch batch = rig_await_records(fixture->broker);
    begin(fixture);
    struct header headers[] = {{"__connect.errors.topic", view_text("purchases")},
                               {"__connect.errors.class.name", view_text("BadAvro")}};
    struct record record = {.topic = OUTPUT_DEAD_LETTERS,
                            .partition = -1,
                            .timestamp_ms = batch.messages[0].timestamp_ms,
                            .key = batch.messages[0].key,
                            .value = batch.messages[0].value,
                            .headers = headers,
                            .header_count = 2,
                            .copy_headers_of = &batch.messages[0]};
    rig_ok(fixture->broker->ops->produce(fixture->broker, &record, &fixture->err), &fixture->err);
    record.key = (struct view){NULL, 0};
    record.value = (struct view){NULL, 0};
    rig_ok(fixture->broker->ops->produce(fixture->broker, &record, &fixture->err), &fixture->err);
    assert_int_equal(commit(fixture, -1), STATUS_OK);

    struct rig_records records = kafka_rig_read(&fixture->rig, "dead", "read_committed");
    assert_int_equal(records.count, 2);
    size_t whole = records.items[0]->key != NULL ? 0 : 1;
    rd_kafka_message_t *letter = records.items[whole];
    assert_int_equal(letter->key_len, 3);
    assert_memory_equal(letter->key, "k\0y", 3);
    assert_int_equal(letter->len, 4);
    assert_memory_equal(letter->payload, "\0bad", 4);
    assert_null(records.items[1 - whole]->key);
    assert_null(records.items[1 - whole]->payload);
    rd_kafka_headers_t *found = NULL;
    assert_int_equal(rd_kafka_message_headers(letter, &found), 0);
    assert_int_equal(rd_kafka_header_cnt(found), 4);
    assert_header(found, 0, "trace", "abc");
    assert_header(found, 1, "trace", "def");
    assert_header(found, 2, "__connect.errors.topic", "purchases");
    assert_header(found, 3, "__connect.errors.class.name", "BadAvro");
    rig_records_free(&records);
}

static void changelog__reports_how_far_it_was_acknowledged(void **state)
{
    struct mock_stage *fixture = *state;
    struct broker *broker = fixture->broker;
    rig_reset(broker);
    assert_int_equal(broker->ops->changelog_delivered(broker, 3), -1);
    enum { COUNT = 3000 };
    static char names[COUNT][16];
    static struct view keys[COUNT];
    static struct view values[COUNT];
    for (int i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof(names[i]), "card-%d", i);
        keys[i] = view_text(names[i]);
        values[i] = i % 2 == 0 ? view_text(names[i]) : (struct view){NULL, 0};
    }
    begin(fixture);
    rig_ok(broker->ops->produce_changelog(broker, 3, keys, values, COUNT, &fixture->err),
           &fixture->err);
    assert_int_equal(commit(fixture, -1), STATUS_OK);
    assert_int_equal(broker->ops->changelog_delivered(broker, 3), COUNT);
    assert_int_equal(broker->ops->changelog_delivered(broker, 0), -1);
    struct rig_records records = kafka_rig_read(&fixture->rig, "changelog", "read_committed");
    assert_int_equal(records.count, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(records.items[i]->partition, 3);
        assert_memory_equal(records.items[i]->key, names[i], keys[i].size);
        assert_true((records.items[i]->payload == NULL) == (i % 2 == 1));
    }
    rig_records_free(&records);
}

static void record__larger_than_the_topic_takes_is_refused_alone(void **state)
{
    struct mock_stage *fixture = *state;
    rig_reset(fixture->broker);
    begin(fixture);
    size_t size = 1200000;
    char *text = calloc(1, size);
    struct record record = {.topic = OUTPUT_DEAD_LETTERS,
                            .partition = -1,
                            .timestamp_ms = -1,
                            .key = view_text("k"),
                            .value = {(const uint8_t *)text, size}};
    assert_int_equal(fixture->broker->ops->produce(fixture->broker, &record, &fixture->err),
                     STATUS_RECORD);
    assert_non_null(strstr(fixture->err.text, "dead"));
    free(text);
    put(fixture, OUTPUT_DEAD_LETTERS, "k", "small");
    assert_int_equal(commit(fixture, -1), STATUS_OK);
}

static void transaction__refused_by_the_group_is_aborted_and_goes_on(void **state)
{
    struct mock_stage *fixture = *state;
    rig_reset(fixture->broker);
    rig_join(fixture->broker);
    static const rd_kafka_resp_err_t codes[] = {RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
                                                RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
                                                RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        begin(fixture);
        put(fixture, OUTPUT_ALERTS_JSON, "k", "v");
        mock_cluster_fail(&fixture->mock, MOCK_TXN_OFFSET_COMMIT, codes[i], 1);
        assert_int_equal(commit(fixture, 10), STATUS_ABORT);
        rig_ok(fixture->broker->ops->abort(fixture->broker, &fixture->err), &fixture->err);
    }
    begin(fixture);
    put(fixture, OUTPUT_ALERTS_JSON, "k", "v");
    assert_int_equal(commit(fixture, 10), STATUS_OK);
}

static void transaction__without_membership_commits_no_offsets(void **state)
{
    struct mock_stage *fixture = *state;
    rig_reset(fixture->broker);
    begin(fixture);
    put(fixture, OUTPUT_ALERTS_JSON, "k", "v");
    assert_int_equal(commit(fixture, 10), STATUS_ABORT);
    rig_ok(fixture->broker->ops->abort(fixture->broker, &fixture->err), &fixture->err);
}

static void transaction__of_a_fenced_producer_asks_for_reset(void **state)
{
    struct mock_stage *fixture = *state;
    rig_reset(fixture->broker);
    begin(fixture);
    put(fixture, OUTPUT_ALERTS_JSON, "k", "v");
    mock_cluster_fail(&fixture->mock, MOCK_END_TXN, RD_KAFKA_RESP_ERR_PRODUCER_FENCED, 1);
    assert_int_equal(commit(fixture, -1), STATUS_RESET);
    rig_reset(fixture->broker);
    begin(fixture);
    put(fixture, OUTPUT_ALERTS_JSON, "k", "v");
    assert_int_equal(commit(fixture, -1), STATUS_OK);
}

// librdkafka sends a request again when its connection breaks, and the first copy may come late.
static void transaction__whose_request_was_sent_twice_is_the_producers_last(void **state)
{
    struct mock_stage *fixture = *state;
    rig_reset(fixture->broker);
    rig_join(fixture->broker);
    static const enum mock_request requests[] = {MOCK_END_TXN, MOCK_TXN_OFFSET_COMMIT};
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        begin(fixture);
        put(fixture, OUTPUT_ALERTS_JSON, "k", "v");
        mock_cluster_fail(&fixture->mock, requests[i], RD_KAFKA_RESP_ERR__TRANSPORT, 1);
        assert_int_equal(commit(fixture, 10), STATUS_OK);
        assert_int_equal(fixture->broker->ops->begin(fixture->broker, &fixture->err), STATUS_RESET);
        assert_non_null(strstr(fixture->err.text, "may still arrive"));
        rig_reset(fixture->broker);
    }
    begin(fixture);
    put(fixture, OUTPUT_ALERTS_JSON, "k", "v");
    mock_cluster_fail(&fixture->mock, MOCK_TXN_OFFSET_COMMIT,
                      RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 1); // an answer
    assert_int_equal(commit(fixture, 10), STATUS_OK);
    begin(fixture);
    put(fixture, OUTPUT_ALERTS_JSON, "k", "v");
    assert_int_equal(commit(fixture, 10), STATUS_OK);
}

static void transaction__whose_abort_was_sent_twice_is_the_producers_last(void **state)
{
    struct mock_stage *fixture = *state;
    rig_reset(fixture->broker);
    rig_join(fixture->broker);
    begin(fixture);
    put(fixture, OUTPUT_ALERTS_JSON, "k", "v");
    mock_cluster_fail(&fixture->mock, MOCK_TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
                      1);
    assert_int_equal(commit(fixture, 10), STATUS_ABORT);
    mock_cluster_fail(&fixture->mock, MOCK_END_TXN, RD_KAFKA_RESP_ERR__TRANSPORT, 1);
    rig_ok(fixture->broker->ops->abort(fixture->broker, &fixture->err), &fixture->err);
    assert_int_equal(fixture->broker->ops->begin(fixture->broker, &fixture->err), STATUS_RESET);
    rig_reset(fixture->broker);
    begin(fixture);
    rig_ok(fixture->broker->ops->abort(fixture->broker, &fixture->err), &fixture->err);
}

static void transaction__fenced_time_and_again_is_fatal(void **state)
{
    struct mock_stage *fixture = *state;
    enum status status = STATUS_RESET;
    int times = 0;
    for (; times < 10 && status == STATUS_RESET; times++) {
        rig_reset(fixture->broker);
        begin(fixture);
        put(fixture, OUTPUT_ALERTS_JSON, "k", "v");
        mock_cluster_fail(&fixture->mock, MOCK_END_TXN, RD_KAFKA_RESP_ERR_PRODUCER_FENCED, 1);
        status = commit(fixture, -1);
    }
    assert_int_equal(status, STATUS_FATAL);
    assert_true(times > 3);
    assert_non_null(strstr(fixture->err.text, "processing.instance_id"));
}

static void transaction__without_permission_is_fatal_and_names_the_acl(void **state)
{
    struct mock_stage *fixture = *state;
    mock_cluster_fail(&fixture->mock, MOCK_INIT_PRODUCER_ID,
                      RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 1);
    enum status status;
    while ((status = fixture->broker->ops->reset(fixture->broker, &fixture->err)) == STATUS_RETRY)
        ;
    assert_int_equal(status, STATUS_FATAL);
    assert_non_null(strstr(fixture->err.text, "TransactionalId"));
}

static void transaction__of_a_lost_cluster_asks_for_reset_and_heals(void **state)
{
    struct mock_stage *fixture = *state;
    rig_reset(fixture->broker);
    begin(fixture);
    put(fixture, OUTPUT_ALERTS_JSON, "k", "v");
    rd_kafka_mock_broker_set_down(fixture->mock.mock, 1);
    enum status status = commit(fixture, -1);
    assert_true(status == STATUS_RESET || status == STATUS_ABORT);
    if (status == STATUS_ABORT)
        assert_int_equal(fixture->broker->ops->abort(fixture->broker, &fixture->err), STATUS_RESET);
    assert_int_equal(fixture->broker->ops->reset(fixture->broker, &fixture->err), STATUS_RETRY);
    assert_int_equal(fixture->broker->ops->reset(fixture->broker, &fixture->err), STATUS_RETRY);
    rd_kafka_mock_broker_set_up(fixture->mock.mock, 1);
    rig_reset(fixture->broker);
    begin(fixture);
    put(fixture, OUTPUT_ALERTS_JSON, "k", "v");
    assert_int_equal(commit(fixture, -1), STATUS_OK);
}

// The answer to the offsets is held back for longer than any deadline: the call of librdkafka
// hangs, the worker does not.
static void transaction__offsets_without_an_answer_ask_for_reset(void **state)
{
    struct mock_stage *fixture = *state;
    rig_reset(fixture->broker);
    rig_join(fixture->broker);
    begin(fixture);
    put(fixture, OUTPUT_ALERTS_JSON, "k", "v");
    rd_kafka_mock_broker_push_request_error_rtts(fixture->mock.mock, 1, MOCK_TXN_OFFSET_COMMIT, 1,
                                                 RD_KAFKA_RESP_ERR_NO_ERROR, 13000);
    int64_t began_ms = clock_now_ms();
    assert_int_equal(commit(fixture, 10), STATUS_RESET);
    assert_true(clock_now_ms() - began_ms < 12500);
    assert_non_null(strstr(fixture->err.text, "no answer"));
    rig_reset(fixture->broker);
    begin(fixture);
    put(fixture, OUTPUT_ALERTS_JSON, "k", "v");
    assert_int_equal(commit(fixture, 10), STATUS_OK);
    // By the time the mock has answered, the stuck producer can be thrown away.
    while (clock_now_ms() - began_ms < 16000) {
        struct batch batch;
        rig_ok(fixture->broker->ops->poll(fixture->broker, 100, &batch, &fixture->err),
               &fixture->err);
        rig_ok(fixture->broker->ops->accept(fixture->broker, &fixture->err), &fixture->err);
    }
}

static void flush__waits_for_all_records(void **state)
{
    struct mock_stage *fixture = *state;
    rig_reset(fixture->broker);
    begin(fixture); // nothing happens without transactions
    put(fixture, OUTPUT_ALERTS_JSON, "k", "v");
    rig_ok(fixture->broker->ops->flush(fixture->broker, &fixture->err), &fixture->err);
    struct rig_records records = kafka_rig_read(&fixture->rig, "alerts-json", "read_committed");
    assert_int_equal(records.count, 1);
    rig_records_free(&records);
    assert_string_equal(fixture->broker->ops->transactional_id(fixture->broker), "");
}

static void flush__tells_of_a_refused_record(void **state)
{
    struct mock_stage *fixture = *state;
    rig_reset(fixture->broker);
    put(fixture, OUTPUT_ALERTS_JSON, "k", "v");
    mock_cluster_fail(&fixture->mock, MOCK_PRODUCE, RD_KAFKA_RESP_ERR_INVALID_RECORD, 1);
    assert_int_equal(fixture->broker->ops->flush(fixture->broker, &fixture->err), STATUS_RESET);
    assert_non_null(strstr(fixture->err.text, "alerts-json"));
    rig_reset(fixture->broker);
    put(fixture, OUTPUT_ALERTS_JSON, "k", "v");
    rig_ok(fixture->broker->ops->flush(fixture->broker, &fixture->err), &fixture->err);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, mock_stage_end)
#define CASE_AT_LEAST_ONCE(test)                                                                   \
    cmocka_unit_test_setup_teardown(test, setup_at_least_once, mock_stage_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(transaction__needs_a_reset_first),
        CASE(record__lands_where_a_java_producer_would_put_it),
        CASE(dead_letter__keeps_bytes_and_headers_of_the_original),
        CASE(changelog__reports_how_far_it_was_acknowledged),
        CASE(record__larger_than_the_topic_takes_is_refused_alone),
        CASE(transaction__refused_by_the_group_is_aborted_and_goes_on),
        CASE(transaction__without_membership_commits_no_offsets),
        CASE(transaction__of_a_fenced_producer_asks_for_reset),
        CASE(transaction__whose_request_was_sent_twice_is_the_producers_last),
        CASE(transaction__whose_abort_was_sent_twice_is_the_producers_last),
        CASE(transaction__fenced_time_and_again_is_fatal),
        CASE(transaction__without_permission_is_fatal_and_names_the_acl),
        CASE(transaction__of_a_lost_cluster_asks_for_reset_and_heals),
        CASE(transaction__offsets_without_an_answer_ask_for_reset),
        CASE_AT_LEAST_ONCE(flush__waits_for_all_records),
        CASE_AT_LEAST_ONCE(flush__tells_of_a_refused_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
