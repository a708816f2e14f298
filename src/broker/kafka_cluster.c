// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_cluster.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/memory.h"
#include "broker/kafka_errors.h"

enum { QUERY_MS = 2000 };

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

enum status kafka_cluster_watermarks(struct kafka_cluster *cluster, const char *topic,
                                     int32_t partition, int64_t *low, int64_t *high,
                                     struct error *err)
{
    rd_kafka_resp_err_t code =
        rd_kafka_query_watermark_offsets(cluster->client.rk, topic, partition, low, high, QUERY_MS);
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
