// SPDX-License-Identifier: Apache-2.0
#include "store/partition.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "store/checkpoint.h"
#include "store/environment.h"
#include "store/staging.h"

enum { CHECKPOINT_BYTES_MAX = 2048 };

enum writing { WRITING_IDLE, WRITING, WRITING_MAP_FULL, WRITING_ENDED };

struct partition {
    struct store store;
    struct partition_place place;
    char *path;
    struct environment environment;
    struct staging staging; // of the owner

    // Of the writer while a checkpoint is being written, else of the owner.
    struct staging frozen;
    struct buffer record;
    struct buffer record_until_then; // while the checkpoint is there in part
    size_t frozen_bytes;             // of the owner

    pthread_mutex_t mutex;
    pthread_cond_t moved;
    // Guarded by the mutex.
    enum writing writing;
    int grow_code;
    int code; // what the writer ended with

    pthread_t writer;
    bool has_writer;
    bool refuses; // a checkpoint has failed, and this is what the owner is told:
    struct error refusal;
};

static struct partition *partition_of(struct store *store)
{
    return (struct partition *)store;
}

static const struct partition *const_partition_of(const struct store *store)
{
    return (const struct partition *)store;
}

// ---- the writer ----

static bool wait_for_room(struct partition *partition)
{
    pthread_mutex_lock(&partition->mutex);
    partition->writing = WRITING_MAP_FULL;
    pthread_cond_broadcast(&partition->moved);
    while (partition->writing == WRITING_MAP_FULL)
        pthread_cond_wait(&partition->moved, &partition->mutex);
    bool grown = partition->grow_code == 0;
    pthread_mutex_unlock(&partition->mutex);
    return grown;
}

static void end_writing(struct partition *partition, int code)
{
    pthread_mutex_lock(&partition->mutex);
    ensure(partition->writing == WRITING);
    partition->code = partition->grow_code != 0 ? partition->grow_code : code;
    partition->writing = WRITING_ENDED;
    pthread_cond_broadcast(&partition->moved);
    pthread_mutex_unlock(&partition->mutex);
}

static void *write_checkpoint(void *context)
{
    struct partition *partition = context;
    int code;
    staging_sort(&partition->frozen);
    struct environment_batch batch = {
        .staging = &partition->frozen,
        .record = buffer_view(&partition->record),
        .record_until_then = buffer_view(&partition->record_until_then),
    };
    do
        code = environment_write(&partition->environment, &batch);
    while ((code == 0 && batch.next < batch.staging->count) ||
           (code == environment_map_full && wait_for_room(partition)));
    end_writing(partition, code);
    return NULL;
}

// Signals are for the threads that wait for them, not for this one.
static int start_writer(struct partition *partition)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&partition->writer, NULL, write_checkpoint, partition);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code == 0)
        (void)pthread_setname_np(partition->writer, "checkpoint");
    return code;
}

// ---- the checkpoint record ----

static enum status store_load(struct store *store, struct checkpoint *out, bool *found,
                              struct error *err)
{
    struct partition *partition = partition_of(store);
    struct view value;
    enum status status = environment_checkpoint(&partition->environment, &value, err);
    *found = status == STATUS_OK && value.data != NULL;
    if (!*found)
        return status;
    status = checkpoint_decode(value, out, err);
    *found = status == STATUS_OK;
    if (status != STATUS_OK)
        error_prefix(err, status, "state store %s", partition->path);
    return status;
}

static void encode_record(const struct checkpoint *checkpoint, struct buffer *record)
{
    bool encoded = checkpoint_encode(checkpoint, record);
    ensure(encoded);
}

// While a checkpoint is there in part, the record is that of the one before, and says so. One that
// has been cut off counts until the state has come to where it was: what is made on the way there
// still has cards of it. An empty store has no record to say it by, and is written at once: that
// changes no page, and makes no more of them than what is staged.
static void encode_records(struct partition *partition, const struct checkpoint *checkpoint)
{
    struct checkpoint before;
    struct checkpoint after = *checkpoint;
    bool found;
    buffer_clear(&partition->record);
    buffer_clear(&partition->record_until_then);
    if (store_load(&partition->store, &before, &found, NULL) == STATUS_OK && found) {
        if (before.reach < after.changelog_offset)
            before.reach = after.changelog_offset;
        after.reach = before.reach;
        encode_record(&before, &partition->record_until_then);
    }
    encode_record(&after, &partition->record);
}

// ---- checkpoints, as the owner sees them ----

// A new tree takes about twice its bytes, and what is replaced is kept until the next checkpoint:
// with four times the room one vain attempt is mostly all.
static void grow_for_writer(struct partition *partition)
{
    partition->grow_code = environment_grow(&partition->environment, 4 * partition->frozen_bytes);
    partition->writing = WRITING;
    pthread_cond_broadcast(&partition->moved);
}

// Lets the writer grow the map when it asks; with `wait` until it has ended.
static enum writing attend_writer(struct partition *partition, bool wait)
{
    pthread_mutex_lock(&partition->mutex);
    while (partition->writing == WRITING_MAP_FULL || (wait && partition->writing == WRITING)) {
        if (partition->writing == WRITING_MAP_FULL)
            grow_for_writer(partition);
        else
            pthread_cond_wait(&partition->moved, &partition->mutex);
    }
    enum writing writing = partition->writing;
    pthread_mutex_unlock(&partition->mutex);
    return writing;
}

static void refuse(struct partition *partition, int code)
{
    enum status status = environment_write_failed(&partition->environment, code,
                                                  partition->frozen_bytes, &partition->refusal);
    ensure(status != STATUS_OK);
    partition->refuses = true;
}

