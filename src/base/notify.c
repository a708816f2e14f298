// SPDX-License-Identifier: Apache-2.0
#include "base/notify.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static bool address_fill(struct notify *notify, const char *socket_name)
{
    size_t size = strlen(socket_name);
    bool abstract = socket_name[0] == '@';
    // A path ends with a zero byte; an abstract name begins with one and has all its bytes.
    if ((!abstract && socket_name[0] != '/') || size < 2 ||
        size + !abstract > sizeof(notify->address.sun_path))
        return false;
    notify->address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(notify->address.sun_path, socket_name, size);
    if (abstract)
        notify->address.sun_path[0] = '\0';
    notify->address_size =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (abstract ? 0 : 1));
    return true;
}

enum status notify_open(struct notify *notify, const char *socket_name, struct error *err)
{
    *notify = (struct notify){.fd = -1};
    if (socket_name == NULL || socket_name[0] == '\0')
        return STATUS_OK;
    if (!address_fill(notify, socket_name))
        return error_set(err, STATUS_FATAL,
                         "NOTIFY_SOCKET: '%s' is not a path from / or @NAME, or it is too long",
                         socket_name);
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (notify->fd < 0)
        return error_set(err, STATUS_FATAL, "NOTIFY_SOCKET: cannot make a socket: %s",
                         strerror(errno));
    return STATUS_OK;
}

void notify_close(struct notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}

bool notify_send(const struct notify *notify, const char *text)
{
    if (notify->fd < 0)
        return true;
    size_t size = strlen(text);
    return sendto(notify->fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT,
                  (const struct sockaddr *)&notify->address, notify->address_size) == (ssize_t)size;
}
