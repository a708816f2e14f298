// SPDX-License-Identifier: Apache-2.0
// Word to the service manager: systemd's protocol of datagrams with lines of NAME=VALUE to the
// socket that it names in $NOTIFY_SOCKET (sd_notify(3) has the names). Without one all calls do
// nothing. Used by one thread.
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/status.h"

struct notify {
    int fd; // -1: nobody is there to be told
    struct sockaddr_un address;
    socklen_t address_size;
};

// `socket_name` as the manager gives it: a path, or with '@' in front an abstract name; NULL or
// empty: nobody. STATUS_FATAL, with everything off, when it is neither.
enum status notify_open(struct notify *notify, const char *socket_name, struct error *err) MUST_USE;
void notify_close(struct notify *notify);

static inline bool notify_is_on(const struct notify *notify)
{
    return notify->fd >= 0;
}

// Sends the lines of `text` (separated by '\n') as one message. Never waits. False when the manager
// has not got it; worth repeating then.
bool notify_send(const struct notify *notify, const char *text) MUST_USE;

#endif
