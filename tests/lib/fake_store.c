// SPDX-License-Identifier: Apache-2.0
#include "lib/fake_store.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/limits.h"
#include "base/memory.h"

struct item {
    struct token token;
    uint8_t *value; // NULL: removed (in a batch only)
    size_t size;
};

// In the order of addition; a table is sorted by token and has one item a token.
struct items {
    struct item *at;
    size_t count;
    size_t capacity;
    size_t bytes;
};

// What a checkpoint left on the disk.
struct version {
    struct items cards;
    bool found;
    struct checkpoint checkpoint;
};

struct disk {
    struct version now;
    struct version before; // with keep_versions: as of the checkpoint before
    enum fake_damage damage;
    bool open;
    struct fake_store *store; // who has it open
};

struct fake_store {
    struct store store;
    struct fake_store_dir *dir;
    int32_t partition;
    struct items staged;
    struct items frozen;
    bool running;
    unsigned polls_left;
    bool in_parts;
    struct checkpoint checkpoint;
    bool refuses;
    uint8_t *lent; // what get has lent: freed at the next call, so that a late use is seen
};

struct fake_store_dir {
    struct store_dir dir;
    pthread_mutex_t mutex;
    struct disk *disks[2 * PARTITIONS_MAX]; // cards and table in turn; NULL: not used yet
    size_t disk_count;                      // one past the highest that was
    unsigned polls;
    bool keep_versions;
    bool parts;
    bool full;
    unsigned fail_checkpoint;
    unsigned fail_open;
    enum status fail_open_status;
    bool crashed;
    size_t checkpoint_count;
    size_t get_count;
};

// ---- items ----

static void items_clear(struct items *items)
{
    for (size_t i = 0; i < items->count; i++)
        free(items->at[i].value);
    free(items->at);
    *items = (struct items){.at = NULL};
}

static struct items items_copied(const struct items *items)
{
    struct items copy = *items;
    copy.at = memory_zeroed(items->capacity, sizeof(struct item));
    for (size_t i = 0; i < items->count; i++) {
        copy.at[i] = items->at[i];
        copy.at[i].value = memory_copy(items->at[i].value, items->at[i].size);
    }
    return copy;
}

static void items_push(struct items *items, struct item item)
{
    if (items->count == items->capacity) {
        items->capacity = items->capacity == 0 ? 64 : items->capacity * 2;
        items->at = memory_resized(items->at, items->capacity, sizeof(struct item));
    }
    items->at[items->count++] = item;
    items->bytes += sizeof(struct token) + item.size;
}

static int compare(const struct item *a, const struct item *b)
{
    return memcmp(&a->token, &b->token, sizeof(a->token));
}

// Insertion into order, newest value wins: simple, and fast when the batch comes in order.
static void items_put(struct items *items, struct item item)
{
    size_t at = items->count;
    while (at > 0 && compare(&items->at[at - 1], &item) > 0)
        at--;
    if (at > 0 && compare(&items->at[at - 1], &item) == 0) {
        free(items->at[at - 1].value);
        items->bytes -= items->at[at - 1].size;
        items->bytes += item.size;
        items->at[at - 1] = item;
        return;
    }
    items_push(items, item);
    memmove(items->at + at + 1, items->at + at, (items->count - 1 - at) * sizeof(item));
    items->at[at] = item;
}

static int compare_staged(const void *a, const void *b)
{
    const struct item *const *x = a;
    const struct item *const *y = b;
    int order = compare(*x, *y);
    return order != 0 ? order : (*x < *y ? -1 : 1);
}

// The batch in token order, one item a token; the batch is empty afterwards.
static struct items items_sorted(struct items *batch)
{
    struct items sorted = {.at = NULL};
    struct item **order = memory_zeroed(batch->count, sizeof(struct item *));
    for (size_t i = 0; i < batch->count; i++)
        order[i] = &batch->at[i];
    qsort(order, batch->count, sizeof(struct item *), compare_staged);
    for (size_t i = 0; i < batch->count; i++) {
        items_put(&sorted, *order[i]);
        order[i]->value = NULL;
    }
    free(order);
    items_clear(batch);
    return sorted;
}

