// SPDX-License-Identifier: Apache-2.0
#include "store/state_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/file.h"
#include "base/memory.h"
#include "store/path.h"

#define LOCK_NAME "lock"
#define MARKER_NAME "cardwatch.state"
#define MARKER_FIRST_LINE "cardwatch state\n"
#define MARKER_FORMAT_KEY "format="
#define MARKER_ID_KEY "application_id="

enum { STATE_FORMAT = 1, APPLICATION_ID_BYTES_MAX = 249, MARKER_BYTES_MAX = 512 };

// ---- what the marker says ----

struct marker {
    bool found;
    long format;
    char application_id[APPLICATION_ID_BYTES_MAX + 1];
};

static enum status marker_parse(const char *path, const char *text, struct marker *marker,
                                struct error *err)
{
    char format[16];
    if (sscanf(text, MARKER_FIRST_LINE MARKER_FORMAT_KEY "%15[0-9]\n" MARKER_ID_KEY "%249[^\n]",
               format, marker->application_id) != 2)
        return error_set(err, STATUS_FATAL, "%s: is not a marker of a cardwatch state directory",
                         path);
    marker->format = strtol(format, NULL, 10);
    return STATUS_OK;
}

// Reads a small file as text. *found false when there is no such file, or it is none.
static enum status text_read(const char *path, char *text, size_t size, bool *found,
                             struct error *err)
{
    struct stat info;
    struct buffer content;
    *found = false;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return STATUS_OK;
    buffer_init(&content, size - 1);
    enum status status = file_read(path, &content, found, err);
    if (status == STATUS_OK && *found) {
        memcpy(text, content.size > 0 ? content.data : (const uint8_t *)"", content.size);
        text[content.size] = '\0';
    }
    buffer_release(&content);
    return status;
}

static enum status marker_read(const char *directory, struct marker *marker, struct error *err)
{
    char text[MARKER_BYTES_MAX];
    char *path = path_join(directory, MARKER_NAME);
    enum status status = text_read(path, text, sizeof(text), &marker->found, err);
    if (status == STATUS_OK && marker->found)
        status = marker_parse(path, text, marker, err);
    free(path);
    return status;
}

static enum status marker_write(const char *directory, const char *application_id,
                                struct error *err)
{
    char text[MARKER_BYTES_MAX];
    char *path = path_join(directory, MARKER_NAME);
    snprintf(text, sizeof(text), MARKER_FIRST_LINE MARKER_FORMAT_KEY "%d\n" MARKER_ID_KEY "%s\n",
             STATE_FORMAT, application_id);
    enum status status = file_write(path, view_text(text), err);
    free(path);
    return status;
}

static bool is_marker_new(const char *name)
{
    return strcmp(name, MARKER_NAME ".new") == 0;
}

// True when the directory holds nothing but what an interrupted first start leaves.
static enum status is_fresh(const char *path, bool *fresh, struct error *err)
{
    DIR *directory = opendir(path);
    *fresh = true;
    if (directory == NULL)
        return error_set(err, STATUS_FATAL, "state directory %s: cannot read: %s", path,
                         strerror(errno));
    for (struct dirent *each; (each = readdir(directory)) != NULL;) {
        const char *name = each->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, LOCK_NAME) != 0 &&
            !is_marker_new(name))
            *fresh = false;
    }
    closedir(directory);
    return STATUS_OK;
}

static enum status check_marker(const char *path, const char *application_id,
                                const struct marker *marker, struct error *err)
{
    if (strcmp(marker->application_id, application_id) != 0)
        return error_set(err, STATUS_FATAL,
                         "state directory %s: holds the state of the application '%s', not of "
                         "'%s': set state.dir or application_id so that each has its own",
                         path, marker->application_id, application_id);
    if (marker->format != STATE_FORMAT)
        return error_set(err, STATUS_FATAL,
                         "state directory %s: has format %ld, this program reads format %d: use "
                         "the version that made it, or delete the directory: it is then rebuilt "
                         "from the changelog",
                         path, marker->format, STATE_FORMAT);
    return STATUS_OK;
}

