// SPDX-License-Identifier: Apache-2.0
// When memory has become full, all that has changed is staged and checkpointed into the scratch
// store, as the service does at a commit, and cards are evicted from then on: memory is bounded by
// cache_bytes, and a run whose cards fit never writes a byte.
#include "stream/replay.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "stream/changes.h"
#include "stream/evaluate.h"

enum { SCAN_CARDS = 4096 };

struct replay {
    struct stream_settings settings;
    struct stream_ports ports;
    struct counters counters;
    struct task **tasks; // by partition; NULL: not started
    struct output output;
    struct evaluate evaluate;
    struct changes *changes;
};

struct replay *replay_open(const struct stream_settings *settings, struct store_dir *stores,
                           const struct schema_source *schemas,
                           const struct replay_listener *listener)
{
    struct replay *replay = memory_zeroed(1, sizeof(*replay));
    replay->settings = *settings;
    replay->settings.at_least_once = false; // nothing here is ever cut off in the middle
    replay->ports = (struct stream_ports){
        .broker = replay_broker_open(listener),
        .stores = stores,
        .schemas = *schemas,
    };
    replay->tasks = memory_zeroed((size_t)settings->input_partitions, sizeof(replay->tasks[0]));
    output_init(&replay->output, &replay->settings, replay->ports.broker);
    evaluate_init(&replay->evaluate, &replay->settings, &replay->ports, replay->tasks,
                  &replay->output, &replay->counters);
    replay->changes = changes_open(&replay->settings, replay->ports.broker);
    return replay;
}

void replay_close(struct replay *replay)
{
    if (replay == NULL)
        return;
    for (int32_t p = 0; p < replay->settings.input_partitions; p++)
        if (replay->tasks[p] != NULL)
            task_close(replay->tasks[p], &replay->ports);
    changes_close(replay->changes);
    evaluate_release(&replay->evaluate);
    output_release(&replay->output);
    replay->ports.broker->ops->close(replay->ports.broker);
    free(replay->tasks);
    free(replay);
}

// The memory is shared evenly among the partitions.
static void share_memory(struct replay *replay)
{
    size_t count = 0;
    for (int32_t p = 0; p < replay->settings.input_partitions; p++)
        count += replay->tasks[p] != NULL;
    for (int32_t p = 0; p < replay->settings.input_partitions; p++)
        if (replay->tasks[p] != NULL)
            cards_set_limit(replay->tasks[p]->cards, replay->settings.cache_bytes / count);
}

enum status replay_start(struct replay *replay, int32_t partition, int64_t offset,
                         struct error *err)
{
    ensure(partition >= 0 && partition < replay->settings.input_partitions);
    ensure(replay->tasks[partition] == NULL && offset >= 0);
    struct store_dir *stores = replay->ports.stores;
    struct task *task = task_open(&replay->settings, partition, 0);
    enum status status = stores->ops->reset(stores, partition, err);
    if (status == STATUS_OK)
        status = stores->ops->open(stores, partition, &task->store, err);
    if (status != STATUS_OK) {
        task_close(task, &replay->ports);
        return error_prefix(err, STATUS_FATAL, "scratch space");
    }
    task->position = offset;
    task->committed_position = offset;
    task_move(task, TASK_RUNNING);
    replay->tasks[partition] = task;
    share_memory(replay);
    return STATUS_OK;
}

// Brings the store up to what memory says.
static enum status spill(struct replay *replay, struct task *task, struct error *err)
{
    if (cards_dirty_count(task->cards) == 0)
        return STATUS_OK;
    enum status status = changes_write(replay->changes, task, false, &replay->counters, err);
    if (status != STATUS_OK)
        return error_prefix(err, STATUS_FATAL, "scratch space");
    changes_committed(replay->changes, task);
    status = task_checkpoint_wait(task, &replay->settings, 0, &replay->counters, err);
    return status == STATUS_OK ? STATUS_OK : error_prefix(err, STATUS_FATAL, "scratch space");
}

static enum status settle(struct replay *replay, struct task *task, struct error *err)
{
    cards_release_pins(task->cards);
    if (task->state == TASK_STALLED)
        return error_set(err, STATUS_RETRY, "the schema %u of a purchase is not at hand",
                         task->stalled_schema);
    return cards_over_limit(task->cards) ? spill(replay, task, err) : STATUS_OK;
}

enum status replay_take(struct replay *replay, const struct message *messages, size_t count,
                        struct error *err)
{
    enum status status = evaluate_batch(&replay->evaluate, messages, count, err);
    if (status != STATUS_OK)
        return error_prefix(err, STATUS_FATAL, "scratch space");
    replay->evaluate.alert_count = 0;
    for (int32_t p = 0; p < replay->settings.input_partitions && status == STATUS_OK; p++)
        if (replay->tasks[p] != NULL)
            status = settle(replay, replay->tasks[p], err);
    return status;
}

const struct counters *replay_counters(const struct replay *replay)
{
    return &replay->counters;
}

int64_t replay_position(const struct replay *replay, int32_t partition)
{
    ensure(replay->tasks[partition] != NULL);
    return replay->tasks[partition]->position;
}

struct optional_ms replay_stream_time(const struct replay *replay, int32_t partition)
{
    ensure(replay->tasks[partition] != NULL);
    return replay->tasks[partition]->stream_time;
}

// A card that has expired since it was stored is passed over.
struct sieve {
    const struct engine *engine;
    struct optional_ms stream_time;
    store_scan_fn *each;
    void *context;
};

static void sift(void *context, const struct token *token, struct view value)
{
    const struct sieve *sieve = context;
    struct card card;
    card_init(&card);
    ensure(card_decode(value, &card, NULL) == STATUS_OK); // written by this very process
    bool expired = engine_card_expired(sieve->engine, sieve->stream_time, &card);
    card_release(&card);
    if (!expired)
        sieve->each(sieve->context, token, value);
}

enum status replay_each_card(struct replay *replay, int32_t partition, store_scan_fn *each,
                             void *context, struct error *err)
{
    struct task *task = replay->tasks[partition];
    ensure(task != NULL);
    enum status status = spill(replay, task, err);
    struct sieve sieve = {&replay->settings.engine, task->stream_time, each, context};
    struct token cursor = {{0}};
    bool wrapped = false;
    while (status == STATUS_OK && !wrapped)
        status =
            task->store->ops->scan(task->store, &cursor, SCAN_CARDS, sift, &sieve, &wrapped, err);
    return status == STATUS_OK ? STATUS_OK : error_prefix(err, STATUS_FATAL, "scratch space");
}
