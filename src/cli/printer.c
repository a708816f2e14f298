// SPDX-License-Identifier: Apache-2.0
#include "cli/printer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { LARGE_BYTES = 65536, WAIT_MS = 100, GATHERED_BYTES_MAX = 2 * PRINTER_LINE_BYTES_MAX };

void printer_init(struct printer *printer, int fd, const atomic_bool *stop)
{
    *printer = (struct printer){.fd = fd, .stop = stop};
    buffer_init(&printer->gathered, GATHERED_BYTES_MAX);
}

void printer_release(struct printer *printer)
{
    buffer_release(&printer->gathered);
}

bool printer_is_large(const struct printer *printer)
{
    return printer->gathered.size >= LARGE_BYTES;
}

// Once it can take some; -1 and errno otherwise.
static ssize_t write_some(struct printer *printer, struct view left)
{
    struct pollfd writable = {.fd = printer->fd, .events = POLLOUT};
    int ready = poll(&writable, 1, WAIT_MS);
    if (ready <= 0)
        return ready;
    size_t size = left.size < PIPE_BUF ? left.size : PIPE_BUF; // what a pipe takes without waiting
    return write(printer->fd, left.data, size);
}

enum status printer_flush(struct printer *printer, struct error *err)
{
    struct view left = buffer_view(&printer->gathered);
    while (left.size > 0 && !printer->closed) {
        ssize_t written = write_some(printer, left);
        if (written > 0)
            left = (struct view){left.data + written, left.size - (size_t)written};
        else if (written < 0 && errno == EPIPE)
            printer->closed = true;
        else if (written < 0 && errno != EINTR && errno != EAGAIN)
            return error_set(err, STATUS_FATAL, "stdout cannot be written: %s", strerror(errno));
        else if (atomic_load(printer->stop))
            break;
    }
    buffer_clear(&printer->gathered);
    return STATUS_OK;
}

void printer_look(struct printer *printer)
{
    struct pollfd look = {.fd = printer->fd, .events = 0};
    if (poll(&look, 1, 0) > 0 && (look.revents & POLLERR) != 0)
        printer->closed = true;
}
