// SPDX-License-Identifier: Apache-2.0
#include "cli/stop.h"

#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

static atomic_bool requested; // a signal's handler reaches nothing else

static void on_signal(int number)
{
    (void)number;
    if (atomic_exchange(&requested, true))
        _exit(1);
}

const atomic_bool *stop_on_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    return &requested;
}
