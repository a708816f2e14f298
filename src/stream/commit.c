// SPDX-License-Identifier: Apache-2.0
// The commit protocol. Exactly once: changelog records, meta records, alerts, dead letters and
// input offsets are one transaction. At least once: alerts first, then the state, then the offsets,
// so that whatever a crash cuts off is done again and no alert is lost.
#include <inttypes.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/log.h"
#include "stream/worker.h"

enum { OFFSETS_RETRY_MS = 1000 };

static bool cannot_wait(const struct worker *worker)
{
    const struct stream_settings *settings = worker->settings;
    size_t dirty_count = 0;
    for (int32_t p = 0; p < settings->input_partitions; p++) {
        const struct task *task = worker->tasks[p];
        if (task == NULL)
            continue;
        bool waits = task->state == TASK_STALLED && task_has_progress(task);
        bool noted = task->counts.noted.size > COUNTS_BYTES_DUE;
        if (waits || noted || cards_over_limit(task->cards))
            return true;
        dirty_count += cards_dirty_count(task->cards);
    }
    return dirty_count >= settings->dirty_max_count;
}

enum commit_scope worker_commit_due(const struct worker *worker, int64_t now_ms, int64_t *wait_ms)
{
    const struct stream_settings *settings = worker->settings;
    *wait_ms = INT64_MAX;
    if (!worker->open)
        return COMMIT_NOTHING;
    *wait_ms = worker->begun_ms + settings->commit_interval_ms - now_ms;
    if (*wait_ms <= 0 || cannot_wait(worker))
        return COMMIT_ALL;
    // Small transactions would only slow the working off of a backlog.
    if (!worker->evaluate.alert_raised || worker->backlog)
        return COMMIT_NOTHING;
    int64_t alert_wait_ms = worker->committing_ms + settings->min_commit_interval_ms - now_ms;
    if (alert_wait_ms < *wait_ms)
        *wait_ms = alert_wait_ms;
    if (alert_wait_ms > 0)
        return COMMIT_NOTHING;
    return settings->at_least_once ? COMMIT_ALL : COMMIT_WRITTEN;
}

static bool is_committed_by(const struct task *task, enum commit_scope scope)
{
    return task != NULL && task_has_progress(task) && (scope == COMMIT_ALL || task->written);
}

// Before the state that says that they have been counted.
static enum status write_counts(struct worker *worker, enum commit_scope scope, struct error *err)
{
    enum status status = STATUS_OK;
    if (!worker->settings->write_counts)
        return STATUS_OK;
    for (int32_t p = 0; p < worker->settings->input_partitions && status == STATUS_OK; p++) {
        const struct task *task = worker->tasks[p];
        if (is_committed_by(task, scope))
            status = counts_write(&task->counts, task->cards, p, worker->ports.broker, err);
    }
    return status;
}

static enum status write_changes(struct worker *worker, enum commit_scope scope,
                                 struct partition_offset *offsets, size_t *count, struct error *err)
{
    *count = 0;
    for (int32_t p = 0; p < worker->settings->input_partitions; p++) {
        struct task *task = worker->tasks[p];
        if (!is_committed_by(task, scope))
            continue;
        enum status status =
            changes_write(worker->changes, task, scope == COMMIT_WRITTEN, &worker->counters, err);
        if (status != STATUS_OK)
            return status;
        offsets[(*count)++] = (struct partition_offset){p, task->position};
    }
    return STATUS_OK;
}

static enum status commit_exactly_once(struct worker *worker, enum commit_scope scope,
                                       struct error *err)
{
    struct broker *broker = worker->ports.broker;
    struct partition_offset offsets[PARTITIONS_MAX];
    size_t count;
    enum status status = write_counts(worker, scope, err);
    if (status == STATUS_OK)
        status = write_changes(worker, scope, offsets, &count, err);
    if (status != STATUS_OK)
        return status;
    return broker->ops->commit(broker, offsets, count, err);
}