// Moves the batch into the table.
static void items_merge(struct items *table, struct items *batch)
{
    struct items news = items_sorted(batch);
    struct items merged = {.at = NULL};
    size_t a = 0, b = 0;
    while (a < table->count || b < news.count) {
        int order = a == table->count ? 1
                    : b == news.count ? -1
                                      : compare(&table->at[a], &news.at[b]);
        if (order < 0) {
            items_push(&merged, table->at[a++]);
            continue;
        }
        if (order == 0)
            free(table->at[a++].value);
        if (news.at[b].value != NULL)
            items_push(&merged, news.at[b]);
        b++;
    }
    free(table->at);
    free(news.at);
    *table = merged;
}

// The first item with a token >= `token`.
static size_t items_lower_bound(const struct items *items, const struct token *token)
{
    size_t low = 0, high = items->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (memcmp(&items->at[middle].token, token, sizeof(*token)) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// ---- checkpoints ----

static struct fake_store *store_of(struct store *store)
{
    struct fake_store *fake = (struct fake_store *)store;
    free(fake->lent);
    fake->lent = NULL;
    return fake;
}

static size_t disk_index(int32_t partition)
{
    return partition >= 0 ? 2 * (size_t)partition : 2 * (size_t)(-1 - partition) + 1;
}

static struct disk *disk_of(const struct fake_store *fake)
{
    return fake->dir->disks[disk_index(fake->partition)];
}

static const struct items *cards_of(const struct fake_store *fake)
{
    return &disk_of(fake)->now.cards;
}

static void keep_version(struct fake_store *fake)
{
    struct disk *disk = disk_of(fake);
    items_clear(&disk->before.cards);
    disk->before = disk->now;
    disk->before.cards = (struct items){.at = NULL};
    if (fake->dir->keep_versions)
        disk->before.cards = items_copied(&disk->now.cards);
}

static void write_version(struct fake_store *fake)
{
    struct disk *disk = disk_of(fake);
    if (!fake->in_parts)
        keep_version(fake);
    items_merge(&disk->now.cards, &fake->frozen);
    int64_t reach = disk->now.found ? disk->now.checkpoint.reach : 0;
    disk->now.checkpoint = fake->checkpoint;
    disk->now.checkpoint.reach = reach; // of one that was cut off, until the state has come there
    disk->now.found = true;
}

// Takes the first `count` of the frozen ones, which are in order.
static struct items take_frozen(struct fake_store *fake, size_t count)
{
    struct items part = {.at = NULL};
    struct items rest = {.at = NULL};
    for (size_t i = 0; i < fake->frozen.count; i++)
        items_push(i < count ? &part : &rest, fake->frozen.at[i]);
    free(fake->frozen.at);
    fake->frozen = rest;
    return part;
}

static void write_part(struct fake_store *fake)
{
    struct disk *disk = disk_of(fake);
    size_t count = fake->frozen.count / (fake->polls_left + 1);
    if (!fake->dir->parts || fake->dir->crashed || fake->refuses || !disk->now.found || count == 0)
        return;
    if (!fake->in_parts) {
        keep_version(fake);
        fake->frozen = items_sorted(&fake->frozen);
        count = fake->frozen.count / (fake->polls_left + 1);
    }
    fake->in_parts = true;
    if (disk->now.checkpoint.reach < fake->checkpoint.changelog_offset)
        disk->now.checkpoint.reach = fake->checkpoint.changelog_offset;
    struct items part = take_frozen(fake, count);
    items_merge(&disk->now.cards, &part);
}

static bool is_countdown_over(unsigned *countdown)
{
    return *countdown > 0 && --*countdown == 0;
}

static void end_checkpoint(struct fake_store *fake)
{
    struct fake_store_dir *dir = fake->dir;
    fake->running = false;
    pthread_mutex_lock(&dir->mutex);
    bool crashed = dir->crashed;
    bool fails = !crashed && (is_countdown_over(&dir->fail_checkpoint) || dir->full);
    fake->refuses = fake->refuses || fails;
    bool lasts = !crashed && !fake->refuses;
    dir->checkpoint_count += lasts;
    pthread_mutex_unlock(&dir->mutex);
    if (lasts)
        write_version(fake);
    items_clear(&fake->frozen);
}

static void fake_checkpoint_start(struct store *store, const struct checkpoint *checkpoint)
{
    struct fake_store *fake = store_of(store);
    ensure(!fake->running);
    fake->frozen = fake->staged;
    fake->staged = (struct items){.at = NULL};
    fake->checkpoint = *checkpoint;
    fake->running = true;
    fake->in_parts = false;
    fake->polls_left = fake->dir->polls;
}

static enum status fake_checkpoint_poll(struct store *store, bool wait, bool *running,
                                        struct error *err)
{
    struct fake_store *fake = store_of(store);
    if (fake->running && (wait || fake->polls_left == 0))
        end_checkpoint(fake);
    if (fake->running) {
        write_part(fake);
        fake->polls_left--;
    }
    *running = fake->running;
    if (!fake->refuses)
        return STATUS_OK;
    return error_set(err, STATUS_FATAL,
                     "state store of partition %" PRId32 ": cannot write the checkpoint: injected",
                     fake->partition);
}

// ---- reading and staging ----

static enum status refuse_damage(const struct fake_store *fake, enum fake_damage damage,
                                 struct error *err)
{
    if (disk_of(fake)->damage != damage)
        return STATUS_OK;
    return error_set(err, STATUS_RECORD, "state store of partition %" PRId32 ": damaged: injected",
                     fake->partition);
}

static enum status fake_load(struct store *store, struct checkpoint *out, bool *found,
                             struct error *err)
{
    struct fake_store *fake = store_of(store);
    enum status status = refuse_damage(fake, FAKE_DAMAGE_LOAD, err);
    *found = status == STATUS_OK && disk_of(fake)->now.found;
    if (*found)
        *out = disk_of(fake)->now.checkpoint;
    return status;
}

static enum status fake_get(struct store *store, const struct token *token, struct view *value,
                            struct error *err)
{
    struct fake_store *fake = store_of(store);
    const struct items *cards = cards_of(fake);
    enum status status = refuse_damage(fake, FAKE_DAMAGE_READ, err);
    size_t at = items_lower_bound(cards, token);
    *value = (struct view){NULL, 0};
    pthread_mutex_lock(&fake->dir->mutex);
    fake->dir->get_count++;
    pthread_mutex_unlock(&fake->dir->mutex);
    if (status != STATUS_OK || at == cards->count ||
        memcmp(&cards->at[at].token, token, sizeof(*token)) != 0)
        return status;
    fake->lent = memory_copy(cards->at[at].value, cards->at[at].size);
    *value = (struct view){fake->lent, cards->at[at].size};
    return STATUS_OK;
}

static enum status fake_scan(struct store *store, struct token *cursor, size_t max,
                             store_scan_fn *each, void *context, bool *wrapped, struct error *err)
{
    struct fake_store *fake = store_of(store);
    const struct items *cards = cards_of(fake);
    enum status status = refuse_damage(fake, FAKE_DAMAGE_READ, err);
    *wrapped = false;
    if (status != STATUS_OK)
        return status;
    size_t at = items_lower_bound(cards, cursor);
    size_t end = cards->count - at > max ? at + max : cards->count;
    for (; at < end; at++) {
        struct item item = cards->at[at];
        each(context, &item.token, (struct view){item.value, item.size});
    }
    *wrapped = at == cards->count;
    *cursor = *wrapped ? (struct token){{0}} : cards->at[at].token;
    return STATUS_OK;
}

static void fake_stage(struct store *store, const struct token *token, struct view value)
{
    struct item item = {.token = *token, .size = value.size};
    if (value.data != NULL)
        item.value = memory_copy(value.data, value.size);
    // The value may be one that get has lent: copied before it is freed.
    items_push(&store_of(store)->staged, item);
}

static size_t fake_staged_bytes(const struct store *store)
{
    return ((const struct fake_store *)store)->staged.bytes;
}

static size_t fake_frozen_bytes(const struct store *store)
{
    return ((const struct fake_store *)store)->frozen.bytes;
}

static uint64_t fake_card_count(struct store *store)
{
    return cards_of(store_of(store))->count;
}

static uint64_t fake_disk_bytes(struct store *store)
{
    return cards_of(store_of(store))->bytes;
}

// ---- life ----

static void fake_discard(struct store *store)
{
    struct fake_store *fake = store_of(store);
    if (fake->running)
        end_checkpoint(fake);
    items_clear(&fake->staged);
}

static void disk_clear(struct disk *disk)
{
    items_clear(&disk->now.cards);
    items_clear(&disk->before.cards);
    disk->now.found = false;
    disk->before.found = false;
    disk->damage = FAKE_DAMAGE_NONE;
}

static enum status fake_drop(struct store *store, struct error *err)
{
    (void)err;
    struct fake_store *fake = store_of(store);
    fake_discard(store);
    if (!fake->dir->crashed)
        disk_clear(disk_of(fake));
    fake->refuses = false;
    return STATUS_OK;
}

static void fake_close(struct store *store)
{
    struct fake_store *fake = store_of(store);
    struct fake_store_dir *dir = fake->dir;
    fake_discard(store);
    pthread_mutex_lock(&dir->mutex);
    disk_of(fake)->open = false;
    disk_of(fake)->store = NULL;
    pthread_mutex_unlock(&dir->mutex);
    free(fake);
}

static const struct store_ops fake_ops = {
    .load = fake_load,
    .get = fake_get,
    .stage = fake_stage,
    .staged_bytes = fake_staged_bytes,
    .frozen_bytes = fake_frozen_bytes,
    .checkpoint_start = fake_checkpoint_start,
    .checkpoint_poll = fake_checkpoint_poll,
    .scan = fake_scan,
    .card_count = fake_card_count,
    .disk_bytes = fake_disk_bytes,
    .discard = fake_discard,
    .drop = fake_drop,
    .close = fake_close,
};

// ---- the directory ----

static struct fake_store_dir *dir_of(struct store_dir *dir)
{
    return (struct fake_store_dir *)dir;
}

static struct disk *disk_at(struct fake_store_dir *dir, int32_t partition)
{
    size_t index = disk_index(partition);
    ensure(index < 2 * PARTITIONS_MAX);
    for (; dir->disk_count <= index; dir->disk_count++)
        dir->disks[dir->disk_count] = memory_zeroed(1, sizeof(struct disk));
    return dir->disks[index];
}

static enum status open_refused(struct fake_store_dir *dir, int32_t partition, struct error *err)
{
    enum status status = STATUS_OK;
    const struct disk *disk = disk_at(dir, partition);
    if (dir->crashed)
        status = STATUS_FATAL;
    else if (is_countdown_over(&dir->fail_open))
        status = dir->fail_open_status;
    else if (disk->open)
        status = STATUS_RETRY;
    else if (disk->damage == FAKE_DAMAGE_OPEN)
        status = STATUS_RECORD;
    if (status != STATUS_OK)
        return error_set(err, status, "state store of partition %" PRId32 ": cannot open: %s",
                         partition, status_name(status));
    return STATUS_OK;
}

static enum status fake_dir_open(struct store_dir *store_dir, int32_t partition, struct store **out,
                                 struct error *err)
{
    struct fake_store_dir *dir = dir_of(store_dir);
    struct fake_store *fake = memory_zeroed(1, sizeof(*fake));
    fake->store.ops = &fake_ops;
    fake->dir = dir;
    fake->partition = partition;
    pthread_mutex_lock(&dir->mutex);
    enum status status = open_refused(dir, partition, err);
    if (status == STATUS_OK) {
        disk_of(fake)->open = true;
        disk_of(fake)->store = fake;
        *out = &fake->store;
    }
    pthread_mutex_unlock(&dir->mutex);
    if (status != STATUS_OK)
        free(fake);
    return status;
}

static enum status fake_dir_reset(struct store_dir *store_dir, int32_t partition, struct error *err)
{
    struct fake_store_dir *dir = dir_of(store_dir);
    pthread_mutex_lock(&dir->mutex);
    enum status status = STATUS_OK;
    struct disk *disk = disk_at(dir, partition);
    if (disk->open)
        status = error_set(err, STATUS_RETRY, "state store of partition %" PRId32 ": is open",
                           partition);
    else if (!dir->crashed)
        disk_clear(disk);
    pthread_mutex_unlock(&dir->mutex);
    return status;
}

static enum status fake_dir_open_table(struct store_dir *dir, int32_t partition, struct store **out,
                                       struct error *err)
{
    return fake_dir_open(dir, fake_store_table(partition), out, err);
}

static enum status fake_dir_reset_table(struct store_dir *dir, int32_t partition, struct error *err)
{
    return fake_dir_reset(dir, fake_store_table(partition), err);
}

static void fake_dir_close(struct store_dir *store_dir)
{
    struct fake_store_dir *dir = dir_of(store_dir);
    ensure(fake_store_open_count(store_dir) == 0);
    for (size_t i = 0; i < dir->disk_count; i++) {
        disk_clear(dir->disks[i]);
        free(dir->disks[i]);
    }
    pthread_mutex_destroy(&dir->mutex);
    free(dir);
}

static const struct store_dir_ops fake_dir_ops = {
    .open = fake_dir_open,
    .reset = fake_dir_reset,
    .open_table = fake_dir_open_table,
    .reset_table = fake_dir_reset_table,
    .close = fake_dir_close,
};

struct store_dir *fake_store_dir_open(void)
{
    struct fake_store_dir *dir = memory_zeroed(1, sizeof(*dir));
    dir->dir.ops = &fake_dir_ops;
    pthread_mutex_init(&dir->mutex, NULL);
    return &dir->dir;
}

// ---- faults and figures ----

void fake_store_set_polls(struct store_dir *dir, unsigned polls)
{
    dir_of(dir)->polls = polls;
    for (size_t i = 0; i < dir_of(dir)->disk_count; i++) {
        struct fake_store *store = dir_of(dir)->disks[i]->store;
        if (store != NULL && store->polls_left > polls)
            store->polls_left = polls;
    }
}

void fake_store_keep_versions(struct store_dir *dir)
{
    dir_of(dir)->keep_versions = true;
}

void fake_store_write_in_parts(struct store_dir *dir)
{
    dir_of(dir)->parts = true;
}

void fake_store_set_full(struct store_dir *dir, bool full)
{
    dir_of(dir)->full = full;
}

void fake_store_fail_checkpoint(struct store_dir *dir, unsigned countdown)
{
    dir_of(dir)->fail_checkpoint = countdown;
}

void fake_store_fail_open(struct store_dir *dir, unsigned countdown, enum status status)
{
    dir_of(dir)->fail_open = countdown;
    dir_of(dir)->fail_open_status = status;
}

void fake_store_damage(struct store_dir *dir, int32_t partition, enum fake_damage damage)
{
    disk_at(dir_of(dir), partition)->damage = damage;
}

void fake_store_crash(struct store_dir *store_dir, bool running_last)
{
    struct fake_store_dir *dir = dir_of(store_dir);
    for (size_t i = 0; i < dir->disk_count && running_last; i++) {
        struct fake_store *store = dir->disks[i]->store;
        if (store != NULL && store->running)
            end_checkpoint(store);
    }
    dir->crashed = true;
}

bool fake_store_revert(struct store_dir *store_dir, int32_t partition)
{
    struct disk *disk = disk_at(dir_of(store_dir), partition);
    ensure(!disk->open && dir_of(store_dir)->keep_versions);
    if (!disk->before.found)
        return false;
    items_clear(&disk->now.cards);
    disk->now = disk->before;
    disk->before = (struct version){.found = false};
    return true;
}

bool fake_store_checkpoint(struct store_dir *store_dir, int32_t partition,
                           struct checkpoint *checkpoint)
{
    const struct disk *disk = disk_at(dir_of(store_dir), partition);
    *checkpoint = disk->now.checkpoint;
    return disk->now.found && disk->damage == FAKE_DAMAGE_NONE;
}

void fake_store_each(struct store_dir *store_dir, int32_t partition, store_scan_fn *each,
                     void *context)
{
    const struct items *cards = &disk_at(dir_of(store_dir), partition)->now.cards;
    for (size_t i = 0; i < cards->count; i++)
        each(context, &cards->at[i].token, (struct view){cards->at[i].value, cards->at[i].size});
}

void fake_store_restart(struct store_dir *dir)
{
    ensure(fake_store_open_count(dir) == 0);
    dir_of(dir)->crashed = false;
}

size_t fake_store_checkpoint_count(const struct store_dir *dir)
{
    return ((const struct fake_store_dir *)dir)->checkpoint_count;
}

size_t fake_store_get_count(const struct store_dir *dir)
{
    return ((const struct fake_store_dir *)dir)->get_count;
}

size_t fake_store_open_count(const struct store_dir *store_dir)
{
    const struct fake_store_dir *dir = (const struct fake_store_dir *)store_dir;
    size_t count = 0;
    for (size_t i = 0; i < dir->disk_count; i++)
        count += dir->disks[i]->open;
    return count;
}
