// SPDX-License-Identifier: Apache-2.0
// The end-to-end tests' own tools against a real Kafka: what they load is there, and what they read
// is what a read_committed consumer may see.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/murmur2.h"
#include "lib/kafkad.h"
#include "lib/plain_client.h"
#include "lib/process.h"
#include "lib/scene.h"

static int start_kafka(void **state)
{
    *state = kafkad_open();
    return 0;
}

static int stop_kafka(void **state)
{
    kafkad_close(*state);
    return 0;
}

static void loader__puts_purchases_where_a_jvm_producer_would(void **state)
{
    struct kafkad *kafka = *state;
    enum { MESSAGES = 50000, PARTITIONS = 4 };
    struct workload workload;
    struct topic_records records;
    const struct workload_settings settings = {
        .generator = generator_settings_default(),
        .oracle = oracle_settings_default(),
        .bootstrap = kafkad_bootstrap(kafka),
        .topic = "loaded",
        .partitions = PARTITIONS,
    };
    kafkad_topic(kafka, "loaded", PARTITIONS, NULL);
    workload_open(&workload, &settings);
    workload_send(&workload, MESSAGES);
    records_read(&records, kafkad_bootstrap(kafka), "loaded");
    assert_int_equal(records.count, MESSAGES);
    int64_t next[PARTITIONS] = {0};
    for (size_t i = 0; i < records.count; i++) {
        const struct topic_record *record = &records.items[i];
        assert_int_equal(record->partition, murmur2_partition(record->key, PARTITIONS));
        assert_true(record->offset == next[record->partition]++);
        assert_true(record->timestamp_ms >= settings.generator.start_ms);
    }
    assert_true(workload.alert_count > 0);
    records_release(&records);
    workload_close(&workload);
}

static void loader__sends_null_keys_tombstones_headers_and_no_timestamp(void **state)
{
    struct kafkad *kafka = *state;
    int32_t partition;
    int64_t offset;
    struct topic_records records;
    kafkad_topic(kafka, "odd", 2, "compact,delete");
    char *policy = kafkad_topic_setting(kafka, "odd", "cleanup.policy");
    assert_string_equal(policy, "compact,delete");
    free(policy);
    struct loader *loader = loader_open(kafkad_bootstrap(kafka), "odd", 2);
    const struct loader_message tombstone = {
        .partition = 1,
        .key = view_text("k"),
        .timestamp_ms = 5,
        .header_name = "h",
        .header_value = view_text("v"),
    };
    const struct loader_message timeless = {
        .partition = 1,
        .key = view_text(""),
        .value = view_text(""),
        .timestamp_ms = -1,
    };
    loader_send(loader, &tombstone, &partition, &offset);
    loader_send(loader, &timeless, &partition, &offset);
    assert_true(partition == 1 && offset == 1);
    loader_close(loader);
    records_read(&records, kafkad_bootstrap(kafka), "odd");
    assert_int_equal(records.count, 2);
    assert_null(records.items[0].value.data);
    assert_true(records.items[0].timestamp_ms == 5);
    char *header = record_header(&records.items[0], "h");
    assert_string_equal(header, "v");
    free(header);
    assert_non_null(records.items[1].key.data);
    assert_non_null(records.items[1].value.data);
    assert_true(records.items[1].timestamp_ms == -1);
    records_release(&records);
}

static rd_kafka_t *transactional_producer(const char *bootstrap)
{
    rd_kafka_t *producer = PLAIN_CLIENT(RD_KAFKA_PRODUCER, {"bootstrap.servers", bootstrap},
                                        {"transactional.id", "harness"});
    assert_null(rd_kafka_init_transactions(producer, 30000));
    return producer;
}