static enum status check_belongs(const char *path, const char *application_id,
                                 struct marker *marker, struct error *err)
{
    bool fresh;
    enum status status = marker_read(path, marker, err);
    if (status != STATUS_OK)
        return status;
    if (marker->found)
        return check_marker(path, application_id, marker, err);
    status = is_fresh(path, &fresh, err);
    if (status == STATUS_OK && !fresh)
        return error_set(err, STATUS_FATAL,
                         "state directory %s: holds other files and no cardwatch state: set "
                         "state.dir to a directory for cardwatch alone",
                         path);
    return status;
}

// A path in the configuration that points into an application's directory is a mistake.
static enum status check_parent(const char *parent, struct error *err)
{
    struct marker marker;
    enum status status = marker_read(parent, &marker, err);
    if (status == STATUS_OK && marker.found)
        return error_set(err, STATUS_FATAL,
                         "state.dir %s: is itself the state directory of the application '%s': "
                         "set state.dir to the directory above it",
                         parent, marker.application_id);
    return status;
}

// ---- lock ----

static enum status lock_refused(const struct state_dir *dir, int fd, struct error *err)
{
    char pid[32] = "";
    ssize_t size = errno == EWOULDBLOCK ? pread(fd, pid, sizeof(pid) - 1, 0) : -1;
    if (size < 0)
        return error_set(err, STATUS_FATAL, "state directory %s: cannot lock: %s", dir->path,
                         strerror(errno));
    pid[strcspn(pid, "\n")] = '\0';
    return error_set(err, STATUS_FATAL,
                     "state directory %s: is held by process %s: stop it, or give this one its own "
                     "state.dir",
                     dir->path, pid[0] != '\0' ? pid : "(unknown)");
}

static enum status lock_sign(const struct state_dir *dir, int fd, struct error *err)
{
    char pid[32];
    int size = snprintf(pid, sizeof(pid), "%" PRIdMAX "\n", (intmax_t)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)size, 0) != size)
        return error_set(err, STATUS_FATAL, "state directory %s: cannot write to its lock file: %s",
                         dir->path, strerror(errno));
    return STATUS_OK;
}

// flock and not fcntl: it also keeps out a second opener in the same process. The lock ends with
// the process, however that ends; the file stays.
static enum status lock_take(struct state_dir *dir, struct error *err)
{
    char *path = path_join(dir->path, LOCK_NAME);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int failed = errno;
    free(path);
    if (fd < 0)
        return error_set(err, STATUS_FATAL,
                         "state directory %s: is not writable: %s: change its owner or mode, or "
                         "set state.dir to another",
                         dir->path, strerror(failed));
    enum status status =
        flock(fd, LOCK_EX | LOCK_NB) != 0 ? lock_refused(dir, fd, err) : lock_sign(dir, fd, err);
    if (status != STATUS_OK) {
        close(fd);
        return status;
    }
    dir->lock_fd = fd;
    return STATUS_OK;
}

// ---- life ----

static enum status check_application_id(const char *id, struct error *err)
{
    size_t size = strlen(id);
    bool is_name = size > 0 && size <= APPLICATION_ID_BYTES_MAX && strcmp(id, ".") != 0 &&
                   strcmp(id, "..") != 0 && strpbrk(id, "/\n\r") == NULL;
    if (is_name)
        return STATUS_OK;
    return error_set(err, STATUS_FATAL,
                     "application_id '%s': cannot name a directory: use 1 to %d letters, digits, "
                     "'.', '_' and '-'",
                     id, APPLICATION_ID_BYTES_MAX);
}

static enum status open_locked(struct state_dir *dir, const char *application_id, struct error *err)
{
    struct marker marker;
    enum status status = check_belongs(dir->path, application_id, &marker, err);
    if (status == STATUS_OK)
        status = lock_take(dir, err);
    // Another process may have been faster until here.
    if (status == STATUS_OK)
        status = check_belongs(dir->path, application_id, &marker, err);
    if (status == STATUS_OK && !marker.found)
        status = marker_write(dir->path, application_id, err);
    return status;
}

