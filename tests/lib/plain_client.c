// SPDX-License-Identifier: Apache-2.0
#include "lib/plain_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"

static _Noreturn void refuse(const char *what, const char *why)
{
    fprintf(stderr, "a Kafka client of the tests: %s: %s\n", what, why);
    exit(1);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[512];
    if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) != RD_KAFKA_CONF_OK)
        refuse(name, text);
}

rd_kafka_conf_t *plain_conf(const struct plain_setting *settings)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "log_level", "2");
    for (; settings->name != NULL; settings++)
        set(conf, settings->name, settings->value);
    return conf;
}

rd_kafka_t *plain_client_open(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char text[512];
    rd_kafka_t *client = rd_kafka_new(type, conf, text, sizeof(text));
    if (client == NULL)
        refuse("not opened", text);
    if (type == RD_KAFKA_CONSUMER)
        rd_kafka_poll_set_consumer(client);
    return client;
}

void plain_client_assign(rd_kafka_t *consumer, const char *topic, int32_t partitions)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
    for (int32_t p = 0; p < partitions; p++)
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
    ensure(rd_kafka_assign(consumer, list) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
}
