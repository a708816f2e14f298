// SPDX-License-Identifier: Apache-2.0
#include "lib/receiver.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/fnv.h"
#include "base/memory.h"
#include "lib/plain_alert.h"
#include "lib/plain_client.h"
#include "lib/process.h"
#include "lib/sender.h"

enum { BATCH = 1000 };

// An expected alert by its name.
struct name {
    uint64_t hash; // of card and timestamp
    size_t alert;
};

struct receiver {
    const struct schedule *schedule;
    struct name *names; // sorted
    size_t *shots;      // by alert
    atomic_int_least64_t *times_us;
    size_t count;
    atomic_size_t seen;
    rd_kafka_t *consumer;
    pthread_t thread;
    atomic_bool done;
};

static uint64_t hash_of(struct view card, int64_t timestamp_ms)
{
    return fnv_add(fnv_add(FNV_START, &timestamp_ms, sizeof(timestamp_ms)), card.data, card.size);
}

static int by_hash(const void *left, const void *right)
{
    const struct name *a = left;
    const struct name *b = right;
    return a->hash < b->hash ? -1 : a->hash > b->hash;
}

static int by_place(const struct shot *shot, int32_t partition, int64_t offset)
{
    if (shot->partition != partition)
        return shot->partition < partition ? -1 : 1;
    return shot->offset < offset ? -1 : shot->offset > offset;
}

// Alerts come in the order of their shots.
static void name_alerts(struct receiver *receiver)
{
    const struct schedule *schedule = receiver->schedule;
    size_t shot = 0;
    for (size_t i = 0; i < receiver->count; i++) {
        const struct expected_alert *alert = &schedule->workload->alerts[schedule->first_alert + i];
        while (by_place(&schedule->shots[shot], alert->partition, alert->offset) != 0)
            ensure(++shot < schedule->count);
        receiver->shots[i] = shot;
        receiver->names[i] = (struct name){hash_of(view_text(alert->card), alert->timestamp_ms), i};
    }
    qsort(receiver->names, receiver->count, sizeof(receiver->names[0]), by_hash);
}

static void see(struct receiver *receiver, const rd_kafka_message_t *message, int64_t now_us)
{
    struct plain_alert alert;
    const struct view value = {message->payload, message->len};
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR || message->key == NULL ||
        !plain_alert_read(value, &alert))
        return;
    const struct view card = {message->key, message->key_len};
    const struct name wanted = {hash_of(card, alert.timestamp_ms), 0};
    const struct name *found =
        bsearch(&wanted, receiver->names, receiver->count, sizeof(wanted), by_hash);
    if (found == NULL || receiver->times_us[found->alert] != 0)
        return;
    receiver->times_us[found->alert] = now_us;
    receiver->seen++;
}

static void *receive(void *context)
{
    struct receiver *receiver = context;
    rd_kafka_message_t *messages[BATCH];
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(receiver->consumer);
    while (!receiver->done) {
        ssize_t got = rd_kafka_consume_batch_queue(queue, 100, messages, 1);
        if (got == 1)
            got += rd_kafka_consume_batch_queue(queue, 0, messages + 1, BATCH - 1);
        int64_t now_us = sender_now_us();
        for (ssize_t i = 0; i < got; i++) {
            see(receiver, messages[i], now_us);
            rd_kafka_message_destroy(messages[i]);
        }
    }
    rd_kafka_queue_destroy(queue);
    return NULL;
}

static rd_kafka_t *connect_consumer(const char *bootstrap)
{
    return PLAIN_CLIENT(RD_KAFKA_CONSUMER, {"bootstrap.servers", bootstrap},
                        {"group.id", "receiver"}, {"isolation.level", "read_committed"},
                        {"enable.auto.commit", "false"}, {"fetch.wait.max.ms", "500"},
                        {"fetch.error.backoff.ms", "1"});
}

struct receiver *receiver_open(const char *bootstrap, const char *topic,
                               const struct schedule *schedule)
{
    struct receiver *receiver = memory_zeroed(1, sizeof(*receiver));
    receiver->schedule = schedule;
    receiver->count = schedule->workload->alert_count - schedule->first_alert;
    receiver->names = memory_zeroed(receiver->count + 1, sizeof(receiver->names[0]));
    receiver->shots = memory_zeroed(receiver->count + 1, sizeof(receiver->shots[0]));
    receiver->times_us = memory_zeroed(receiver->count + 1, sizeof(receiver->times_us[0]));
    name_alerts(receiver);
    receiver->consumer = connect_consumer(bootstrap);
    plain_client_assign(receiver->consumer, topic, schedule->workload->partitions);
    ensure(pthread_create(&receiver->thread, NULL, receive, receiver) == 0);
    return receiver;
}

void receiver_close(struct receiver *receiver)
{
    receiver->done = true;
    pthread_join(receiver->thread, NULL);
    rd_kafka_consumer_close(receiver->consumer);
    rd_kafka_destroy(receiver->consumer);
    free(receiver->names);
    free(receiver->shots);
    free(receiver->times_us);
    free(receiver);
}

size_t receiver_count(const struct receiver *receiver)
{
    return receiver->count;
}

size_t receiver_seen(const struct receiver *receiver)
{
    return receiver->seen;
}

bool receiver_await_all(const struct receiver *receiver, int64_t timeout_ms)
{
    int64_t deadline_ms = process_clock_ms() + timeout_ms;
    while (receiver->seen < receiver->count) {
        if (process_clock_ms() > deadline_ms)
            return false;
        process_nap();
    }
    return true;
}

int64_t receiver_time_us(const struct receiver *receiver, size_t alert)
{
    return receiver->times_us[alert];
}

size_t receiver_shot(const struct receiver *receiver, size_t alert)
{
    return receiver->shots[alert];
}
