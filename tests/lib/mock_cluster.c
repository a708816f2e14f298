// SPDX-License-Identifier: Apache-2.0
#include "lib/mock_cluster.h"

#include "base/assert.h"
#include "lib/plain_client.h"

void mock_cluster_open(struct mock_cluster *cluster, int broker_count)
{
    cluster->host = PLAIN_CLIENT(RD_KAFKA_PRODUCER, {"client.id", "mock-host"}, {"log_level", "0"});
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
