// SPDX-License-Identifier: Apache-2.0
// A worker's tables: rows are taken as they come, between everything else; what asks the cluster
// happens between transactions. Nothing of it exists without a travel rule.
#include "stream/worker.h"

static struct table *table_of(const struct worker *worker, int32_t partition)
{
    const struct task *task = worker->tasks[partition];
    return task == NULL ? NULL : task->table;
}

static void doubt_all(struct worker *worker, const char *reason)
{
    for (int32_t p = 0; p < worker->settings->input_partitions; p++) {
        struct table *table = table_of(worker, p);
        if (table != NULL && table->reading)
            table_doubt(table, &worker->ports, reason);
    }
}

static bool any_is_read(const struct worker *worker)
{
    for (int32_t p = 0; p < worker->settings->input_partitions; p++) {
        const struct table *table = table_of(worker, p);
        if (table != NULL && table->reading)
            return true;
    }
    return false;
}

enum status worker_feed_tables(struct worker *worker, struct error *err)
{
    struct broker *broker = worker->ports.broker;
    struct changelog_batch batch;
    if (worker->tables == NULL || !any_is_read(worker))
        return STATUS_OK;
    enum status status = broker->ops->table_poll(broker, 0, &batch, err);
    if (status == STATUS_RETRY || status == STATUS_RESET) {
        doubt_all(worker, err->text);
        return STATUS_OK;
    }
    for (size_t i = 0; i < batch.message_count && status == STATUS_OK; i++) {
        struct table *table = table_of(worker, batch.messages[i].partition);
        if (table != NULL)
            status = table_apply(table, worker->tables, &batch.messages[i], err);
    }
    return status;
}

// A table that is read anew knows nothing until it has been: its purchases wait, as when the
// partition is taken.
static enum status hold_back(struct worker *worker, int32_t partition, struct error *err)
{
    struct task *task = worker->tasks[partition];
    bool takes = task->state == TASK_RUNNING || task->state == TASK_STALLED;
    if (!takes || table_is_loaded(task->table))
        return STATUS_OK;
    enum status status = worker->ports.broker->ops->stop(worker->ports.broker, partition, err);
    if (status == STATUS_OK)
        task_rewind(task, &worker->ports, worker_now_ms(worker));
    return status == STATUS_FATAL ? STATUS_FATAL : STATUS_OK;
}

enum status worker_tend_tables(struct worker *worker, struct error *err)
{
    if (worker->tables == NULL || worker->open)
        return STATUS_OK;
    enum status status = STATUS_OK;
    for (int32_t p = 0; p < worker->settings->input_partitions && status == STATUS_OK; p++) {
        struct table *table = table_of(worker, p);
        if (table == NULL)
            continue;
        status = table_advance(table, worker->tables, err);
        if (status == STATUS_OK)
            status = hold_back(worker, p, err);
        if (status == STATUS_OK)
            status = table_checkpoint(table, worker->tables, false, err);
    }
    return status;
}

enum status worker_settle_tables(struct worker *worker, struct error *err)
{
    enum status status = STATUS_OK;
    for (int32_t p = 0; p < worker->settings->input_partitions && status == STATUS_OK; p++) {
        struct table *table = table_of(worker, p);
        if (table != NULL)
            status = table_checkpoint(table, worker->tables, true, err);
    }
    return status;
}
