// SPDX-License-Identifier: Apache-2.0
#include "lib/mock_cluster.h"

#include "base/assert.h"

void mock_cluster_open(struct mock_cluster *cluster, int broker_count)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "client.id", "mock-host", text, sizeof(text));
    rd_kafka_conf_set(conf, "log_level", "0", text, sizeof(text));
    cluster->host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    ensure(cluster->host != NULL);
    cluster->mock = rd_kafka_mock_cluster_new(cluster->host, broker_count);
    ensure(cluster->mock != NULL);
    cluster->servers = rd_kafka_mock_cluster_bootstraps(cluster->mock);
}

void mock_cluster_close(struct mock_cluster *cluster)
{
    rd_kafka_mock_cluster_destroy(cluster->mock);
    rd_kafka_destroy(cluster->host);
}

void mock_cluster_topic(struct mock_cluster *cluster, const char *name, int partition_count)
{
    rd_kafka_resp_err_t code = rd_kafka_mock_topic_create(cluster->mock, name, partition_count, 1);
    ensure(code == RD_KAFKA_RESP_ERR_NO_ERROR);
}

void mock_cluster_fail(struct mock_cluster *cluster, enum mock_request request,
                       rd_kafka_resp_err_t code, int count)
{
    for (int i = 0; i < count; i++)
        rd_kafka_mock_push_request_errors(cluster->mock, (int16_t)request, 1, code);
}
