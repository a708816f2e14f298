// SPDX-License-Identifier: Apache-2.0
// Small disks that can be filled: a tmpfs for each instance's state, in a mount namespace that the
// program and its children have to themselves. That takes root (CAP_SYS_ADMIN).
#ifndef CHAOS_DISK_H
#define CHAOS_DISK_H

#include <stdbool.h>

// Enters the namespace, for this thread and the processes that it starts. False: not allowed here.
bool disk_enter(void);
// Makes the directory and mounts a disk on it.
void disk_mount(const char *dir);
void disk_unmount(const char *dir);
// Leaves no byte free; disk_relieve gives it back.
void disk_fill(const char *dir);
void disk_relieve(const char *dir);

#endif