static void notice_end(struct partition *partition)
{
    if (partition->has_writer)
        pthread_join(partition->writer, NULL);
    partition->has_writer = false;
    partition->writing = WRITING_IDLE;
    if (partition->code != 0)
        refuse(partition, partition->code);
    environment_refresh(&partition->environment);
    staging_clear(&partition->frozen);
    partition->frozen_bytes = 0;
}

static bool settle_writer(struct partition *partition, bool wait)
{
    enum writing writing = attend_writer(partition, wait);
    if (writing == WRITING_ENDED)
        notice_end(partition);
    return writing != WRITING;
}

static enum status store_checkpoint_poll(struct store *store, bool wait, bool *running,
                                         struct error *err)
{
    struct partition *partition = partition_of(store);
    *running = !settle_writer(partition, wait);
    if (!partition->refuses)
        return STATUS_OK;
    *running = false;
    return error_set(err, STATUS_FATAL, "%s", partition->refusal.text);
}

static void freeze(struct partition *partition, const struct checkpoint *checkpoint)
{
    struct staging spare = partition->frozen;
    partition->frozen = partition->staging;
    partition->staging = spare;
    partition->frozen_bytes = staging_bytes(&partition->frozen);
    encode_records(partition, checkpoint);
}

static void store_checkpoint_start(struct store *store, const struct checkpoint *checkpoint)
{
    struct partition *partition = partition_of(store);
    ensure(partition->writing == WRITING_IDLE);
    freeze(partition, checkpoint);
    partition->grow_code = 0;
    partition->code = 0;
    if (partition->refuses) {
        notice_end(partition);
        return;
    }
    partition->writing = WRITING;
    int code = start_writer(partition);
    partition->has_writer = code == 0;
    if (code != 0)
        end_writing(partition, code);
}

// ---- reading ----

static enum status store_get(struct store *store, const struct token *token, struct view *value,
                             struct error *err)
{
    return environment_get(&partition_of(store)->environment, token, value, err);
}

static enum status store_scan(struct store *store, struct token *cursor, size_t max,
                              store_scan_fn *each, void *context, bool *wrapped, struct error *err)
{
    return environment_scan(&partition_of(store)->environment, cursor, max, each, context, wrapped,
                            err);
}

static uint64_t store_card_count(struct store *store)
{
    return environment_card_count(&partition_of(store)->environment);
}

static uint64_t store_disk_bytes(struct store *store)
{
    return environment_disk_bytes(&partition_of(store)->environment);
}

// ---- staging ----

static void store_stage(struct store *store, const struct token *token, struct view value)
{
    staging_add(&partition_of(store)->staging, token, value);
}

static size_t store_staged_bytes(const struct store *store)
{
    return staging_bytes(&const_partition_of(store)->staging);
}

static size_t store_frozen_bytes(const struct store *store)
{
    return const_partition_of(store)->frozen_bytes;
}

static void store_discard(struct store *store)
{
    struct partition *partition = partition_of(store);
    bool ended = settle_writer(partition, true);
    ensure(ended);
    staging_clear(&partition->staging);
}

// ---- life ----

static enum status store_drop(struct store *store, struct error *err)
{
    struct partition *partition = partition_of(store);
    store_discard(store);
    environment_close(&partition->environment);
    // New files, not deletions in the old: it works on damaged ones, and gives the disk back.
    enum status status = environment_remove(partition->path, err);
    if (status == STATUS_OK)
        status = environment_open(&partition->environment, partition->path, err);
    partition->refuses = status != STATUS_OK;
    if (status != STATUS_OK) {
        error_prefix(err, STATUS_FATAL, "state store %s: cannot be emptied", partition->path);
        return error_set(&partition->refusal, STATUS_FATAL, "%s",
                         err != NULL ? err->text : "the state store cannot be emptied");
    }
    return STATUS_OK;
}

static void partition_free(struct partition *partition)
{
    environment_close(&partition->environment);
    staging_release(&partition->staging);
    staging_release(&partition->frozen);
    buffer_release(&partition->record);
    buffer_release(&partition->record_until_then);
    pthread_cond_destroy(&partition->moved);
    pthread_mutex_destroy(&partition->mutex);
    free(partition->path);
    free(partition);
}

static void store_close(struct store *store)
{
    struct partition *partition = partition_of(store);
    struct partition_place place = partition->place;
    store_discard(store);
    partition_free(partition);
    place.closed(place.context, place.number);
}

static const struct store_ops partition_ops = {
    .load = store_load,
    .get = store_get,
    .stage = store_stage,
    .staged_bytes = store_staged_bytes,
    .frozen_bytes = store_frozen_bytes,
    .checkpoint_start = store_checkpoint_start,
    .checkpoint_poll = store_checkpoint_poll,
    .scan = store_scan,
    .card_count = store_card_count,
    .disk_bytes = store_disk_bytes,
    .discard = store_discard,
    .drop = store_drop,
    .close = store_close,
};

enum status partition_open(const struct partition_place *place, struct store **out,
                           struct error *err)
{
    struct partition *partition = memory_zeroed(1, sizeof(*partition));
    partition->store.ops = &partition_ops;
    partition->place = *place;
    partition->path = memory_text(place->path);
    staging_init(&partition->staging);
    staging_init(&partition->frozen);
    buffer_init(&partition->record, CHECKPOINT_BYTES_MAX);
    buffer_init(&partition->record_until_then, CHECKPOINT_BYTES_MAX);
    pthread_mutex_init(&partition->mutex, NULL);
    pthread_cond_init(&partition->moved, NULL);
    enum status status = environment_open(&partition->environment, partition->path, err);
    if (status != STATUS_OK) {
        partition_free(partition);
        return status;
    }
    *out = &partition->store;
    return STATUS_OK;
}
