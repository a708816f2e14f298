// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_client.h"

#include <stdio.h>
#include <string.h>

#include "broker/kafka_log.h"

// Any of librdkafka's threads.
static void take_line(const rd_kafka_t *rk, int severity, const char *facility, const char *text)
{
    kafka_log_line(rk != NULL ? rd_kafka_name(rk) : "none yet", severity, facility, text);
}

// The thread that polls.
static void take_trouble(rd_kafka_t *rk, int code, const char *text, void *opaque)
{
    struct kafka_client *client = opaque;
    kafka_log_trouble(rd_kafka_name(rk), rd_kafka_err2name((rd_kafka_resp_err_t)code), text);
    pthread_mutex_lock(&client->lock);
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        client->down = true;
    } else {
        client->last_code = (rd_kafka_resp_err_t)code;
        snprintf(client->trouble, sizeof(client->trouble), "%s", text);
    }
    pthread_mutex_unlock(&client->lock);
}

enum status kafka_client_open(struct kafka_client *client, rd_kafka_type_t type,
                              rd_kafka_conf_t *conf, void *owner, struct error *err)
{
    *client = (struct kafka_client){.owner = owner, .ready = true};
    pthread_mutex_init(&client->lock, NULL);
    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_log_cb(conf, take_line);
    rd_kafka_conf_set_error_cb(conf, take_trouble);
    char text[512];
    client->rk = rd_kafka_new(type, conf, text, sizeof(text));
    if (client->rk != NULL)
        return STATUS_OK;
    rd_kafka_conf_destroy(conf);
    kafka_client_close(client);
    return error_set(err, STATUS_FATAL, "the kafka.* properties do not go together: %s", text);
}

void kafka_client_close(struct kafka_client *client)
{
    if (client->rk != NULL)
        rd_kafka_destroy_flags(client->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    if (client->ready)
        pthread_mutex_destroy(&client->lock);
    *client = (struct kafka_client){.rk = NULL};
}

bool kafka_client_is_down(struct kafka_client *client, rd_kafka_resp_err_t *code, char *text,
                          size_t size)
{
    pthread_mutex_lock(&client->lock);
    bool down = client->down;
    *code = client->last_code;
    snprintf(text, size, "%s", client->trouble);
    pthread_mutex_unlock(&client->lock);
    return down;
}

void kafka_client_up(struct kafka_client *client)
{
    pthread_mutex_lock(&client->lock);
    client->down = false;
    client->last_code = RD_KAFKA_RESP_ERR_NO_ERROR;
    client->trouble[0] = '\0';
    pthread_mutex_unlock(&client->lock);
}
