// SPDX-License-Identifier: Apache-2.0
#include "lib/loader.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "base/murmur2.h"
#include "lib/plain_client.h"

// A machine that stops all of us for minutes is no reason to give up: several times that.
enum { FLUSH_TIMEOUT_MS = 30000, FLUSH_TRIES = 10 };

struct loader {
    rd_kafka_t *producer;
    rd_kafka_topic_t *topic;
    int32_t partitions;
    int64_t *sent;
};

static void refuse(const rd_kafka_message_t *message, const char *what)
{
    fprintf(stderr, "loading failed: %s, at %d/%lld: %s\n", what, message->partition,
            (long long)message->offset, rd_kafka_message_errstr(message));
    exit(1);
}

// The private pointer is the offset that the caller was told, plus one. A message that a retry
// found on the broker already has none.
static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    (void)producer;
    (void)opaque;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        refuse(message, "not delivered");
    if (message->offset >= 0 && message->offset != (int64_t)(intptr_t)message->_private - 1)
        refuse(message, "not where it was expected");
}

struct loader *loader_open(const char *bootstrap, const char *topic, int32_t partitions)
{
    return loader_open_with(bootstrap, topic, partitions, "none");
}

struct loader *loader_open_with(const char *bootstrap, const char *topic, int32_t partitions,
                                const char *compression)
{
    struct loader *loader = memory_zeroed(1, sizeof(*loader));
    // A broker forgets a producer whose newest message is older than a day, which synthetic times
    // are, and then no longer sees that a request of it is missing: one at a time keeps the order.
    rd_kafka_conf_t *conf =
        PLAIN_CONF({"max.in.flight.requests.per.connection", "1"}, {"bootstrap.servers", bootstrap},
                   {"enable.idempotence", "true"}, {"compression.type", compression},
                   {"linger.ms", "5"}, {"message.timeout.ms", "0"}, // never: see FLUSH_TRIES
                   {"batch.size", "262144"}, {"queue.buffering.max.messages", "200000"},
                   {"message.max.bytes", "4000000"}, {"reconnect.backoff.max.ms", "500"});
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    loader->producer = plain_client_open(RD_KAFKA_PRODUCER, conf);
    loader->topic = rd_kafka_topic_new(loader->producer, topic, NULL);
    loader->partitions = partitions;
    loader->sent = memory_zeroed((size_t)partitions, sizeof(int64_t));
    return loader;
}

void loader_flush(struct loader *loader)
{
    rd_kafka_resp_err_t failed = RD_KAFKA_RESP_ERR__TIMED_OUT;
    for (int i = 0; i < FLUSH_TRIES && failed == RD_KAFKA_RESP_ERR__TIMED_OUT; i++)
        failed = rd_kafka_flush(loader->producer, FLUSH_TIMEOUT_MS);
    ensure(failed == RD_KAFKA_RESP_ERR_NO_ERROR);
}

int64_t loader_sent(const struct loader *loader, int32_t partition)
{
    ensure(partition >= 0 && partition < loader->partitions);
    return loader->sent[partition];
}

void loader_close(struct loader *loader)
{
    if (loader == NULL)
        return;
    loader_flush(loader);
    rd_kafka_topic_destroy(loader->topic);
    rd_kafka_destroy(loader->producer);
    free(loader->sent);
    free(loader);
}

static int32_t partition_of(const struct loader *loader, const struct loader_message *message)
{
    if (message->partition >= 0)
        return message->partition;
    return message->key.data == NULL ? 0 : murmur2_partition(message->key, loader->partitions);
}

static rd_kafka_resp_err_t produce(struct loader *loader, const struct loader_message *message,
                                   int32_t partition, void *expected)
{
    rd_kafka_headers_t *headers = NULL;
    if (message->header_name != NULL) {
        headers = rd_kafka_headers_new(1);
        rd_kafka_header_add(headers, message->header_name, -1, message->header_value.data,
                            (ssize_t)message->header_value.size);
    }
    rd_kafka_resp_err_t failed =
        rd_kafka_producev(loader->producer, RD_KAFKA_V_RKT(loader->topic),
                          RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_KEY(message->key.data, message->key.size),
                          RD_KAFKA_V_VALUE((void *)message->value.data, message->value.size),
                          RD_KAFKA_V_TIMESTAMP(message->timestamp_ms), RD_KAFKA_V_OPAQUE(expected),
                          RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR && headers != NULL)
        rd_kafka_headers_destroy(headers);
    return failed;
}

void loader_send(struct loader *loader, const struct loader_message *message, int32_t *partition,
                 int64_t *offset)
{
    ensure(message->timestamp_ms != 0); // librdkafka takes 0 for "now"
    *partition = partition_of(loader, message);
    *offset = loader->sent[*partition]++;
    void *expected = (void *)(intptr_t)(*offset + 1);
    for (;;) {
        rd_kafka_resp_err_t failed = produce(loader, message, *partition, expected);
        if (failed == RD_KAFKA_RESP_ERR_NO_ERROR)
            break;
        ensure(failed == RD_KAFKA_RESP_ERR__QUEUE_FULL);
        rd_kafka_poll(loader->producer, 10);
    }
    rd_kafka_poll(loader->producer, 0);
}
