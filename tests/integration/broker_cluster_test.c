// SPDX-License-Identifier: Apache-2.0
// The cluster as a whole, and what is wrong with a configuration, against librdkafka's mock
// cluster.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "broker/kafka_client.h"
#include "broker/kafka_cluster.h"
#include "lib/kafka_rig.h"
#include "lib/mock_cluster.h"

static void cluster__is_pinged_and_asked_for_topics(void **state)
{
    (void)state;
    struct mock_cluster mock;
    struct kafka_rig rig;
    struct error err;
    mock_cluster_open(&mock, 3);
    mock_cluster_topic(&mock, "purchases", 5);
    kafka_rig_open(&rig, mock.servers);
    kafka_rig_open_cluster(&rig);
    rig_ok(kafka_cluster_ping(rig.cluster, 5000, &err), &err);
    int32_t count = 0;
    rig_ok(kafka_topic_partitions(rig.cluster, "purchases", &count, &err), &err);
    assert_int_equal(count, 5);
    struct kafka_topic_plan plan = {"purchases", 9, NULL, 0};
    bool created = true;
    rig_ok(kafka_topic_create(rig.cluster, &plan, &created, &err), &err);
    assert_false(created);
    kafka_rig_close(&rig);
    mock_cluster_close(&mock);
}

static void cluster__out_of_reach_is_a_retry_that_says_why(void **state)
{
    (void)state;
    struct kafka_property property = {"bootstrap.servers", "127.0.0.1:1"};
    struct kafka_cluster *cluster = NULL;
    struct error err;
    rig_ok(kafka_cluster_open(&property, 1, &cluster, &err), &err);
    enum status status = STATUS_OK;
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    do // the first answer may come before the reason is known
        status = kafka_cluster_ping(cluster, 300, &err);
    while (strstr(err.text, "refused") == NULL && clock_now_ms() < deadline_ms);
    assert_int_equal(status, STATUS_RETRY);
    assert_non_null(strstr(err.text, "127.0.0.1:1"));
    assert_non_null(strstr(err.text, "refused"));
    int32_t count = 0;
    assert_int_equal(kafka_topic_partitions(cluster, "purchases", &count, &err), STATUS_RETRY);
    kafka_cluster_close(cluster);
}

// librdkafka's own time-out does not end the question.
static void cluster__that_swallows_questions_is_a_retry(void **state)
{
    (void)state;
    struct mock_cluster mock;
    struct kafka_rig rig;
    struct error err;
    int64_t low = -1;
    int64_t high = -1;
    mock_cluster_open(&mock, 1);
    mock_cluster_topic(&mock, "purchases", 1);
    kafka_rig_open(&rig, mock.servers);
    kafka_rig_open_cluster(&rig);
    rig_ok(kafka_cluster_watermarks(rig.cluster, "purchases", 0, &low, &high, &err), &err);
    assert_int_equal(low, 0);
    assert_int_equal(high, 0);
    rd_kafka_mock_broker_set_rtt(mock.mock, 1, 60 * 60 * 1000);
    assert_int_equal(kafka_cluster_watermarks(rig.cluster, "purchases", 0, &low, &high, &err),
                     STATUS_RETRY);
    assert_non_null(strstr(err.text, "cannot read the watermarks of purchases/0"));
    kafka_rig_close(&rig);
    mock_cluster_close(&mock);
}

static void cluster__with_a_wrong_property_is_not_opened(void **state)
{
    (void)state;
    struct kafka_property properties[] = {{"bootstrap.servers", "127.0.0.1:1"}, {"nonsense", "1"}};
    struct kafka_cluster *cluster = NULL;
    struct error err;
    assert_int_equal(kafka_cluster_open(properties, 2, &cluster, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, "kafka.nonsense"));
    kafka_cluster_close(NULL);
}

// librdkafka looks at some properties together, and only when a handle is made of them.
static void properties__that_do_not_fit_are_refused_when_their_handle_is_made(void **state)
{
    (void)state;
    struct kafka_property properties[] = {{"bootstrap.servers", "127.0.0.1:1"},
                                          {"max.poll.interval.ms", "1000"}, // below the session's
                                          {"message.timeout.ms", "60000"}}; // above a transaction's
    struct kafka_cluster *cluster = NULL;
    struct error err;
    assert_int_equal(kafka_cluster_open(properties, 2, &cluster, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, "max.poll.interval.ms"));
    struct kafka_rig rig;
    kafka_rig_open(&rig, "127.0.0.1:1");
    kafka_rig_property(&rig, properties[2].name, properties[2].value);
    struct broker *broker = kafka_rig_broker(&rig, "i-0", "t-0");
    assert_int_equal(broker->ops->reset(broker, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, "message.timeout.ms"));
    broker->ops->close(broker);
    kafka_rig_close(&rig);
}

static void worker__without_a_cluster_waits_and_closes_at_once(void **state)
{
    (void)state;
    struct kafka_rig rig;
    struct error err;
    kafka_rig_open(&rig, "127.0.0.1:1");
    struct broker *broker = kafka_rig_broker(&rig, "i-0", "t-0");
    struct batch batch;
    enum status status = STATUS_OK;
    int64_t deadline_ms = clock_now_ms() + RIG_WAIT_MS;
    while (status == STATUS_OK && clock_now_ms() < deadline_ms)
        status = broker->ops->poll(broker, 50, &batch, &err);
    assert_int_equal(status, STATUS_RETRY);
    assert_non_null(strstr(err.text, "no Kafka broker can be reached"));
    assert_int_equal(broker->ops->reset(broker, &err), STATUS_RETRY);
    int64_t low = 0;
    int64_t high = 0;
    assert_int_equal(broker->ops->input_watermarks(broker, 0, &low, &high, &err), STATUS_RETRY);
    assert_int_equal(broker->ops->committed(broker, 0, &low, &err), STATUS_RETRY);
    broker->ops->close(broker);
    kafka_rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cluster__is_pinged_and_asked_for_topics),
        cmocka_unit_test(cluster__out_of_reach_is_a_retry_that_says_why),
        cmocka_unit_test(cluster__that_swallows_questions_is_a_retry),
        cmocka_unit_test(cluster__with_a_wrong_property_is_not_opened),
        cmocka_unit_test(properties__that_do_not_fit_are_refused_when_their_handle_is_made),
        cmocka_unit_test(worker__without_a_cluster_waits_and_closes_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
