// SPDX-License-Identifier: Apache-2.0
#include "stream/task.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/memory.h"

static void begin_taking(struct task *task, int64_t now_ms)
{
    task->state = TASK_TAKING;
    task->take = (struct take){.step = TAKE_STORE, .began_ms = now_ms};
}

// What memory says of the partition, before anything is known.
static void forget(struct task *task)
{
    cards_clear(task->cards);
    counts_clear(&task->counts);
    task->stream_time = (struct optional_ms){false, 0};
    task->position = -1;
    task->committed_position = -1;
    task->meta = (struct meta){.input_offset = -1};
    task->changelog_end = 0;
    task->checkpointed_end = 0;
    task->created_count = 0;
    task->written = false;
    task->offset_owed = false;
    task->stalled_ms = 0;
}

struct task *task_open(const struct stream_settings *settings, int32_t partition, int64_t now_ms)
{
    ensure(partition >= 0 && partition < PARTITIONS_MAX);
    struct task *task = memory_zeroed(1, sizeof(*task));
    task->partition = partition;
    task->cards = cards_open(settings->cache_bytes);
    counts_init(&task->counts);
    if (settings->table_topic != NULL)
        task->table = table_open(partition);
    task->round = 1;
    forget(task);
    begin_taking(task, now_ms);
    return task;
}

static void close_changelog(struct task *task, const struct stream_ports *ports)
{
    if (task->take.reading)
        ports->broker->ops->changelog_close(ports->broker, task->partition);
    task->take.reading = false;
}

void task_close(struct task *task, const struct stream_ports *ports)
{
    close_changelog(task, ports);
    if (task->store != NULL)
        task->store->ops->close(task->store);
    if (task->table != NULL)
        table_close(task->table, ports);
    cards_close(task->cards);
    counts_release(&task->counts);
    free(task);
}

void task_move(struct task *task, enum task_state state)
{
    static const bool allowed[4][4] = {
        [TASK_TAKING] = {[TASK_RUNNING] = true},
        [TASK_RUNNING] = {[TASK_STALLED] = true, [TASK_SUSPENDED] = true},
        [TASK_STALLED] = {[TASK_RUNNING] = true, [TASK_SUSPENDED] = true},
        [TASK_SUSPENDED] = {[TASK_TAKING] = true},
    };
    ensure(allowed[task->state][state]);
    task->state = state;
}

void task_rewind(struct task *task, const struct stream_ports *ports, int64_t now_ms)
{
    close_changelog(task, ports);
    if (task->store != NULL) {
        task->store->ops->discard(task->store);
        task->checkpoint_running = false;
    }
    forget(task);
    begin_taking(task, now_ms);
}

enum status task_rewind_whole(struct task *task, const struct stream_ports *ports, int64_t now_ms,
                              struct error *err)
{
    close_changelog(task, ports);
    forget(task);
    begin_taking(task, now_ms);
    task->checkpoint_running = false;
    if (task->store != NULL)
        task->store->ops->close(task->store);
    task->store = NULL;
    return ports->stores->ops->reset(ports->stores, task->partition, err);
}

// *running tells whether a checkpoint is still under way.
static enum status poll_checkpoint(struct task *task, bool wait, bool *running, struct error *err)
{
    *running = false;
    if (!task->checkpoint_running)
        return STATUS_OK;
    enum status status = task->store->ops->checkpoint_poll(task->store, wait, running, err);
    if (status != STATUS_OK)
        return status;
    if (*running)
        return STATUS_OK;
    task->checkpoint_running = false;
    cards_checkpointed(task->cards, task->round - 1);
    return STATUS_OK;
}

static void start_checkpoint(struct task *task, int64_t now_ms, struct counters *counters)
{
    const struct checkpoint checkpoint = {.changelog_offset = task->changelog_end,
                                          .meta = task->meta};
    task->store->ops->checkpoint_start(task->store, &checkpoint);
    task->checkpoint_running = true;
    task->checkpointed_end = task->changelog_end;
    task->checkpoint_ms = now_ms;
    task->round++;
    counters->checkpoints++;
}

enum status task_checkpoint(struct task *task, const struct stream_settings *settings,
                            int64_t now_ms, bool force, struct counters *counters,
                            struct error *err)
{
    ensure(task->store != NULL);
    bool running;
    enum status status = poll_checkpoint(task, false, &running, err);
    if (status != STATUS_OK || running)
        return status;
    bool due = now_ms - task->checkpoint_ms >= settings->checkpoint_interval_ms;
    bool large = task->store->ops->staged_bytes(task->store) >= settings->staged_max_bytes;
    bool moved = task->changelog_end != task->checkpointed_end;
    if (moved && (due || large || force))
        start_checkpoint(task, now_ms, counters);
    return STATUS_OK;
}

enum status task_checkpoint_wait(struct task *task, const struct stream_settings *settings,
                                 int64_t now_ms, struct counters *counters, struct error *err)
{
    bool running;
    enum status status = poll_checkpoint(task, true, &running, err);
    if (status == STATUS_OK)
        status = task_checkpoint(task, settings, now_ms, true, counters, err);
    if (status == STATUS_OK)
        status = poll_checkpoint(task, true, &running, err);
    return status;
}

// False when memory has all that the store has: a replay from zero need not look for what is new.
static bool store_may_know_more(const struct task *task)
{
    return !task->store_was_empty || cards_have_left(task->cards);
}

enum status task_card(struct task *task, const struct token *token, struct card_entry **out,
                      struct error *err)
{
    *out = cards_find(task->cards, token);
    if (*out != NULL)
        return STATUS_OK;
    struct view value = {NULL, 0};
    enum status status = STATUS_OK;
    if (store_may_know_more(task))
        status = task->store->ops->get(task->store, token, &value, err);
    if (status != STATUS_OK)
        return status;
    *out = cards_add(task->cards, token);
    if (value.data == NULL)
        return STATUS_OK;
    if (card_decode(value, &(*out)->card, err) != STATUS_OK)
        return error_prefix(err, STATUS_RECORD, "store of partition %" PRId32 ": card",
                            task->partition);
    return STATUS_OK;
}

enum status task_note_damage(struct task *task, const struct error *err)
{
    log_error("task", "local store is damaged: restoring from the changelog",
              LOG_INT("partition", task->partition), LOG_TEXT("reason", err->text));
    task->damaged = true;
    return STATUS_ABORT;
}

void task_gauges(const struct task *task, struct partition_gauges *out)
{
    *out = (struct partition_gauges){
        .owned = task->state != TASK_SUSPENDED,
        .running = task->state == TASK_RUNNING,
        .stalled = task->state == TASK_STALLED,
        .stalled_schema = task->stalled_schema,
        .position = task->position,
        .lag = -1,
        .stream_time_ms = task->stream_time.ms,
        .stream_time_known = task->stream_time.known,
        .table_offset = -1,
    };
    if (task->state == TASK_TAKING) {
        out->restore_from = task->take.from;
        out->restore_at = task->take.moved_to;
        out->restore_end = task->take.mark;
        out->restore_records = task->take.records;
    }
    if (task->table != NULL)
        table_gauges(task->table, out);
    if (task->store == NULL)
        return;
    out->state_cards = task->store->ops->card_count(task->store);
    out->state_bytes = task->store->ops->disk_bytes(task->store);
}
