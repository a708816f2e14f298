// SPDX-License-Identifier: Apache-2.0
#include "store/inspection.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/checkpoint.h"
#include "store/path.h"

enum { SCAN_STEP = 100 * 1000, RESIZED_TRIES = 5 };

// ---- the directory ----

static bool is_partition(const char *name, int32_t *partition)
{
    char *end;
    long number = strtol(name, &end, 10);
    if (!isdigit((unsigned char)name[0]) || *end != '\0' || number < 0 || number >= PARTITIONS_MAX)
        return false;
    *partition = (int32_t)number;
    return true;
}

static int compare(const void *a, const void *b)
{
    return *(const int32_t *)a - *(const int32_t *)b;
}

static enum status list_partitions(struct inspection *inspection, struct error *err)
{
    DIR *directory = opendir(inspection->dir.path);
    if (directory == NULL)
        return error_set(err, STATUS_FATAL, "state directory %s: cannot read: %s",
                         inspection->dir.path, strerror(errno));
    inspection->partitions = memory_zeroed(PARTITIONS_MAX, sizeof(*inspection->partitions));
    for (struct dirent *each; (each = readdir(directory)) != NULL;)
        if (inspection->count < PARTITIONS_MAX &&
            is_partition(each->d_name, &inspection->partitions[inspection->count]))
            inspection->count++;
    closedir(directory);
    qsort(inspection->partitions, inspection->count, sizeof(*inspection->partitions), compare);
    return STATUS_OK;
}

enum status inspection_open(struct inspection *inspection, const char *parent,
                            const char *application_id, struct error *err)
{
    *inspection = (struct inspection){.count = 0};
    enum status status = state_dir_look(&inspection->dir, parent, application_id, err);
    if (status == STATUS_OK)
        status = list_partitions(inspection, err);
    if (status == STATUS_OK)
        inspection->holder = state_dir_holder(&inspection->dir);
    else
        inspection_close(inspection);
    return status;
}

void inspection_close(struct inspection *inspection)
{
    state_dir_close(&inspection->dir);
    free(inspection->partitions);
    inspection->partitions = NULL;
}

// ---- an environment, for reading alone ----

static enum status failed(const struct environment *environment, int code, struct error *err)
{
    bool damaged = code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND || code == MDB_INVALID ||
                   code == MDB_VERSION_MISMATCH;
    const char *advice = "";
    if (code == EACCES)
        advice = ": run as the user who runs the service";
    else if (damaged)
        advice = ": it is damaged; the service restores it from the changelog when it starts";
    return error_set(err, damaged ? STATUS_RECORD : STATUS_FATAL, "state store %s: %s%s",
                     environment->path, mdb_strerror(code), advice);
}

// LMDB stops the process behind this.
static void assertion_failed(MDB_env *env, const char *message)
{
    const struct environment *environment = mdb_env_get_userctx(env);
    log_error("store", "local store is damaged", LOG_TEXT("path", environment->path),
              LOG_TEXT("reason", message));
}

// A lock file that is not there is not made: it would be ours, and the service's user could not
// write to it.
static bool has_lock_file(const char *path)
{
    char *lock = path_join(path, "lock.mdb");
    bool writable = access(lock, W_OK) == 0;
    free(lock);
    return writable;
}

static int open_env(struct environment *environment, bool locked)
{
    unsigned flags = MDB_RDONLY | MDB_NOTLS | (locked ? 0 : MDB_NOLOCK);
    int code = mdb_env_create(&environment->env);
    if (code == 0)
        code = mdb_env_set_userctx(environment->env, environment);
    if (code == 0)
        code = mdb_env_set_assert(environment->env, assertion_failed);
    if (code == 0)
        code = mdb_env_open(environment->env, environment->path, flags, 0600);
    return code;
}

// The writer may make the map larger just now.
static int open_reader(struct environment *environment)
{
    int code = MDB_MAP_RESIZED;
    for (int i = 0; i < RESIZED_TRIES && code == MDB_MAP_RESIZED; i++) {
        code = mdb_txn_begin(environment->env, NULL, MDB_RDONLY, &environment->reader);
        if (code == MDB_MAP_RESIZED)
            (void)mdb_env_set_mapsize(environment->env, 0);
    }
    environment->reading = code == 0;
    return code == 0 ? mdb_dbi_open(environment->reader, NULL, 0, &environment->dbi) : code;
}

static bool look_at_file(struct inspected *inspected)
{
    struct stat info;
    char *data = path_join(inspected->environment.path, "data.mdb");
    bool found = stat(data, &info) == 0 && info.st_size > 0;
    free(data);
    if (!found)
        return false;
    inspected->bytes = (uint64_t)info.st_size;
    inspected->written_ms = (int64_t)info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000;
    return true;
}

static enum status read_checkpoint(struct inspected *inspected, struct error *err)
{
    struct view record;
    enum status status = environment_checkpoint(&inspected->environment, &record, err);
    if (status != STATUS_OK)
        return status;
    inspected->found = record.data != NULL;
    inspected->cards = environment_card_count(&inspected->environment);
    if (!inspected->found)
        return STATUS_OK;
    return checkpoint_decode(record, &inspected->checkpoint, err);
}

enum status inspected_open(struct inspected *inspected, const struct inspection *inspection,
                           int32_t partition, struct error *err)
{
    *inspected = (struct inspected){.found = false};
    struct environment *environment = &inspected->environment;
    environment->path = state_dir_partition_path(&inspection->dir, partition);
    if (!look_at_file(inspected))
        return STATUS_OK;
    bool locked = has_lock_file(environment->path);
    int code = !locked && inspection->holder != 0 ? EACCES : open_env(environment, locked);
    if (code == 0)
        code = open_reader(environment);
    enum status status = STATUS_OK;
    if (code == ENOENT && environment->reader != NULL)
        code = 0; // no database yet: nothing has been written
    else if (code == 0)
        status = read_checkpoint(inspected, err);
    if (code != 0)
        status = failed(environment, code, err);
    if (status != STATUS_OK)
        inspected_close(inspected);
    return status;
}

void inspected_close(struct inspected *inspected)
{
    environment_close(&inspected->environment);
}

enum status inspected_card(struct inspected *inspected, const struct token *token,
                           struct view *value, struct error *err)
{
    *value = (struct view){NULL, 0};
    if (!inspected->found)
        return STATUS_OK;
    return environment_get(&inspected->environment, token, value, err);
}

enum status inspected_scan(struct inspected *inspected, environment_visit_fn *visit, void *context,
                           struct error *err)
{
    struct token cursor = {{0}};
    bool wrapped = !inspected->found;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !wrapped) {
        status = environment_scan(&inspected->environment, &cursor, SCAN_STEP, visit, context,
                                  &wrapped, err);
        environment_refresh(&inspected->environment);
        if (!wrapped)
            (void)mdb_env_set_mapsize(inspected->environment.env, 0); // as the writer has it now
    }
    return status;
}
