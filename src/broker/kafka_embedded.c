// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_embedded.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>

#include "base/memory.h"
#include "broker/kafka_client.h"

enum { BROKERS = 1, REPLICAS = 1 };

// Newer versions of librdkafka have it; without it the first member of a group waits 3 s.
extern __attribute__((weak)) void
rd_kafka_mock_group_initial_rebalance_delay_ms(rd_kafka_mock_cluster_t *mcluster, int32_t delay_ms);

struct kafka_embedded {
    struct kafka_client host; // a producer that produces nothing: lends the mock its thread
    rd_kafka_mock_cluster_t *mock;
};

enum status kafka_embedded_open(struct kafka_embedded **out, struct error *err)
{
    struct kafka_embedded *embedded = memory_zeroed(1, sizeof(*embedded));
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    kafka_conf_set(conf, "client.id", "cardwatch-embedded-broker");
    kafka_conf_set(conf, "log_level", "3"); // not that it has no brokers: it is one
    enum status status = kafka_client_open(&embedded->host, RD_KAFKA_PRODUCER, conf, embedded, err);
    if (status == STATUS_OK)
        embedded->mock = rd_kafka_mock_cluster_new(embedded->host.rk, BROKERS);
    if (status == STATUS_OK && embedded->mock == NULL)
        status = error_set(err, STATUS_FATAL,
                           "the embedded broker cannot start: no socket on 127.0.0.1 to be had");
    if (status != STATUS_OK) {
        kafka_embedded_close(embedded);
        return status;
    }
    if (rd_kafka_mock_group_initial_rebalance_delay_ms != NULL)
        rd_kafka_mock_group_initial_rebalance_delay_ms(embedded->mock, 0);
    *out = embedded;
    return STATUS_OK;
}

void kafka_embedded_close(struct kafka_embedded *embedded)
{
    if (embedded == NULL)
        return;
    if (embedded->mock != NULL)
        rd_kafka_mock_cluster_destroy(embedded->mock);
    kafka_client_close(&embedded->host);
    free(embedded);
}

const char *kafka_embedded_bootstrap(const struct kafka_embedded *embedded)
{
    return rd_kafka_mock_cluster_bootstraps(embedded->mock);
}

enum status kafka_embedded_topic(struct kafka_embedded *embedded, const char *name,
                                 int32_t partition_count, struct error *err)
{
    rd_kafka_resp_err_t code =
        rd_kafka_mock_topic_create(embedded->mock, name, partition_count, REPLICAS);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return STATUS_OK;
    return error_set(err, STATUS_FATAL, "the embedded broker cannot make the topic %s: %s", name,
                     rd_kafka_err2str(code));
}
