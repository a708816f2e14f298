// SPDX-License-Identifier: Apache-2.0
// librdkafka's built-in mock cluster in this process, reached over loopback sockets. It knows no
// isolation: transactions are accepted and have no effect.
#ifndef LIB_MOCK_CLUSTER_H
#define LIB_MOCK_CLUSTER_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stddef.h>
#include <stdint.h>

// Kafka's numbers of requests that tests have fail.
enum mock_request {
    MOCK_FETCH = 1,
    MOCK_PRODUCE = 0,
    MOCK_OFFSET_COMMIT = 8,
    MOCK_OFFSET_FETCH = 9,
    MOCK_JOIN_GROUP = 11,
    MOCK_HEARTBEAT = 12,
    MOCK_INIT_PRODUCER_ID = 22,
    MOCK_ADD_PARTITIONS = 24,
    MOCK_ADD_OFFSETS = 25,
    MOCK_END_TXN = 26,
    MOCK_TXN_OFFSET_COMMIT = 28,
};

struct mock_cluster {
    rd_kafka_t *host; // lends its thread to the mock
    rd_kafka_mock_cluster_t *mock;
    const char *servers; // bootstrap.servers
};

void mock_cluster_open(struct mock_cluster *cluster, int broker_count);
void mock_cluster_close(struct mock_cluster *cluster);
void mock_cluster_topic(struct mock_cluster *cluster, const char *name, int partition_count);
// The next `count` requests of this kind are answered with `code`.
void mock_cluster_fail(struct mock_cluster *cluster, enum mock_request request,
                       rd_kafka_resp_err_t code, int count);

#endif
