// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { READ_BYTES = 16384 };

static enum status read_all(int fd, const char *path, struct buffer *out, struct error *err)
{
    for (;;) {
        if (!buffer_reserve(out, out->max - out->size < READ_BYTES ? 1 : READ_BYTES))
            return error_set(err, STATUS_FATAL, "%s is larger than %zu bytes", path, out->max);
        ssize_t got = read(fd, out->data + out->size, out->capacity - out->size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set(err, STATUS_FATAL, "cannot read %s: %s", path, strerror(errno));
        if (got == 0)
            return STATUS_OK;
        out->size += (size_t)got;
    }
}

enum status file_read(const char *path, struct buffer *out, bool *found, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    *found = fd >= 0;
    if (fd < 0 && errno == ENOENT)
        return STATUS_OK;
    if (fd < 0)
        return error_set(err, STATUS_FATAL, "cannot open %s: %s", path, strerror(errno));
    enum status status = read_all(fd, path, out, err);
    close(fd);
    return status;
}

static enum status write_all(int fd, struct view content)
{
    while (content.size > 0) {
        ssize_t written = write(fd, content.data, content.size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return STATUS_FATAL;
        content.data += written;
        content.size -= (size_t)written;
    }
    return fsync(fd) == 0 ? STATUS_OK : STATUS_FATAL;
}

// A rename is durable once its directory is.
static void sync_directory_of(const char *path)
{
    char directory[PATH_MAX];
    snprintf(directory, sizeof(directory), "%s", path);
    char *slash = strrchr(directory, '/');
    if (slash == NULL)
        snprintf(directory, sizeof(directory), ".");
    else
        slash[slash == directory ? 1 : 0] = '\0';
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

enum status file_write(const char *path, struct view content, struct error *err)
{
    char temporary[PATH_MAX];
    int size = snprintf(temporary, sizeof(temporary), "%s.new", path);
    if (size < 0 || (size_t)size >= sizeof(temporary))
        return error_set(err, STATUS_FATAL, "the path is too long: %s", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set(err, STATUS_FATAL, "cannot create %s: %s", temporary, strerror(errno));
    enum status status = write_all(fd, content);
    int write_errno = errno;
    close(fd);
    if (status == STATUS_OK && rename(temporary, path) != 0) {
        write_errno = errno;
        status = STATUS_FATAL;
    }
    if (status != STATUS_OK) {
        (void)unlink(temporary);
        return error_set(err, STATUS_FATAL, "cannot write %s: %s", path, strerror(write_errno));
    }
    sync_directory_of(path);
    return STATUS_OK;
}
