// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_waker.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

enum { FETCH_QUEUE_BACKOFF_SINCE = 0x02020000, QUERY_MS_MAX = 1000 };

struct kafka_waker {
    rd_kafka_t *rk;
    const char *topic;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    // Guarded by the lock.
    int32_t wanted; // -1: none
    bool closing;
};

static void *serve(void *context)
{
    struct kafka_waker *waker = context;
    pthread_mutex_lock(&waker->lock);
    while (!waker->closing) {
        int32_t partition = waker->wanted;
        waker->wanted = -1;
        if (partition < 0) {
            pthread_cond_wait(&waker->changed, &waker->lock);
            continue;
        }
        pthread_mutex_unlock(&waker->lock);
        int64_t low;
        int64_t high;
        (void)rd_kafka_query_watermark_offsets(waker->rk, waker->topic, partition, &low, &high,
                                               QUERY_MS_MAX);
        pthread_mutex_lock(&waker->lock);
    }
    pthread_mutex_unlock(&waker->lock);
    return NULL;
}

struct kafka_waker *kafka_waker_open(rd_kafka_t *rk, const char *topic)
{
    if (rd_kafka_version() >= FETCH_QUEUE_BACKOFF_SINCE)
        return NULL;
    struct kafka_waker *waker = memory_zeroed(1, sizeof(*waker));
    waker->rk = rk;
    waker->topic = topic;
    waker->wanted = -1;
    pthread_mutex_init(&waker->lock, NULL);
    pthread_cond_init(&waker->changed, NULL);
    int failed = pthread_create(&waker->thread, NULL, serve, waker);
    ensure(failed == 0);
    (void)pthread_setname_np(waker->thread, "fetch-waker");
    return waker;
}

void kafka_waker_close(struct kafka_waker *waker)
{
    if (waker == NULL)
        return;
    pthread_mutex_lock(&waker->lock);
    waker->closing = true;
    pthread_cond_signal(&waker->changed);
    pthread_mutex_unlock(&waker->lock);
    pthread_join(waker->thread, NULL);
    pthread_cond_destroy(&waker->changed);
    pthread_mutex_destroy(&waker->lock);
    free(waker);
}

void kafka_waker_wake(struct kafka_waker *waker, int32_t partition)
{
    if (waker == NULL)
        return;
    pthread_mutex_lock(&waker->lock);
    waker->wanted = partition;
    pthread_cond_signal(&waker->changed);
    pthread_mutex_unlock(&waker->lock);
}
