// SPDX-License-Identifier: Apache-2.0
#include "lib/workspace.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/memory.h"

char *workspace_text(const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    int size = vasprintf(&text, format, args);
    va_end(args);
    ensure(size >= 0);
    return text;
}

char *workspace_make(void)
{
    const char *base = getenv("TMPDIR");
    char *path = workspace_text("%s/cardwatch-test-XXXXXX", base == NULL ? "/tmp" : base);
    ensure(mkdtemp(path) != NULL);
    return path;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)walk;
    if (kind == FTW_DP)
        return rmdir(path);
    return unlink(path);
}

// A directory that a test has made unwritable must become writable before its content can go.
static int open_up(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)walk;
    if (kind == FTW_D || kind == FTW_DNR)
        chmod(path, 0700);
    return 0;
}

void workspace_remove(const char *path)
{
    nftw(path, open_up, 16, FTW_PHYS);
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void workspace_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ensure(file != NULL);
    ensure(fputs(text, file) >= 0);
    ensure(fclose(file) == 0);
}

char *workspace_read(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return memory_text("");
    char *text = NULL;
    size_t size = 0;
    if (getdelim(&text, &size, '\0', file) < 0) {
        free(text);
        text = memory_text("");
    }
    fclose(file);
    return text;
}
