// SPDX-License-Identifier: Apache-2.0
#include "chaos/watch.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "lib/process.h"

enum { LOOKS_APART = 40 /* naps */, LOOK_MS_MAX = 2500, MISSES_MAX = 5 };

struct watch {
    const struct scene *scene; // borrowed
    struct group_watch *group;
    int misses; // looks in a row that saw nothing
    pthread_t thread;
    pthread_mutex_t lock;
    bool closing;
    int64_t sent;
    int64_t committed;
    int64_t looked_ms;
    int64_t quiet_ms;   // since it moved, or had nothing to do
    int64_t silence_ms; // the longest
};

static void note(struct watch *watch, int64_t committed)
{
    int64_t now_ms = process_clock_ms();
    int64_t passed_ms = now_ms - watch->looked_ms;
    bool moved = committed > watch->committed;
    watch->looked_ms = now_ms;
    if (moved)
        watch->committed = committed;
    // A look takes a second or so; longer, and the whole machine was stopped.
    watch->quiet_ms += passed_ms > LOOK_MS_MAX ? LOOK_MS_MAX : passed_ms;
    if (moved || watch->committed >= watch->sent)
        watch->quiet_ms = 0;
    if (watch->quiet_ms > watch->silence_ms)
        watch->silence_ms = watch->quiet_ms;
}

static struct group_watch *open_group(const struct scene *scene)
{
    return group_watch_open_prompt(kafkad_bootstrap(scene->kafka), scene->application_id,
                                   scene->purchases, scene->settings.partitions);
}

// librdkafka may take minutes to find the group's coordinator again after a broker's restart.
static int64_t look_once(struct watch *watch)
{
    int64_t committed = group_watch_total(watch->group);
    watch->misses = committed < 0 ? watch->misses + 1 : 0;
    if (watch->misses < MISSES_MAX)
        return committed;
    group_watch_close(watch->group);
    watch->group = open_group(watch->scene);
    watch->misses = 0;
    return committed;
}

static void *look(void *context)
{
    struct watch *watch = context;
    for (bool closing = false; !closing;) {
        int64_t committed = look_once(watch);
        pthread_mutex_lock(&watch->lock);
        note(watch, committed);
        closing = watch->closing;
        pthread_mutex_unlock(&watch->lock);
        for (int nap = 0; nap < LOOKS_APART && !closing; nap++)
            process_nap();
    }
    return NULL;
}

struct watch *watch_open(const struct scene *scene)
{
    struct watch *watch = memory_zeroed(1, sizeof(*watch));
    watch->scene = scene;
    watch->group = open_group(scene);
    watch->looked_ms = process_clock_ms();
    pthread_mutex_init(&watch->lock, NULL);
    int failed = pthread_create(&watch->thread, NULL, look, watch);
    ensure(failed == 0);
    return watch;
}

void watch_close(struct watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    watch->closing = true;
    pthread_mutex_unlock(&watch->lock);
    pthread_join(watch->thread, NULL);
    pthread_mutex_destroy(&watch->lock);
    group_watch_close(watch->group);
    free(watch);
}

void watch_sent(struct watch *watch, size_t sent)
{
    pthread_mutex_lock(&watch->lock);
    watch->sent = (int64_t)sent;
    pthread_mutex_unlock(&watch->lock);
}

int64_t watch_silence_ms(struct watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    int64_t silence_ms = watch->silence_ms;
    pthread_mutex_unlock(&watch->lock);
    return silence_ms;
}

int64_t watch_committed(struct watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    int64_t committed = watch->committed;
    pthread_mutex_unlock(&watch->lock);
    return committed;
}
