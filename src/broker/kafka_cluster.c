// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_cluster.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "broker/kafka_bounded.h"
#include "broker/kafka_errors.h"

enum {
    QUERY_MS = 2000,
    ANSWER_MS = QUERY_MS + 500, // where librdkafka keeps to its time-out, it is the first
    LATE_MAX = 16,
    CLOSE_LATE_MS = 1000,
    CLOSE_STEP_MS = 10,
};

enum status kafka_cluster_open(const struct kafka_property *properties, size_t property_count,
                               struct kafka_cluster **out, struct error *err)
{
    struct kafka_properties all = {properties, property_count};
    rd_kafka_conf_t *conf = NULL;
    enum status status = kafka_properties_check(&all, err);
    if (status == STATUS_OK)
        status = kafka_properties_conf(&all, KAFKA_KIND_CLUSTER, &conf, err);
    if (status != STATUS_OK)
        return status;
    struct kafka_cluster *cluster = memory_zeroed(1, sizeof(*cluster));
    status = kafka_client_open(&cluster->client, RD_KAFKA_CONSUMER, conf, cluster, err);
    if (status != STATUS_OK) {
        free(cluster);
        return status;
    }
    *out = cluster;
    return STATUS_OK;
}

void kafka_cluster_close(struct kafka_cluster *cluster)
{
    if (cluster == NULL)
        return;
    for (int ms = 0; atomic_load(&cluster->late_count) > 0 && ms < CLOSE_LATE_MS;
         ms += CLOSE_STEP_MS)
        rd_kafka_poll(cluster->client.rk, CLOSE_STEP_MS);
    if (atomic_load(&cluster->late_count) > 0) {
        log_warn("kafka",
                 "a question to the cluster hangs in librdkafka: its handle is left behind");
        return;
    }
    kafka_client_close(&cluster->client);
    free(cluster);
}

// Why no broker answers is known to librdkafka's threads alone, who tell it to the error callback.
static enum status unreachable(struct kafka_cluster *cluster, rd_kafka_resp_err_t code,
                               struct error *err)
{
    rd_kafka_resp_err_t why = RD_KAFKA_RESP_ERR_NO_ERROR;
    char text[512];
    rd_kafka_poll(cluster->client.rk, 0);
    kafka_client_is_down(&cluster->client, &why, text, sizeof(text));
    struct kafka_fault fault =
        kafka_fault_of_code(why != RD_KAFKA_RESP_ERR_NO_ERROR ? why : code, text);
    return kafka_fault_report(&fault, KAFKA_STAGE_QUERY, err, "no Kafka broker can be reached");
}

enum status kafka_cluster_ping(struct kafka_cluster *cluster, int timeout_ms, struct error *err)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code =
        rd_kafka_metadata(cluster->client.rk, 0, NULL, &metadata, timeout_ms);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return unreachable(cluster, code, err);
    rd_kafka_metadata_destroy(metadata);
    kafka_client_up(&cluster->client);
    return STATUS_OK;
}

// Of its own, because it may outlive the one who asks.
struct question {
    struct kafka_cluster *cluster;
    char *topic;
    int32_t partition;
    int64_t low;
    int64_t high;
    rd_kafka_resp_err_t code;
};

static void question_ask(void *context)
{
    struct question *question = context;
    question->code = rd_kafka_query_watermark_offsets(question->cluster->client.rk, question->topic,
                                                      question->partition, &question->low,
                                                      &question->high, QUERY_MS);
}

static void question_free(struct question *question)
{
    free(question->topic);
    free(question);
}

static void question_drop(void *context)
{
    struct question *question = context;
    atomic_fetch_sub(&question->cluster->late_count, 1);
    question_free(question);
}

static rd_kafka_resp_err_t ask_watermarks(struct kafka_cluster *cluster, const char *topic,
                                          int32_t partition, int64_t *low, int64_t *high)
{
    if (atomic_load(&cluster->late_count) >= LATE_MAX)
        return RD_KAFKA_RESP_ERR__TIMED_OUT;
    struct question *question = memory_zeroed(1, sizeof(*question));
    *question =
        (struct question){.cluster = cluster, .topic = memory_text(topic), .partition = partition};
    struct kafka_bounded *bounded = kafka_bounded_open("question");
    if (bounded == NULL) {
        question_free(question);
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    }
    if (!kafka_bounded_run(bounded, question_ask, question, ANSWER_MS)) {
        atomic_fetch_add(&cluster->late_count, 1);
        kafka_bounded_leave(bounded, question_drop);
        return RD_KAFKA_RESP_ERR__TIMED_OUT;
    }
    kafka_bounded_close(bounded);
    rd_kafka_resp_err_t code = question->code;
    *low = question->low;
    *high = question->high;
    question_free(question);
    return code;
}

enum status kafka_cluster_watermarks(struct kafka_cluster *cluster, const char *topic,
                                     int32_t partition, int64_t *low, int64_t *high,
                                     struct error *err)
{
    rd_kafka_resp_err_t code = ask_watermarks(cluster, topic, partition, low, high);
    rd_kafka_poll(cluster->client.rk, 0);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return STATUS_OK;
    struct kafka_fault fault = kafka_fault_of_code(code, NULL);
    return kafka_fault_report(&fault, KAFKA_STAGE_QUERY, err,
                              "cannot read the watermarks of %s/%" PRId32, topic, partition);
}

enum status kafka_cluster_offset_at(struct kafka_cluster *cluster, const char *topic,
                                    int32_t partition, int64_t timestamp_ms, int64_t *offset,
                                    struct error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *item = rd_kafka_topic_partition_list_add(list, topic, partition);
    item->offset = timestamp_ms;
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(cluster->client.rk, list, QUERY_MS);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        code = item->err;
    *offset = item->offset >= 0 ? item->offset : -1;
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_poll(cluster->client.rk, 0);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return STATUS_OK;
    struct kafka_fault fault = kafka_fault_of_code(code, NULL);
    return kafka_fault_report(&fault, KAFKA_STAGE_QUERY, err, "cannot find a time in %s/%" PRId32,
                              topic, partition);
}

// -1 when it does not exist (or not any more).
static enum status count_partitions(const struct rd_kafka_metadata_topic *topic,
                                    int32_t *partition_count, struct error *err)
{
    switch (topic->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        *partition_count = topic->partition_cnt;
        return STATUS_OK;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        *partition_count = -1;
        return STATUS_OK;
    default:;
        struct kafka_fault fault = kafka_fault_of_code(topic->err, NULL);
        return kafka_fault_report(&fault, KAFKA_STAGE_QUERY, err, "cannot look up topic %s",
                                  topic->topic);
    }
}

enum status kafka_topic_partitions(struct kafka_cluster *cluster, const char *topic,
                                   int32_t *partition_count, struct error *err)
{
    rd_kafka_t *rk = cluster->client.rk;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
    if (handle == NULL)
        return error_set(err, STATUS_FATAL, "'%s' cannot be a topic's name", topic);
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code = rd_kafka_metadata(rk, 0, handle, &metadata, QUERY_MS);
    rd_kafka_topic_destroy(handle);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return unreachable(cluster, code, err);
    kafka_client_up(&cluster->client);
    *partition_count = -1;
    enum status status = STATUS_OK;
    if (metadata->topic_cnt > 0)
        status = count_partitions(&metadata->topics[0], partition_count, err);
    rd_kafka_metadata_destroy(metadata);
    return status;
}
