// SPDX-License-Identifier: Apache-2.0
#include "cli/supervisor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/log.h"

enum {
    TURN_MS = 1000,
    EXTEND_EVERY_MS = 10000,
    EXTEND_BY_MS = 60000,
    MESSAGE_BYTES_MAX = 1024,
    REASON_BYTES_MAX = 256,
};

static int64_t watchdog_of(const struct supervisor_place *place)
{
    if (place->watchdog_usec == NULL)
        return 0;
    if (place->watchdog_pid != NULL && strtoll(place->watchdog_pid, NULL, 10) != getpid())
        return 0;
    return strtoll(place->watchdog_usec, NULL, 10) / 1000;
}

static int64_t turn_ms(const struct supervisor *supervisor)
{
    int64_t half_ms = supervisor->watchdog_ms / 2;
    return half_ms > 0 && half_ms < TURN_MS ? half_ms : TURN_MS;
}

// ---- a message: its lines, and what will have been told by it ----

static void add_status(struct buffer *lines, struct supervisor_told *told, const char *sentence)
{
    if (strcmp(told->status, sentence) == 0)
        return;
    snprintf(told->status, sizeof(told->status), "%s", sentence);
    ensure(buffer_append_format(lines, "STATUS=%s\n", sentence));
}

static void add_food(struct buffer *lines, struct supervisor_told *told,
                     const struct supervisor *supervisor, int64_t now_ms)
{
    if (supervisor->watchdog_ms == 0 ||
        now_ms + turn_ms(supervisor) - told->fed_ms <= supervisor->watchdog_ms / 2)
        return;
    told->fed_ms = now_ms;
    ensure(buffer_append_format(lines, "WATCHDOG=1\n"));
}

static void add_patience(struct buffer *lines, struct supervisor_told *told, int64_t now_ms)
{
    if (told->ready || (told->extended_ms != 0 && now_ms - told->extended_ms < EXTEND_EVERY_MS))
        return;
    told->extended_ms = now_ms;
    ensure(buffer_append_format(lines, "EXTEND_TIMEOUT_USEC=%d000\n", EXTEND_BY_MS));
}

// The stop has a time-out of its own: the watchdog need not bark.
static void add_end(struct buffer *lines, struct supervisor_told *told)
{
    if (!told->stopping)
        ensure(buffer_append_format(lines, "STOPPING=1\n"));
    told->stopping = true;
    add_status(lines, told, "stopping: committing, then writing what is in memory to the store");
}

static void add_running(struct buffer *lines, struct supervisor_told *told,
                        const struct supervisor *supervisor, int64_t now_ms)
{
    char sentence[HEALTH_SENTENCE_MAX];
    struct buffer reason;
    buffer_init(&reason, REASON_BYTES_MAX);
    bool alive = health_is_alive(supervisor->exposition, now_ms, &reason);
    if (alive) {
        health_sentence(supervisor->exposition, sentence);
        add_patience(lines, told, now_ms);
        add_food(lines, told, supervisor, now_ms);
    } else {
        snprintf(sentence, sizeof(sentence), "%.*s", (int)reason.size, (const char *)reason.data);
        sentence[strcspn(sentence, "\n")] = '\0';
    }
    buffer_release(&reason);
    add_status(lines, told, sentence);
    if (told->ready || !alive || !health_is_consuming(supervisor->exposition))
        return;
    told->ready = true;
    ensure(buffer_append_format(lines, "READY=1\n"));
}

static void compose(const struct supervisor *supervisor, struct buffer *lines,
                    struct supervisor_told *told, int64_t now_ms)
{
    if (supervisor->leaving || atomic_load(supervisor->stop)) {
        add_end(lines, told);
        add_food(lines, told, supervisor, now_ms);
        return;
    }
    if (supervisor->exposition != NULL) {
        add_running(lines, told, supervisor, now_ms);
        return;
    }
    add_status(lines, told, "looking for Kafka, its topics and the schema registry");
    add_patience(lines, told, now_ms);
}

// ---- the thread ----

static void tell(struct supervisor *supervisor)
{
    struct supervisor_told told = supervisor->told;
    struct buffer lines;
    buffer_init(&lines, MESSAGE_BYTES_MAX);
    compose(supervisor, &lines, &told, clock_now_ms());
    if (lines.size > 0) {
        ensure(buffer_append_byte(&lines, '\0'));
        if (notify_send(&supervisor->notify, (const char *)lines.data))
            supervisor->told = told;
    }
    buffer_release(&lines);
}

static void wait_a_turn(struct supervisor *supervisor)
{
    (void)deadline_wait(&supervisor->wake, &supervisor->lock, clock_now_ms() + turn_ms(supervisor));
}

static void *run(void *argument)
{
    struct supervisor *supervisor = argument;
    pthread_mutex_lock(&supervisor->lock);
    while (!supervisor->closing) {
        tell(supervisor);
        wait_a_turn(supervisor);
    }
    tell(supervisor); // it is leaving, and that may not have been told yet
    pthread_mutex_unlock(&supervisor->lock);
    return NULL;
}

static void start(struct supervisor *supervisor)
{
    deadline_condition_init(&supervisor->wake);
    pthread_mutex_init(&supervisor->lock, NULL);
    ensure(pthread_create(&supervisor->thread, NULL, run, supervisor) == 0);
    (void)pthread_setname_np(supervisor->thread, "supervisor");
}

void supervisor_open(struct supervisor *supervisor, const struct supervisor_place *place,
                     const atomic_bool *stop)
{
    struct error err;
    *supervisor = (struct supervisor){.stop = stop, .watchdog_ms = watchdog_of(place)};
    if (notify_open(&supervisor->notify, place->notify_socket, &err) != STATUS_OK)
        log_warn("service", "the service manager is told nothing", LOG_TEXT("reason", err.text));
    if (notify_is_on(&supervisor->notify))
        start(supervisor);
}

static void change(struct supervisor *supervisor, const struct exposition *exposition, bool leaving,
                   bool closing)
{
    if (!notify_is_on(&supervisor->notify))
        return;
    pthread_mutex_lock(&supervisor->lock);
    supervisor->exposition = exposition;
    supervisor->leaving = leaving;
    supervisor->closing = closing;
    pthread_cond_signal(&supervisor->wake);
    pthread_mutex_unlock(&supervisor->lock);
}

void supervisor_watch(struct supervisor *supervisor, const struct exposition *exposition)
{
    change(supervisor, exposition, false, false);
}

void supervisor_leave(struct supervisor *supervisor)
{
    change(supervisor, NULL, true, false);
}

void supervisor_close(struct supervisor *supervisor)
{
    if (!notify_is_on(&supervisor->notify))
        return;
    change(supervisor, NULL, true, true);
    pthread_join(supervisor->thread, NULL);
    pthread_cond_destroy(&supervisor->wake);
    pthread_mutex_destroy(&supervisor->lock);
    notify_close(&supervisor->notify);
}
