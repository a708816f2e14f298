// SPDX-License-Identifier: Apache-2.0
#include "cli/signals.h"

#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/log.h"

enum { LOOK_EVERY_NS = 50 * 1000 * 1000, EXIT_BY_SIGNAL = 128 };

// One that is ignored (nohup) stays so.
static void add_unless_ignored(sigset_t *set, int number)
{
    struct sigaction action;
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
        sigaddset(set, number);
}

static void set_of(sigset_t *set)
{
    sigemptyset(set);
    add_unless_ignored(set, SIGINT);
    add_unless_ignored(set, SIGTERM);
    add_unless_ignored(set, SIGHUP);
}

static void *take_signals(void *argument)
{
    struct signals *signals = argument;
    const struct timespec look_every = {.tv_nsec = LOOK_EVERY_NS};
    sigset_t set;
    set_of(&set);
    while (!atomic_load(&signals->closing)) {
        int number = sigtimedwait(&set, NULL, &look_every);
        log_settle();
        if (number <= 0 || !atomic_exchange(&signals->asked, true))
            continue;
        if (signals->at_once != NULL)
            signals->at_once(signals->context);
        _exit(EXIT_BY_SIGNAL + number);
    }
    return NULL;
}

void signals_open(struct signals *signals, void (*at_once)(void *context), void *context)
{
    sigset_t set;
    atomic_init(&signals->asked, false);
    atomic_init(&signals->closing, false);
    signals->at_once = at_once;
    signals->context = context;
    set_of(&set);
    ensure(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    ensure(pthread_create(&signals->thread, NULL, take_signals, signals) == 0);
}

void signals_close(struct signals *signals)
{
    sigset_t set;
    atomic_store(&signals->closing, true);
    pthread_join(signals->thread, NULL);
    set_of(&set);
    ensure(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);
}
