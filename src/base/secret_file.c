// SPDX-License-Identifier: Apache-2.0
#include "base/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Root may own a file that its group reads (mounted secrets come so); nobody else may.
static bool is_exposed(const struct stat *info)
{
    mode_t forbidden = info->st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
    return (info->st_mode & forbidden) != 0;
}

static enum status secret_check(const char *path, const struct stat *info, struct error *err)
{
    if (!S_ISREG(info->st_mode))
        return error_set(err, STATUS_FATAL, "secret file %s: is not a regular file", path);
    if (is_exposed(info))
        return error_set(err, STATUS_FATAL,
                         "secret file %s: has mode %04o, so that others may read or change it: "
                         "run `chmod 600` on it (0640 will do when root owns it)",
                         path, (unsigned)(info->st_mode & 07777));
    return STATUS_OK;
}

// Reads at most `max` bytes; -1 with errno on failure.
static ssize_t read_up_to(int fd, uint8_t *bytes, size_t max)
{
    size_t size = 0;
    while (size < max) {
        ssize_t got = read(fd, bytes + size, max - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        size += (size_t)got;
    }
    return (ssize_t)size;
}

static enum status secret_read(const char *path, int fd, uint8_t *bytes, size_t max, size_t *size,
                               struct error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return error_set(err, STATUS_FATAL, "secret file %s: %s", path, strerror(errno));
    enum status status = secret_check(path, &info, err);
    if (status != STATUS_OK)
        return status;
    ssize_t got = read_up_to(fd, bytes, max);
    if (got < 0)
        return error_set(err, STATUS_FATAL, "secret file %s: cannot read: %s", path,
                         strerror(errno));
    *size = (size_t)got;
    if (*size > 0 && bytes[*size - 1] == '\n')
        *size -= 1;
    return STATUS_OK;
}

enum status secret_file_read(const struct secret_file *file, uint8_t *bytes, size_t *size,
                             struct error *err)
{
    *size = 0;
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set(err, STATUS_FATAL, "secret file %s: cannot open: %s", file->path,
                         strerror(errno));
    enum status status =
        secret_read(file->path, fd, bytes, file->bytes_max + SECRET_FILE_SPARE_BYTES, size, err);
    close(fd);
    if (status == STATUS_OK && (*size < file->bytes_min || *size > file->bytes_max))
        status =
            error_set(err, STATUS_FATAL, "secret file %s: must hold %zu to %zu bytes and holds %s",
                      file->path, file->bytes_min, file->bytes_max,
                      *size < file->bytes_min ? "fewer" : "more");
    return status;
}
