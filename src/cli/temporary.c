// SPDX-License-Identifier: Apache-2.0
#include "cli/temporary.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DESCRIPTORS_MAX = 16 };

enum status temporary_make(struct temporary *temporary, struct error *err)
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || parent[0] == '\0')
        parent = "/tmp";
    int size = snprintf(temporary->path, sizeof(temporary->path), "%s/cardwatch-XXXXXX", parent);
    if (size >= 0 && (size_t)size < sizeof(temporary->path) && mkdtemp(temporary->path) != NULL)
        return STATUS_OK;
    temporary->path[0] = '\0';
    return error_set(err, STATUS_FATAL, "no directory can be made below %s: %s; set TMPDIR", parent,
                     strerror(errno));
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    (void)remove(path);
    return 0;
}

void temporary_remove(struct temporary *temporary)
{
    if (temporary->path[0] != '\0')
        (void)nftw(temporary->path, remove_entry, DESCRIPTORS_MAX, FTW_DEPTH | FTW_PHYS);
    temporary->path[0] = '\0';
}
