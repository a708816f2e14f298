// SPDX-License-Identifier: Apache-2.0
#include "store/store_lmdb.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/limits.h"
#include "base/memory.h"
#include "store/environment.h"
#include "store/partition.h"
#include "store/path.h"
#include "store/state_dir.h"

// What a partition's directory holds: the cards in itself, the table in a directory below.
enum part { PART_CARDS, PART_TABLE, PARTS };

struct lmdb_dir {
    struct store_dir dir;
    struct state_dir state;
    pthread_mutex_t mutex;
    // Guarded by the mutex. An environment opened twice in a process would lose its locks.
    bool open[PARTS][PARTITIONS_MAX];
};

static struct lmdb_dir *lmdb_dir_of(struct store_dir *dir)
{
    return (struct lmdb_dir *)dir;
}

static enum status take_partition(struct lmdb_dir *dir, enum part part, int32_t partition,
                                  struct error *err)
{
    if (partition < 0 || partition >= PARTITIONS_MAX)
        return error_set(err, STATUS_FATAL,
                         "partition %" PRId32 ": the state directory keeps %d partitions at most",
                         partition, PARTITIONS_MAX);
    pthread_mutex_lock(&dir->mutex);
    bool was_open = dir->open[part][partition];
    dir->open[part][partition] = true;
    pthread_mutex_unlock(&dir->mutex);
    if (was_open)
        return error_set(err, STATUS_RETRY,
                         "state store of partition %" PRId32 " is still held by another worker",
                         partition);
    return STATUS_OK;
}

static void free_part(struct lmdb_dir *dir, enum part part, int32_t partition)
{
    pthread_mutex_lock(&dir->mutex);
    ensure(dir->open[part][partition]);
    dir->open[part][partition] = false;
    pthread_mutex_unlock(&dir->mutex);
}

static void free_cards(void *context, int32_t partition)
{
    free_part(context, PART_CARDS, partition);
}

static void free_table(void *context, int32_t partition)
{
    free_part(context, PART_TABLE, partition);
}

static char *part_path(const struct lmdb_dir *dir, enum part part, int32_t partition)
{
    char *path = state_dir_partition_path(&dir->state, partition);
    if (part == PART_CARDS)
        return path;
    char *below = path_join(path, "travel-flags");
    free(path);
    return below;
}

static enum status open_part(struct lmdb_dir *dir, enum part part, int32_t partition,
                             struct store **out, struct error *err)
{
    enum status status = take_partition(dir, part, partition, err);
    if (status != STATUS_OK)
        return status;
    char *path = part_path(dir, part, partition);
    const struct partition_place place = {
        .path = path,
        .number = partition,
        .closed = part == PART_CARDS ? free_cards : free_table,
        .context = dir,
    };
    if (part == PART_TABLE)
        status = path_make_directories(path, err);
    if (status == STATUS_OK)
        status = partition_open(&place, out, err);
    free(path);
    if (status != STATUS_OK)
        free_part(dir, part, partition);
    return status;
}

static enum status reset_part(struct lmdb_dir *dir, enum part part, int32_t partition,
                              struct error *err)
{
    enum status status = take_partition(dir, part, partition, err);
    if (status != STATUS_OK)
        return status;
    char *path = part_path(dir, part, partition);
    status = environment_remove(path, err);
    free(path);
    free_part(dir, part, partition);
    return status;
}

static enum status dir_open_partition(struct store_dir *dir, int32_t partition, struct store **out,
                                      struct error *err)
{
    return open_part(lmdb_dir_of(dir), PART_CARDS, partition, out, err);
}

static enum status dir_reset_partition(struct store_dir *dir, int32_t partition, struct error *err)
{
    return reset_part(lmdb_dir_of(dir), PART_CARDS, partition, err);
}

static enum status dir_open_table(struct store_dir *dir, int32_t partition, struct store **out,
                                  struct error *err)
{
    return open_part(lmdb_dir_of(dir), PART_TABLE, partition, out, err);
}

static enum status dir_reset_table(struct store_dir *dir, int32_t partition, struct error *err)
{
    return reset_part(lmdb_dir_of(dir), PART_TABLE, partition, err);
}

static void dir_close(struct store_dir *store_dir)
{
    struct lmdb_dir *dir = lmdb_dir_of(store_dir);
    for (size_t i = 0; i < PARTITIONS_MAX; i++)
        ensure(!dir->open[PART_CARDS][i] && !dir->open[PART_TABLE][i]);
    state_dir_close(&dir->state);
    pthread_mutex_destroy(&dir->mutex);
    free(dir);
}

static const struct store_dir_ops lmdb_dir_ops = {
    .open = dir_open_partition,
    .reset = dir_reset_partition,
    .open_table = dir_open_table,
    .reset_table = dir_reset_table,
    .close = dir_close,
};

enum status store_lmdb_open(const char *path, const char *application_id, struct store_dir **out,
                            struct error *err)
{
    struct state_dir state;
    enum status status = state_dir_open(&state, path, application_id, err);
    if (status != STATUS_OK)
        return status;
    struct lmdb_dir *dir = memory_zeroed(1, sizeof(*dir));
    dir->dir.ops = &lmdb_dir_ops;
    dir->state = state;
    pthread_mutex_init(&dir->mutex, NULL);
    *out = &dir->dir;
    return STATUS_OK;
}

enum status store_lmdb_kept_text(struct store_dir *store_dir, const char *name, char *value,
                                 size_t size, void (*make_value)(char *value, size_t size),
                                 struct error *err)
{
    struct lmdb_dir *dir = lmdb_dir_of(store_dir);
    pthread_mutex_lock(&dir->mutex);
    enum status status = state_dir_kept_text(&dir->state, name, value, size, make_value, err);
    pthread_mutex_unlock(&dir->mutex);
    return status;
}
