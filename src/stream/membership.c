// SPDX-License-Identifier: Apache-2.0
// What the group gives and takes. A revoked task is kept warm until the next assignment says
// whether it comes back.
#include "base/assert.h"
#include "base/log.h"
#include "stream/worker.h"

static void drop_task(struct worker *worker, int32_t partition)
{
    struct broker *broker = worker->ports.broker;
    struct error ignored; // what cannot be stopped any more is not read any more
    (void)!broker->ops->stop(broker, partition, &ignored);
    task_close(worker->tasks[partition], &worker->ports);
    worker->tasks[partition] = NULL;
}

static bool is_assigned(const struct batch *batch, int32_t partition)
{
    for (size_t i = 0; i < batch->partition_count; i++)
        if (batch->partitions[i] == partition)
            return true;
    return false;
}

static enum status check_partitions(const struct worker *worker, const struct batch *batch,
                                    struct error *err)
{
    for (size_t i = 0; i < batch->partition_count; i++)
        if (batch->partitions[i] >= worker->settings->input_partitions)
            return error_set(err, STATUS_FATAL,
                             "the topic %s has more partitions than when the service started: the "
                             "cards of the stored state would be elsewhere; see deploy/RUNBOOK.md "
                             "on another partition count",
                             worker->settings->input_topic);
    return STATUS_OK;
}

static enum status assigned(struct worker *worker, const struct batch *batch, struct error *err)
{
    enum status status = check_partitions(worker, batch, err);
    if (status != STATUS_OK)
        return status;
    int64_t now_ms = worker_now_ms(worker);
    for (int32_t p = 0; p < worker->settings->input_partitions; p++)
        if (worker->tasks[p] != NULL && !is_assigned(batch, p))
            drop_task(worker, p);
    for (size_t i = 0; i < batch->partition_count; i++) {
        int32_t p = batch->partitions[i];
        struct task *task = worker->tasks[p];
        if (task == NULL) {
            worker->tasks[p] = task_open(worker->settings, p, now_ms);
        } else if (task->state == TASK_SUSPENDED) {
            task_move(task, TASK_TAKING);
            task->take = (struct take){.step = TAKE_STORE, .began_ms = now_ms, .warm = true};
            if (task->table != NULL)
                table_take(task->table);
        }
    }
    size_t cache_bytes = worker->settings->cache_bytes;
    for (size_t i = 0; i < batch->partition_count; i++)
        cards_set_limit(worker->tasks[batch->partitions[i]]->cards,
                        cache_bytes / batch->partition_count);
    worker->assigned = true;
    log_info("worker", "partitions assigned", LOG_INT("count", batch->partition_count));
    return STATUS_OK;
}

// Stops reading; a task with nothing to lose stays warm, the others go.
static enum status suspend(struct worker *worker, int32_t partition, struct error *err)
{
    struct task *task = worker->tasks[partition];
    if (task->state == TASK_TAKING) {
        drop_task(worker, partition);
        return STATUS_OK;
    }
    ensure(!task_has_progress(task));
    enum status status = worker->ports.broker->ops->stop(worker->ports.broker, partition, err);
    if (status != STATUS_OK)
        return status;
    task_move(task, TASK_SUSPENDED);
    return task_checkpoint(task, worker->settings, worker_now_ms(worker), true, &worker->counters,
                           err);
}

static enum status revoked(struct worker *worker, struct error *err)
{
    log_info("worker", "partitions revoked");
    enum status status = worker_commit(worker, err);
    for (int32_t p = 0; p < worker->settings->input_partitions && status == STATUS_OK; p++)
        if (worker->tasks[p] != NULL && worker->tasks[p]->state != TASK_SUSPENDED)
            status = suspend(worker, p, err);
    return status;
}

static enum status lost(struct worker *worker, struct error *err)
{
    log_warn("worker", "partitions lost: the group went on without this worker");
    enum status status = STATUS_OK;
    error_set(err, STATUS_OK, "the group has given the partitions to others");
    if (worker->open)
        status = worker_recover(worker, STATUS_ABORT, err);
    for (int32_t p = 0; p < worker->settings->input_partitions; p++)
        if (worker->tasks[p] != NULL)
            drop_task(worker, p);
    return status;
}

enum status worker_handle_event(struct worker *worker, const struct batch *batch, struct error *err)
{
    enum status status = STATUS_OK;
    switch (batch->event) {
    case EVENT_NONE:
        return STATUS_OK;
    case EVENT_ASSIGNED:
        status = assigned(worker, batch, err);
        break;
    case EVENT_REVOKED:
        worker->assigned = false;
        status = revoked(worker, err);
        break;
    case EVENT_LOST:
        worker->assigned = false;
        status = lost(worker, err);
        break;
    }
    if (status != STATUS_OK)
        return status;
    return worker->ports.broker->ops->accept(worker->ports.broker, err);
}
