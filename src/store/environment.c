// SPDX-License-Identifier: Apache-2.0
#include "store/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/part.h"
#include "store/path.h"

#define DATA_NAME "data.mdb"
#define LMDB_LOCK_NAME "lock.mdb"
#define DAMAGED_NAME "damaged"

static const size_t map_bytes_min = 16u << 20;
static const off_t lock_file_bytes = 8192;
static const uint8_t checkpoint_key[] = {0};

const int environment_map_full = MDB_MAP_FULL;

// ---- what a code means ----

// MDB_BAD_TXN: the transaction has met damage before.
static bool is_damage(int code)
{
    return code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND || code == MDB_INVALID ||
           code == MDB_VERSION_MISMATCH || code == MDB_INCOMPATIBLE || code == MDB_CURSOR_FULL ||
           code == MDB_PAGE_FULL || code == MDB_BAD_TXN;
}

// A full disk shows as a short write, which LMDB calls an I/O error.
static bool is_out_of_space(int code)
{
    return code == ENOSPC || code == EDQUOT || code == EFBIG || code == EIO;
}

static enum status failed(const struct environment *environment, int code, struct error *err)
{
    if (environment->path == NULL)
        return error_set(err, STATUS_FATAL, "the state store is closed");
    if (is_damage(code))
        return error_set(err, STATUS_RECORD, "state store %s: is damaged: %s", environment->path,
                         mdb_strerror(code));
    return error_set(err, STATUS_FATAL, "state store %s: %s%s", environment->path,
                     mdb_strerror(code),
                     is_out_of_space(code) ? ": free space and start again" : "");
}

