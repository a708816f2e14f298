// SPDX-License-Identifier: Apache-2.0
#include "store/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

char *path_join(const char *parent, const char *name)
{
    size_t size = strlen(parent) + strlen(name) + 2;
    char *path = memory_zeroed(size, 1);
    snprintf(path, size, "%s/%s", parent, name);
    return path;
}

enum status path_sync(const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, STATUS_FATAL, "%s: cannot open: %s", path, strerror(errno));
    // Some file systems cannot sync a directory, and say EINVAL.
    int failed = fsync(fd) != 0 && errno != EINVAL ? errno : 0;
    close(fd);
    if (failed != 0)
        return error_set(err, STATUS_FATAL, "%s: cannot sync: %s", path, strerror(failed));
    return STATUS_OK;
}

enum status path_remove(const char *directory, const char *name, struct error *err)
{
    char *path = path_join(directory, name);
    enum status status = STATUS_OK;
    if (unlink(path) != 0 && errno != ENOENT)
        status = error_set(err, STATUS_FATAL, "%s: cannot remove: %s", path, strerror(errno));
    free(path);
    return status;
}

enum status path_make_directory(const char *path, struct error *err)
{
    struct stat info;
    if (mkdir(path, 0700) == 0)
        return STATUS_OK;
    if (errno != EEXIST)
        return error_set(err, STATUS_FATAL, "%s: cannot create the directory: %s", path,
                         strerror(errno));
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return STATUS_OK;
    return error_set(err, STATUS_FATAL, "%s: is not a directory", path);
}

enum status path_make_directories(const char *path, struct error *err)
{
    char *part = memory_text(path);
    enum status status = STATUS_OK;
    for (char *at = part + 1; *at != '\0' && status == STATUS_OK; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        status = path_make_directory(part, err);
        *at = '/';
    }
    if (status == STATUS_OK)
        status = path_make_directory(part, err);
    free(part);
    return status;
}