static void transact(rd_kafka_t *producer, const char *topic, const char *value, bool commit)
{
    assert_null(rd_kafka_begin_transaction(producer));
    assert_int_equal(rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic),
                                       RD_KAFKA_V_VALUE((void *)value, strlen(value)),
                                       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(rd_kafka_flush(producer, 10000), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_error_t *failed = commit ? rd_kafka_commit_transaction(producer, 10000)
                                      : rd_kafka_abort_transaction(producer, 10000);
    assert_null(failed);
}

static void records__shows_committed_transactions_alone(void **state)
{
    struct kafkad *kafka = *state;
    struct topic_records records;
    kafkad_topic(kafka, "transacted", 1, NULL);
    rd_kafka_t *producer = transactional_producer(kafkad_bootstrap(kafka));
    transact(producer, "transacted", "first", true);
    transact(producer, "transacted", "aborted", false);
    transact(producer, "transacted", "second", true);
    rd_kafka_destroy(producer);
    records_read(&records, kafkad_bootstrap(kafka), "transacted");
    assert_int_equal(records.count, 2);
    assert_true(view_equal(records.items[0].value, view_text("first")));
    assert_true(view_equal(records.items[1].value, view_text("second")));
    records_release(&records);
}

static void watch__tells_how_far_a_group_has_come(void **state)
{
    struct kafkad *kafka = *state;
    const char *bootstrap = kafkad_bootstrap(kafka);
    int32_t partition;
    int64_t offset;
    kafkad_topic(kafka, "watched", 1, NULL);
    struct loader *loader = loader_open(bootstrap, "watched", 1);
    const struct loader_message message = {.value = view_text("v"), .timestamp_ms = 5};
    for (int i = 0; i < 10; i++)
        loader_send(loader, &message, &partition, &offset);
    loader_flush(loader);
    struct group_watch *watch = group_watch_open(bootstrap, "watchers", "watched", 1);
    assert_true(group_watch_lag(watch) == 10);
    assert_true(group_watch_committed(watch, 0) == -1);

    rd_kafka_t *consumer =
        PLAIN_CLIENT(RD_KAFKA_CONSUMER, {"bootstrap.servers", bootstrap}, {"group.id", "watchers"});
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "watched", 0)->offset = 7;
    assert_int_equal(rd_kafka_commit(consumer, list, 0), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(consumer);

    assert_true(group_watch_lag(watch) == 3);
    assert_true(group_watch_committed(watch, 0) == 7);
    group_watch_close(watch);
    loader_close(loader);
}

static void kafka__keeps_its_data_and_address_over_a_restart(void **state)
{
    struct kafkad *kafka = *state;
    kafkad_topic(kafka, "kept", 3, NULL);
    kafkad_restart(kafka);
    assert_int_equal(kafkad_partitions(kafka, "kept"), 3);
    assert_int_equal(kafkad_partitions(kafka, "none"), -1);
}

static void processes__are_waited_for_and_killed(void **state)
{
    (void)state;
    const char *const quick[] = {"sh", "-c", "exit 3", NULL};
    const char *const slow[] = {"sleep", "1000", NULL};
    const char *const none[] = {"/no/such/program", NULL};
    struct process process;
    assert_int_equal(process_run(quick, "/dev/null", 10000), 3);
    assert_int_equal(process_run(none, "/dev/null", 10000), 127);
    assert_int_equal(process_run(slow, "/dev/null", 0), -1);
    process_spawn(&process, slow, "/dev/null");
    assert_true(process_running(&process));
    process_kill(&process);
    assert_false(process_running(&process));
}

static void processes__take_signals_that_the_tests_ignore(void **state)
{
    (void)state;
    const char *const interrupted[] = {"sh", "-c", "kill -INT $$; exit 3", NULL};
    void (*before)(int) = signal(SIGINT, SIG_IGN);
    int code = process_run(interrupted, "/dev/null", 10000);
    signal(SIGINT, before);
    assert_int_equal(code, 128 + SIGINT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processes__are_waited_for_and_killed),
        cmocka_unit_test(processes__take_signals_that_the_tests_ignore),
        cmocka_unit_test(loader__puts_purchases_where_a_jvm_producer_would),
        cmocka_unit_test(loader__sends_null_keys_tombstones_headers_and_no_timestamp),
        cmocka_unit_test(records__shows_committed_transactions_alone),
        cmocka_unit_test(watch__tells_how_far_a_group_has_come),
        cmocka_unit_test(kafka__keeps_its_data_and_address_over_a_restart),
    };
    return cmocka_run_group_tests(tests, start_kafka, stop_kafka);
}