static void mark_damaged(const char *path)
{
    char *marker = path_join(path, DAMAGED_NAME);
    int fd = open(marker, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    free(marker);
}

static bool is_marked_damaged(const char *path)
{
    char *marker = path_join(path, DAMAGED_NAME);
    bool marked = access(marker, F_OK) == 0;
    free(marker);
    return marked;
}

// LMDB is about to abort the process over what it has read; the next start shall do better.
static void assertion_failed(MDB_env *env, const char *message)
{
    const struct environment *environment = mdb_env_get_userctx(env);
    mark_damaged(environment->path);
    log_error("store", "local store is damaged; the next start restores it from the changelog",
              LOG_TEXT("path", environment->path), LOG_TEXT("reason", message));
}

enum status environment_write_failed(const struct environment *environment, int code,
                                     size_t staged_bytes, struct error *err)
{
    struct statvfs disk;
    const char *path = environment->path;
    if (is_damage(code)) {
        mark_damaged(path);
        return error_set(err, STATUS_FATAL,
                         "state store %s: is damaged: %s: start again: it is then restored from "
                         "the changelog",
                         path, mdb_strerror(code));
    }
    if (is_out_of_space(code) && statvfs(path, &disk) == 0)
        return error_set(err, STATUS_FATAL,
                         "state store %s: cannot write the checkpoint: %s; it takes at least %zu "
                         "bytes and %" PRIu64 " are free: free space and start again: nothing is "
                         "lost, the next start goes on from the checkpoint before it",
                         path, mdb_strerror(code), staged_bytes,
                         (uint64_t)disk.f_bavail * disk.f_frsize);
    return error_set(err, STATUS_FATAL,
                     "state store %s: cannot write the checkpoint: %s: repair it and start again: "
                     "nothing is lost, the next start goes on from the checkpoint before it",
                     path, mdb_strerror(code));
}

// ---- opening ----

static size_t file_bytes(const struct environment *environment)
{
    int fd;
    struct stat info;
    if (mdb_env_get_fd(environment->env, &fd) != 0 || fstat(fd, &info) != 0 || info.st_size < 0)
        return 0;
    return (size_t)info.st_size;
}

static size_t used_bytes(const struct environment *environment)
{
    MDB_envinfo info;
    MDB_stat stat;
    int code = mdb_env_info(environment->env, &info);
    ensure(code == 0);
    code = mdb_env_stat(environment->env, &stat);
    ensure(code == 0);
    return (info.me_last_pgno + 1) * stat.ms_psize;
}

// Pages of the map that the file does not have stop the process when they are read. The last pages
// may rightly be missing, when they were freed before they were ever written; if the file was cut,
// the zeroes that stand for the others are recognised as no page.
static int fill_file(const struct environment *environment)
{
    int fd;
    size_t bytes = used_bytes(environment);
    if (file_bytes(environment) >= bytes)
        return 0;
    int code = mdb_env_get_fd(environment->env, &fd);
    if (code != 0)
        return code;
    return ftruncate(fd, (off_t)bytes) == 0 ? 0 : errno;
}

// LMDB writes to its lock file through a mapping, and a page of that for which the disk has no room
// stops the process: the room is taken first. The size is what LMDB gives it.
static int reserve_lock_file(const struct environment *environment)
{
    char *path = path_join(environment->path, LMDB_LOCK_NAME);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int code = fd < 0 ? errno : posix_fallocate(fd, 0, lock_file_bytes);
    if (fd >= 0)
        close(fd);
    free(path);
    return code;
}

// No MDB_NOMEMINIT: what happens to be in memory must not get into the file.
static int open_env(struct environment *environment, size_t data_bytes)
{
    int dead = 0;
    environment->map_bytes = map_bytes_min;
    while (environment->map_bytes < 2 * data_bytes)
        environment->map_bytes *= 2;
    int code = mdb_env_create(&environment->env);
    if (code != 0)
        return code;
    code = mdb_env_set_mapsize(environment->env, environment->map_bytes);
    if (code == 0)
        code = mdb_env_set_userctx(environment->env, environment);
    if (code == 0)
        code = mdb_env_set_assert(environment->env, assertion_failed);
    if (code == 0)
        code = reserve_lock_file(environment);
    // The reader is not bound to a thread; cards are read at random.
    if (code == 0)
        code = mdb_env_open(environment->env, environment->path, MDB_NOTLS | MDB_NORDAHEAD, 0600);
    // Readers that were killed would keep old pages from being used again.
    if (code == 0)
        code = mdb_reader_check(environment->env, &dead);
    if (code == 0)
        code = fill_file(environment);
    return code;
}

static int open_reader(struct environment *environment)
{
    int code = mdb_txn_begin(environment->env, NULL, MDB_RDONLY, &environment->reader);
    if (code != 0)
        return code;
    environment->reading = true;
    return mdb_dbi_open(environment->reader, NULL, 0, &environment->dbi);
}

static size_t data_file_bytes(const char *path)
{
    struct stat info;
    char *data = path_join(path, DATA_NAME);
    bool found = stat(data, &info) == 0 && info.st_size > 0;
    free(data);
    return found ? (size_t)info.st_size : 0;
}

enum status environment_open(struct environment *environment, const char *path, struct error *err)
{
    enum status status = path_make_directory(path, err);
    if (status != STATUS_OK)
        return status;
    if (is_marked_damaged(path))
        return error_set(err, STATUS_RECORD, "state store %s: was found damaged before", path);
    *environment = (struct environment){.path = memory_text(path)};
    int code = open_env(environment, data_file_bytes(path));
    if (code == 0)
        code = open_reader(environment);
    if (code == 0)
        return STATUS_OK;
    status = failed(environment, code, err);
    environment_close(environment);
    return status;
}

void environment_close(struct environment *environment)
{
    if (environment->reader != NULL)
        mdb_txn_abort(environment->reader);
    if (environment->env != NULL)
        mdb_env_close(environment->env);
    free(environment->path);
    *environment = (struct environment){.path = NULL};
}

enum status environment_remove(const char *path, struct error *err)
{
    static const char *const names[] = {DATA_NAME, LMDB_LOCK_NAME, DAMAGED_NAME};
    struct stat info;
    if (stat(path, &info) != 0 && errno == ENOENT)
        return STATUS_OK;
    // The marker goes last: what a crash leaves half removed is not opened.
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        enum status status = path_remove(path, names[i], err);
        if (status != STATUS_OK)
            return status;
    }
    return path_sync(path, err);
}

