// SPDX-License-Identifier: Apache-2.0
// One way back for every failure: memory is dropped, and what the changelog says becomes true
// again by restoring from the last checkpoint on. After an unknown outcome the producer is made
// anew first, which settles the transaction one way or the other, and only then are offsets read.
#include "base/assert.h"
#include "base/log.h"
#include "stream/worker.h"

enum { RESET_WAIT_FIRST_MS = 50, RESET_WAIT_MAX_MS = 2000 };

static enum status rewind_tasks(struct worker *worker, struct error *err)
{
    struct broker *broker = worker->ports.broker;
    int64_t now_ms = worker_now_ms(worker);
    for (int32_t p = 0; p < worker->settings->input_partitions; p++) {
        struct task *task = worker->tasks[p];
        bool untouched = task != NULL && task->state == TASK_TAKING && !task->take.reading;
        if (task == NULL || task->state == TASK_SUSPENDED || untouched)
            continue;
        enum status status = broker->ops->stop(broker, p, err);
        if (status == STATUS_OK && task->damaged)
            status = task_rewind_whole(task, &worker->ports, now_ms, err);
        else
            task_rewind(task, &worker->ports, now_ms);
        task->damaged = false;
        if (status == STATUS_FATAL)
            return status;
    }
    return STATUS_OK;
}

enum status worker_recover(struct worker *worker, enum status cause, struct error *err)
{
    if (cause == STATUS_FATAL)
        return STATUS_FATAL;
    struct broker *broker = worker->ports.broker;
    log_warn("worker",
             cause == STATUS_ABORT ? "transaction aborted: going back to the last commit"
                                   : "outcome unknown or producer lost: going back to what the "
                                     "changelog says",
             LOG_TEXT("reason", err->text));
    if (cause == STATUS_ABORT && worker->open && !worker->settings->at_least_once)
        cause = broker->ops->abort(broker, err);
    else if (cause == STATUS_ABORT && !worker->open)
        cause = STATUS_OK;
    if (cause == STATUS_FATAL)
        return STATUS_FATAL;
    if (cause != STATUS_OK && !worker->resetting) {
        worker->resetting = true;
        worker->reset_next_ms = 0;
        worker->reset_wait_ms = RESET_WAIT_FIRST_MS;
    }
    worker->counters.aborts += cause == STATUS_OK;
    worker->counters.resets += cause != STATUS_OK;
    worker->open = false;
    worker->evaluate.alert_count = 0;
    worker->evaluate.alert_raised = false;
    if (worker->evaluate.draft != NULL)
        recent_draft_discard(worker->evaluate.draft);
    return rewind_tasks(worker, err);
}

enum status worker_reset_advance(struct worker *worker, struct error *err)
{
    ensure(worker->resetting);
    int64_t now_ms = worker_now_ms(worker);
    if (now_ms < worker->reset_next_ms)
        return STATUS_OK;
    enum status status = worker->ports.broker->ops->reset(worker->ports.broker, err);
    if (status == STATUS_FATAL)
        return status;
    if (status == STATUS_OK) {
        worker->resetting = false;
        if (worker->counters.resets > 0)
            log_info("worker", "producer made anew");
        return STATUS_OK;
    }
    worker->reset_next_ms = worker_now_ms(worker) + worker->reset_wait_ms;
    worker->reset_wait_ms *= 2;
    if (worker->reset_wait_ms > RESET_WAIT_MAX_MS)
        worker->reset_wait_ms = RESET_WAIT_MAX_MS;
    if (log_due(&worker->warned_ms, now_ms, 10000))
        log_warn("worker", "waiting for the cluster to make a new producer",
                 LOG_TEXT("reason", err->text));
    return STATUS_OK;
}
