// SPDX-License-Identifier: Apache-2.0
#include "lib/sender.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/assert.h"
#include "base/memory.h"
#include "lib/plain_client.h"

enum { TICK_US = 250, FLUSH_MS = 60000 };

struct sender {
    const struct schedule *schedule;
    rd_kafka_t *producer;
    rd_kafka_topic_t *topic;
    pthread_t thread;
    int64_t began_us;
    atomic_size_t sent;
    uint32_t *ack_us;
};

int64_t sender_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static _Noreturn void refuse(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

// The private pointer is the number of the shot, plus one.
static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    (void)producer;
    struct sender *sender = opaque;
    size_t number = (size_t)(uintptr_t)message->_private - 1;
    const struct shot *shot = &sender->schedule->shots[number];
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        refuse("sending failed", rd_kafka_message_errstr(message));
    if (message->offset >= 0 && message->offset != shot->offset)
        refuse("a purchase is not where it was to be", "somebody else writes to the topic");
    int64_t us = sender_now_us() - sender->began_us - schedule_due_us(sender->schedule, number);
    sender->ack_us[number] = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

static void connect_producer(struct sender *sender, const char *bootstrap, const char *topic)
{
    rd_kafka_conf_t *conf =
        PLAIN_CONF({"bootstrap.servers", bootstrap}, {"enable.idempotence", "true"},
                   {"linger.ms", "1"}, {"compression.type", "lz4"},
                   {"socket.nagle.disable", "true"}, {"queue.buffering.max.messages", "2000000"},
                   {"message.timeout.ms", "1800000"}); // whatever the machine does meanwhile
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_opaque(conf, sender);
    sender->producer = plain_client_open(RD_KAFKA_PRODUCER, conf);
    sender->topic = rd_kafka_topic_new(sender->producer, topic, NULL);
    const struct rd_kafka_metadata *metadata; // so that the first purchase need not wait for it
    ensure(rd_kafka_metadata(sender->producer, 0, sender->topic, &metadata, FLUSH_MS) ==
           RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_metadata_destroy(metadata);
}

static void shoot(struct sender *sender, size_t number)
{
    const struct schedule *schedule = sender->schedule;
    const struct shot *shot = &schedule->shots[number];
    uint8_t *key = schedule->bytes + shot->at;
    for (;;) {
        rd_kafka_resp_err_t failed = rd_kafka_producev(
            sender->producer, RD_KAFKA_V_RKT(sender->topic), RD_KAFKA_V_PARTITION(shot->partition),
            RD_KAFKA_V_MSGFLAGS(0), RD_KAFKA_V_KEY(key, shot->key_size),
            RD_KAFKA_V_VALUE(key + shot->key_size, shot->value_size),
            RD_KAFKA_V_TIMESTAMP(shot->timestamp_ms),
            RD_KAFKA_V_OPAQUE((void *)(uintptr_t)(number + 1)), RD_KAFKA_V_END);
        if (failed == RD_KAFKA_RESP_ERR_NO_ERROR)
            return;
        ensure(failed == RD_KAFKA_RESP_ERR__QUEUE_FULL);
        rd_kafka_poll(sender->producer, 1);
    }
}

static void nap_until(int64_t us)
{
    const struct timespec until = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void *send_all(void *context)
{
    struct sender *sender = context;
    const struct schedule *schedule = sender->schedule;
    while (sender->sent < schedule->count) {
        int64_t now_us = sender_now_us();
        while (sender->sent < schedule->count &&
               sender->began_us + schedule_due_us(schedule, sender->sent) <= now_us) {
            shoot(sender, sender->sent);
            sender->sent++;
        }
        rd_kafka_poll(sender->producer, 0);
        nap_until(now_us + TICK_US);
    }
    ensure(rd_kafka_flush(sender->producer, FLUSH_MS) == RD_KAFKA_RESP_ERR_NO_ERROR);
    return NULL;
}

struct sender *sender_open(const char *bootstrap, const char *topic,
                           const struct schedule *schedule)
{
    struct sender *sender = memory_zeroed(1, sizeof(*sender));
    sender->schedule = schedule;
    sender->ack_us = memory_zeroed(schedule->count, sizeof(sender->ack_us[0]));
    connect_producer(sender, bootstrap, topic);
    sender->began_us = sender_now_us();
    ensure(pthread_create(&sender->thread, NULL, send_all, sender) == 0);
    return sender;
}

void sender_await(struct sender *sender)
{
    pthread_join(sender->thread, NULL);
}

void sender_close(struct sender *sender)
{
    rd_kafka_topic_destroy(sender->topic);
    rd_kafka_destroy(sender->producer);
    free(sender->ack_us);
    free(sender);
}

int64_t sender_began_us(const struct sender *sender)
{
    return sender->began_us;
}

size_t sender_sent(const struct sender *sender)
{
    return sender->sent;
}

uint32_t *sender_ack_us(struct sender *sender)
{
    return sender->ack_us;
}
