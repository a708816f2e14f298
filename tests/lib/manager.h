// SPDX-License-Identifier: Apache-2.0
// A service manager for tests: the socket that $NOTIFY_SOCKET names, and what has come to it.
#ifndef LIB_MANAGER_H
#define LIB_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

enum { MANAGER_NAME_MAX = 108 };

struct manager {
    int fd;
    char name[MANAGER_NAME_MAX]; // for NOTIFY_SOCKET
    char heard[64 * 1024];       // all messages, each behind a line "--"
    unsigned messages;
};

// Binds a socket: a path below `dir`, or an abstract one when that is NULL.
void manager_open(struct manager *manager, const char *dir);
void manager_close(struct manager *manager);

// Takes what is there.
void manager_listen(struct manager *manager);
bool manager_has_heard(struct manager *manager, const char *text);
// Waits until it has; the test fails after `timeout_ms`.
void manager_await(struct manager *manager, const char *text, int64_t timeout_ms);
// Forgets what has been heard.
void manager_forget(struct manager *manager);

#endif