// ---- reading ----

static int begin_reading(struct environment *environment)
{
    if (environment->reading)
        return 0;
    if (environment->reader == NULL)
        return MDB_PANIC;
    int code = mdb_txn_renew(environment->reader);
    environment->reading = code == 0;
    return code;
}

void environment_refresh(struct environment *environment)
{
    if (!environment->reading)
        return;
    mdb_txn_reset(environment->reader);
    environment->reading = false;
}

static enum status get(struct environment *environment, struct view key, struct view *value,
                       struct error *err)
{
    MDB_val mdb_key = {key.size, (void *)(uintptr_t)key.data};
    MDB_val mdb_value;
    *value = (struct view){NULL, 0};
    int code = begin_reading(environment);
    if (code == 0)
        code = mdb_get(environment->reader, environment->dbi, &mdb_key, &mdb_value);
    if (code == MDB_NOTFOUND)
        return STATUS_OK;
    if (code != 0)
        return failed(environment, code, err);
    *value = (struct view){mdb_value.mv_data, mdb_value.mv_size};
    return STATUS_OK;
}

enum status environment_checkpoint(struct environment *environment, struct view *value,
                                   struct error *err)
{
    return get(environment, (struct view){checkpoint_key, sizeof(checkpoint_key)}, value, err);
}

enum status environment_get(struct environment *environment, const struct token *token,
                            struct view *value, struct error *err)
{
    return get(environment, (struct view){token->bytes, TOKEN_BYTES}, value, err);
}

static void token_after(const struct token *token, struct token *after)
{
    *after = *token;
    for (size_t i = TOKEN_BYTES; i > 0; i--) {
        if (++after->bytes[i - 1] != 0)
            return;
    }
}