enum status state_dir_open(struct state_dir *dir, const char *parent, const char *application_id,
                           struct error *err)
{
    *dir = (struct state_dir){.lock_fd = -1};
    enum status status = check_application_id(application_id, err);
    if (status != STATUS_OK)
        return status;
    dir->path = path_join(parent, application_id);
    status = path_make_directories(dir->path, err);
    if (status != STATUS_OK)
        error_prefix(err, status, "state directory %s", dir->path);
    if (status == STATUS_OK)
        status = check_parent(parent, err);
    if (status == STATUS_OK)
        status = open_locked(dir, application_id, err);
    if (status != STATUS_OK)
        state_dir_close(dir);
    return status;
}

void state_dir_close(struct state_dir *dir)
{
    if (dir->lock_fd >= 0)
        close(dir->lock_fd);
    free(dir->path);
    *dir = (struct state_dir){.lock_fd = -1};
}

enum status state_dir_look(struct state_dir *dir, const char *parent, const char *application_id,
                           struct error *err)
{
    struct marker marker = {.found = false};
    *dir = (struct state_dir){.lock_fd = -1};
    enum status status = check_application_id(application_id, err);
    if (status != STATUS_OK)
        return status;
    dir->path = path_join(parent, application_id);
    status = marker_read(dir->path, &marker, err);
    if (status == STATUS_OK && !marker.found)
        status = error_set(err, STATUS_FATAL,
                           "state directory %s: holds no cardwatch state: set state.dir and "
                           "application_id as the service has them",
                           dir->path);
    if (status == STATUS_OK)
        status = check_marker(dir->path, application_id, &marker, err);
    if (status != STATUS_OK)
        state_dir_close(dir);
    return status;
}

// Lines of /proc/locks: "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF". Asking by flock would
// take the lock for a moment, and a service that starts right then would be refused.
static bool is_lock_of(const char *line, long pid, ino_t inode)
{
    char owner[16], node[24];
    return sscanf(line, "%*d: FLOCK %*s WRITE %15[0-9] %*x:%*x:%23[0-9]", owner, node) == 2 &&
           strtol(owner, NULL, 10) == pid && strtoull(node, NULL, 10) == inode;
}

long state_dir_holder(const struct state_dir *dir)
{
    char text[32] = "";
    char line[256];
    bool found = false;
    struct stat info = {.st_ino = 0};
    struct error ignored;
    char *path = path_join(dir->path, LOCK_NAME);
    enum status status = text_read(path, text, sizeof(text), &found, &ignored);
    found = found && status == STATUS_OK && stat(path, &info) == 0;
    free(path);
    long pid = found ? strtol(text, NULL, 10) : 0;
    FILE *locks = found ? fopen("/proc/locks", "re") : NULL;
    bool held = false;
    while (locks != NULL && !held && fgets(line, sizeof(line), locks) != NULL)
        held = is_lock_of(line, pid, info.st_ino);
    if (locks != NULL)
        fclose(locks);
    return held ? pid : 0;
}

char *state_dir_partition_path(const struct state_dir *dir, int32_t partition)
{
    char name[16];
    ensure(partition >= 0);
    snprintf(name, sizeof(name), "%" PRId32, partition);
    return path_join(dir->path, name);
}

enum status state_dir_kept_text(const struct state_dir *dir, const char *name, char *value,
                                size_t size, void (*make_value)(char *value, size_t size),
                                struct error *err)
{
    bool found;
    char *path = path_join(dir->path, name);
    enum status status = text_read(path, value, size, &found, err);
    if (status == STATUS_OK && found) {
        value[strcspn(value, "\n")] = '\0';
        if (value[0] == '\0')
            status = error_set(err, STATUS_FATAL, "%s: is empty: delete it", path);
    }
    if (status == STATUS_OK && !found) {
        make_value(value, size);
        ensure(value[0] != '\0' && strchr(value, '\n') == NULL);
        status = file_write(path, view_text(value), err);
    }
    free(path);
    return status;
}
