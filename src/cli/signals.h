// SPDX-License-Identifier: Apache-2.0
// Ctrl-C for commands that end in good order: SIGINT, SIGTERM and SIGHUP, unless they are ignored,
// are taken by a thread: the first one sets a flag, a second one ends the process at once.
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <pthread.h>
#include <stdatomic.h>

struct signals {
    atomic_bool asked; // to stop
    atomic_bool closing;
    pthread_t thread;
    void (*at_once)(void *context); // called before the process ends at a second signal
    void *context;
};

// Call before other threads are started: they inherit that the signals are blocked. `at_once` may
// be NULL; it runs in the signals' thread.
void signals_open(struct signals *signals, void (*at_once)(void *context), void *context);
// The signals mean again what they meant before.
void signals_close(struct signals *signals);

#endif
