// SPDX-License-Identifier: Apache-2.0
#include "chaos/disk.h"

#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "lib/workspace.h"

enum { FILL_BYTES = 1 << 16 };

bool disk_enter(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

void disk_mount(const char *dir)
{
    int failed = mkdir(dir, 0700);
    ensure(failed == 0);
    failed = mount("tmpfs", dir, "tmpfs", MS_NOSUID | MS_NODEV, "size=256m,mode=0700");
    ensure(failed == 0);
}

void disk_unmount(const char *dir)
{
    umount2(dir, MNT_DETACH);
    rmdir(dir);
}

static char *filler(const char *dir)
{
    return workspace_text("%s/filler", dir);
}

void disk_fill(const char *dir)
{
    static const uint8_t zeroes[FILL_BYTES];
    char *path = filler(dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    for (size_t size = FILL_BYTES; fd >= 0 && size > 0;)
        size = write(fd, zeroes, size) == (ssize_t)size ? size : size / 2;
    if (fd >= 0)
        close(fd);
    free(path);
}

void disk_relieve(const char *dir)
{
    char *path = filler(dir);
    unlink(path);
    free(path);
}
