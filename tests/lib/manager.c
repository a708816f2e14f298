// SPDX-License-Identifier: Apache-2.0
#include "lib/manager.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/process.h"

static void make_name(struct manager *manager, const char *dir)
{
    static unsigned counter;
    if (dir != NULL)
        snprintf(manager->name, sizeof(manager->name), "%s/notify-%u", dir, counter++);
    else
        snprintf(manager->name, sizeof(manager->name), "@cardwatch-test-%ld-%u", (long)getpid(),
                 counter++);
}

void manager_open(struct manager *manager, const char *dir)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *manager = (struct manager){0};
    make_name(manager, dir);
    size_t size = strlen(manager->name);
    assert_true(size < sizeof(address.sun_path));
    memcpy(address.sun_path, manager->name, size);
    if (dir == NULL)
        address.sun_path[0] = '\0';
    manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(manager->fd >= 0);
    assert_int_equal(bind(manager->fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)),
                     0);
}

void manager_close(struct manager *manager)
{
    if (manager->name[0] == '/')
        (void)unlink(manager->name);
    close(manager->fd);
}

void manager_listen(struct manager *manager)
{
    char message[4096];
    ssize_t size;
    while ((size = recv(manager->fd, message, sizeof(message) - 1, MSG_DONTWAIT)) >= 0) {
        size_t used = strlen(manager->heard);
        message[size] = '\0';
        snprintf(manager->heard + used, sizeof(manager->heard) - used, "--\n%s", message);
        manager->messages++;
    }
}

bool manager_has_heard(struct manager *manager, const char *text)
{
    manager_listen(manager);
    return strstr(manager->heard, text) != NULL;
}

void manager_await(struct manager *manager, const char *text, int64_t timeout_ms)
{
    int64_t deadline_ms = process_clock_ms() + timeout_ms;
    while (!manager_has_heard(manager, text)) {
        if (process_clock_ms() > deadline_ms)
            fail_msg("the service manager has not heard '%s', but:\n%s", text, manager->heard);
        process_nap();
    }
}

void manager_forget(struct manager *manager)
{
    manager_listen(manager);
    manager->heard[0] = '\0';
    manager->messages = 0;
}
