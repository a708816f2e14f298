// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_bounded.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/memory.h"

struct kafka_bounded {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    void (*call)(void *); // NULL: idle
    void *argument;
    void (*release)(void *); // NULL: somebody waits for the thread
    bool closing;
};

static void bounded_free(struct kafka_bounded *bounded)
{
    pthread_cond_destroy(&bounded->changed);
    pthread_mutex_destroy(&bounded->lock);
    free(bounded);
}

static void *serve(void *context)
{
    struct kafka_bounded *bounded = context;
    pthread_mutex_lock(&bounded->lock);
    for (;;) {
        while (bounded->call == NULL && !bounded->closing)
            pthread_cond_wait(&bounded->changed, &bounded->lock);
        if (bounded->call == NULL)
            break;
        pthread_mutex_unlock(&bounded->lock);
        bounded->call(bounded->argument);
        pthread_mutex_lock(&bounded->lock);
        bounded->call = NULL;
        pthread_cond_broadcast(&bounded->changed);
    }
    bool left = bounded->release != NULL;
    pthread_mutex_unlock(&bounded->lock);
    if (!left)
        return NULL;
    bounded->release(bounded->argument);
    bounded_free(bounded);
    return NULL;
}

struct kafka_bounded *kafka_bounded_open(const char *name)
{
    struct kafka_bounded *bounded = memory_zeroed(1, sizeof(*bounded));
    deadline_condition_init(&bounded->changed);
    pthread_mutex_init(&bounded->lock, NULL);
    if (pthread_create(&bounded->thread, NULL, serve, bounded) != 0) {
        bounded_free(bounded);
        return NULL;
    }
    (void)pthread_setname_np(bounded->thread, name);
    return bounded;
}

bool kafka_bounded_run(struct kafka_bounded *bounded, void (*call)(void *), void *argument,
                       int timeout_ms)
{
    int64_t until_ms = clock_now_ms() + timeout_ms;
    pthread_mutex_lock(&bounded->lock);
    ensure(bounded->call == NULL);
    bounded->argument = argument;
    bounded->call = call;
    pthread_cond_broadcast(&bounded->changed);
    bool in_time = true;
    while (bounded->call != NULL && in_time)
        in_time = deadline_wait(&bounded->changed, &bounded->lock, until_ms);
    bool finished = bounded->call == NULL;
    pthread_mutex_unlock(&bounded->lock);
    return finished;
}

bool kafka_bounded_idle(struct kafka_bounded *bounded)
{
    pthread_mutex_lock(&bounded->lock);
    bool idle = bounded->call == NULL;
    pthread_mutex_unlock(&bounded->lock);
    return idle;
}

void kafka_bounded_wait(struct kafka_bounded *bounded)
{
    pthread_mutex_lock(&bounded->lock);
    while (bounded->call != NULL)
        pthread_cond_wait(&bounded->changed, &bounded->lock);
    pthread_mutex_unlock(&bounded->lock);
}

void kafka_bounded_close(struct kafka_bounded *bounded)
{
    if (bounded == NULL)
        return;
    ensure(kafka_bounded_idle(bounded));
    pthread_mutex_lock(&bounded->lock);
    bounded->closing = true;
    pthread_cond_broadcast(&bounded->changed);
    pthread_mutex_unlock(&bounded->lock);
    pthread_join(bounded->thread, NULL);
    bounded_free(bounded);
}

void kafka_bounded_leave(struct kafka_bounded *bounded, void (*release)(void *))
{
    pthread_mutex_lock(&bounded->lock);
    ensure(!bounded->closing);
    pthread_detach(bounded->thread); // it needs the lock to end
    bounded->release = release;
    bounded->closing = true;
    pthread_cond_broadcast(&bounded->changed);
    pthread_mutex_unlock(&bounded->lock);
}
