// SPDX-License-Identifier: Apache-2.0
// What the service manager (systemd) is told of a running service, by a thread of its own:
//   STATUS=               how it stands, when that has changed
//   EXTEND_TIMEOUT_USEC=  until READY: the start takes long for a reason (a cluster that is away, a
//                         state that is restored) and the service gets on
//   READY=1               once every partition that the group gave us is restored and consumed
//   WATCHDOG=1            at half of $WATCHDOG_USEC, while the workers get on (stream/health.h)
//   STOPPING=1            SIGTERM has come, or the service ends by itself
// Without $NOTIFY_SOCKET there is no thread, and nothing is told.
#ifndef CLI_SUPERVISOR_H
#define CLI_SUPERVISOR_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/notify.h"
#include "stream/exposition.h"
#include "stream/health.h"

// The manager's variables, as getenv has them (NULL: not set).
struct supervisor_place {
    const char *notify_socket;
    const char *watchdog_usec;
    const char *watchdog_pid; // another process is meant when it is not ours
};

// What the manager has got.
struct supervisor_told {
    bool ready;
    bool stopping;
    int64_t extended_ms; // when
    int64_t fed_ms;
    char status[HEALTH_SENTENCE_MAX];
};

struct supervisor {
    struct notify notify;
    const atomic_bool *stop;
    int64_t watchdog_ms; // 0: there is none
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    // Guarded by the lock.
    const struct exposition *exposition; // NULL: there is none yet, or no more
    bool leaving;
    bool closing;
    struct supervisor_told told; // the thread's own
};

// Begins to tell. `*stop` is set when the service is asked to stop. A place that cannot be used is
// warned of.
void supervisor_open(struct supervisor *supervisor, const struct supervisor_place *place,
                     const atomic_bool *stop);
// The service runs: `exposition` must stay until supervisor_leave.
void supervisor_watch(struct supervisor *supervisor, const struct exposition *exposition);
// The service ends, for whatever reason.
void supervisor_leave(struct supervisor *supervisor);
void supervisor_close(struct supervisor *supervisor);

#endif