static enum status commit_at_least_once(struct worker *worker, struct error *err)
{
    struct broker *broker = worker->ports.broker;
    struct partition_offset offsets[PARTITIONS_MAX];
    size_t count;
    enum status status = write_counts(worker, COMMIT_ALL, err);
    if (status == STATUS_OK)
        status = broker->ops->flush(broker, err);
    if (status == STATUS_OK)
        status = write_changes(worker, COMMIT_ALL, offsets, &count, err);
    if (status == STATUS_OK)
        status = broker->ops->flush(broker, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        worker->tasks[offsets[i].partition]->offset_owed = true;
    return STATUS_OK;
}

enum status worker_pay_offsets(struct worker *worker, struct error *err)
{
    struct broker *broker = worker->ports.broker;
    struct partition_offset offsets[PARTITIONS_MAX];
    size_t count = 0;
    int64_t now_ms = worker_now_ms(worker);
    if (!worker->settings->at_least_once || now_ms < worker->offsets_next_ms)
        return STATUS_OK;
    for (int32_t p = 0; p < worker->settings->input_partitions; p++) {
        const struct task *task = worker->tasks[p];
        if (task != NULL && task->offset_owed && task->state != TASK_TAKING &&
            task->state != TASK_SUSPENDED)
            offsets[count++] = (struct partition_offset){p, task->committed_position};
    }
    if (count == 0)
        return STATUS_OK;
    enum status status = broker->ops->commit_offsets(broker, offsets, count, err);
    if (status == STATUS_FATAL)
        return status;
    if (status != STATUS_OK) {
        worker->offsets_next_ms = now_ms + OFFSETS_RETRY_MS;
        log_warn("commit", "offsets could not be committed: the state's own hold until they are",
                 LOG_TEXT("reason", err->text));
        return STATUS_OK;
    }
    for (size_t i = 0; i < count; i++)
        worker->tasks[offsets[i].partition]->offset_owed = false;
    return STATUS_OK;
}

static void observe_commit(struct worker *worker, int64_t started_ms)
{
    struct counters *counters = &worker->counters;
    struct evaluate *evaluate = &worker->evaluate;
    int64_t wall_ms = worker->ports.broker->ops->wall_ms(worker->ports.broker);
    counters->commits++;
    histogram_observe(&counters->commit_seconds,
                      (double)(worker_now_ms(worker) - started_ms) / 1000);
    for (size_t i = 0; i < evaluate->alert_count; i++)
        histogram_observe(&counters->alert_latency_seconds,
                          (double)(wall_ms - evaluate->alert_ms[i]) / 1000);
    evaluate->alert_count = 0;
    evaluate->alert_raised = false;
    if (evaluate->draft != NULL)
        recent_draft_publish(evaluate->draft, wall_ms);
}

// Returns whether every task is committed.
static bool settle_tasks(struct worker *worker, enum commit_scope scope)
{
    bool all = true;
    for (int32_t p = 0; p < worker->settings->input_partitions; p++) {
        struct task *task = worker->tasks[p];
        if (is_committed_by(task, scope))
            changes_committed(worker->changes, task);
        all = all && (task == NULL || !task_has_progress(task));
    }
    return all;
}

// What has been left out stays due when it was: begun_ms is not moved.
static enum status commit_tasks(struct worker *worker, enum commit_scope scope, struct error *err)
{
    struct broker *broker = worker->ports.broker;
    int64_t started_ms = worker_now_ms(worker);
    enum status status = worker->settings->at_least_once ? commit_at_least_once(worker, err)
                                                         : commit_exactly_once(worker, scope, err);
    if (status != STATUS_OK)
        return worker_recover(worker, status, err);
    bool all = settle_tasks(worker, scope);
    worker->open = false;
    worker->committing_ms = started_ms;
    observe_commit(worker, started_ms);
    worker->offsets_next_ms = 0;
    if (all)
        return worker_pay_offsets(worker, err);
    status = broker->ops->begin(broker, err);
    worker->open = status == STATUS_OK;
    return status == STATUS_OK ? status : worker_recover(worker, status, err);
}

enum status worker_commit(struct worker *worker, struct error *err)
{
    return worker->open ? commit_tasks(worker, COMMIT_ALL, err) : STATUS_OK;
}

enum status worker_commit_what_is_due(struct worker *worker, struct error *err)
{
    int64_t wait_ms;
    enum commit_scope scope = worker_commit_due(worker, worker_now_ms(worker), &wait_ms);
    return scope == COMMIT_NOTHING ? STATUS_OK : commit_tasks(worker, scope, err);
}