// MDB_NOTFOUND: the end was reached.
static int scan_some(MDB_cursor *cursor, struct token *next, size_t max,
                     environment_visit_fn *visit, void *context)
{
    MDB_val value;
    MDB_val key = {TOKEN_BYTES, next->bytes};
    int code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    for (size_t visited = 0; code == 0; visited++) {
        if (key.mv_size != TOKEN_BYTES)
            return MDB_CORRUPTED;
        struct token token;
        memcpy(token.bytes, key.mv_data, TOKEN_BYTES);
        if (visited == max) {
            *next = token;
            return 0;
        }
        visit(context, &token, (struct view){value.mv_data, value.mv_size});
        token_after(&token, next);
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    return code;
}

enum status environment_scan(struct environment *environment, struct token *cursor, size_t max,
                             environment_visit_fn *visit, void *context, bool *wrapped,
                             struct error *err)
{
    MDB_cursor *mdb_cursor = NULL;
    int code = begin_reading(environment);
    if (code == 0)
        code = mdb_cursor_open(environment->reader, environment->dbi, &mdb_cursor);
    if (code == 0)
        code = scan_some(mdb_cursor, cursor, max, visit, context);
    if (mdb_cursor != NULL)
        mdb_cursor_close(mdb_cursor);
    *wrapped = code == MDB_NOTFOUND;
    if (*wrapped)
        *cursor = (struct token){{0}};
    else if (code != 0)
        return failed(environment, code, err);
    return STATUS_OK;
}

uint64_t environment_card_count(struct environment *environment)
{
    MDB_stat stat;
    struct view checkpoint;
    if (environment_checkpoint(environment, &checkpoint, NULL) != STATUS_OK ||
        mdb_stat(environment->reader, environment->dbi, &stat) != 0)
        return 0;
    return stat.ms_entries - (checkpoint.data != NULL);
}

uint64_t environment_disk_bytes(const struct environment *environment)
{
    return file_bytes(environment);
}

// ---- writing ----

static int write_entry(MDB_cursor *cursor, const struct staged *staged, unsigned flags)
{
    MDB_val key = {TOKEN_BYTES, (void *)(uintptr_t)staged->token->bytes};
    MDB_val value = {staged->value.size, (void *)(uintptr_t)staged->value.data};
    if (staged->value.data != NULL)
        return mdb_cursor_put(cursor, &key, &value, flags);
    int code = mdb_cursor_get(cursor, &key, &value, MDB_SET);
    if (code == MDB_NOTFOUND)
        return 0;
    return code == 0 ? mdb_cursor_del(cursor, 0) : code;
}

static int write_entry_at(MDB_cursor *cursor, const struct staging *staging, size_t index,
                          unsigned flags, struct part *part)
{
    enum { GROUP = 32 };
    if (index % GROUP == 0)
        staging_prefetch(staging, index, GROUP);
    struct staged staged = staging_at(staging, index);
    part_add(part, staged.token, staged.value.size);
    return write_entry(cursor, &staged, flags);
}

// Moves *next behind what one transaction is to write.
static int write_entries(MDB_cursor *cursor, const struct environment_batch *batch,
                         const MDB_stat *stat, size_t *next)
{
    struct part part;
    bool whole = batch->record_until_then.size == 0;
    // Appending fills the pages to the brim, and needs no search.
    unsigned flags = stat->ms_entries == 0 ? MDB_APPEND : 0;
    int code = 0;
    part_begin(&part, stat->ms_leaf_pages);
    while (*next < batch->staging->count && (whole || !part_is_full(&part)) && code == 0)
        code = write_entry_at(cursor, batch->staging, (*next)++, flags, &part);
    return code;
}

static int write_part(MDB_txn *txn, MDB_dbi dbi, const struct environment_batch *batch,
                      size_t *next)
{
    MDB_stat stat;
    MDB_cursor *cursor;
    int code = mdb_stat(txn, dbi, &stat);
    if (code == 0)
        code = mdb_cursor_open(txn, dbi, &cursor);
    if (code != 0)
        return code;
    code = write_entries(cursor, batch, &stat, next);
    mdb_cursor_close(cursor);
    if (code != 0)
        return code;
    struct view record = *next == batch->staging->count ? batch->record : batch->record_until_then;
    MDB_val key = {sizeof(checkpoint_key), (void *)(uintptr_t)checkpoint_key};
    MDB_val value = {record.size, (void *)(uintptr_t)record.data};
    return mdb_put(txn, dbi, &key, &value, 0);
}

int environment_write(struct environment *environment, struct environment_batch *batch)
{
    MDB_txn *txn;
    size_t next = batch->next;
    ensure(batch->record.size > 0 && next <= batch->staging->count);
    int code = mdb_txn_begin(environment->env, NULL, 0, &txn);
    if (code != 0)
        return code;
    code = write_part(txn, environment->dbi, batch, &next);
    if (code != 0) {
        mdb_txn_abort(txn);
        return code;
    }
    code = mdb_txn_commit(txn); // ends the transaction also when it fails
    if (code == 0)
        batch->next = next;
    return code;
}

int environment_grow(struct environment *environment, size_t room_bytes)
{
    size_t bytes = environment->map_bytes * 2;
    while (bytes < used_bytes(environment) + room_bytes)
        bytes *= 2;
    // Somebody who looked, and was killed, may be what keeps old pages from being used again.
    int dead = 0;
    (void)mdb_reader_check(environment->env, &dead);
    // The map moves: no transaction of this process may look at it.
    environment_refresh(environment);
    int code = mdb_env_set_mapsize(environment->env, bytes);
    if (code == 0) {
        environment->map_bytes = bytes;
        return 0;
    }
    mdb_txn_abort(environment->reader);
    environment->reader = NULL;
    return code;
}
