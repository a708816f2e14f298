// SPDX-License-Identifier: Apache-2.0
#include "stream/worker.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/memory.h"
#include "stream/inquiry.h"
#include "stream/recent.h"
#include "stream/take.h"

enum {
    POLL_WAIT_MAX_MS = 100,
    TAKING_WAIT_MS = 5,
    STALLED_WAIT_MS = 20,
    ADVANCE_MS_MAX = 200,
    CHECK_EVERY_MS = 60000,
    PUBLISH_EVERY_MS = 250,
    WARN_EVERY_MS = 10000,
};

struct worker *worker_open(const struct stream_settings *settings, const struct stream_ports *ports,
                           struct worker_metrics *metrics)
{
    struct worker *worker = memory_zeroed(1, sizeof(*worker));
    worker->settings = settings;
    worker->ports = *ports;
    worker->metrics = metrics;
    size_t count = (size_t)settings->input_partitions;
    worker->tasks = memory_zeroed(count, sizeof(*worker->tasks));
    worker->gauges = memory_zeroed(count, sizeof(*worker->gauges));
    output_init(&worker->output, settings, ports->broker);
    evaluate_init(&worker->evaluate, settings, &worker->ports, worker->tasks, &worker->output,
                  &worker->counters);
    if (metrics->recent != NULL)
        worker->evaluate.draft = recent_draft_open(metrics->recent);
    worker->changes = changes_open(settings, ports->broker);
    if (settings->table_topic != NULL) {
        worker->tables = memory_zeroed(1, sizeof(*worker->tables));
        table_shared_init(worker->tables, settings, &worker->ports, &worker->counters);
    }
    worker->checked_ms = worker_now_ms(worker);
    worker_metrics_turn(metrics, worker->checked_ms);
    worker->resetting = true; // the first producer settles what a former life has left open
    return worker;
}

void worker_close(struct worker *worker)
{
    for (int32_t p = 0; p < worker->settings->input_partitions; p++)
        if (worker->tasks[p] != NULL)
            task_close(worker->tasks[p], &worker->ports);
    if (worker->tables != NULL)
        table_shared_release(worker->tables);
    free(worker->tables);
    changes_close(worker->changes);
    free(worker->evaluate.draft);
    evaluate_release(&worker->evaluate);
    output_release(&worker->output);
    worker->ports.broker->ops->close(worker->ports.broker);
    free(worker->gauges);
    free(worker->tasks);
    free(worker);
}

static bool any_task_in(const struct worker *worker, enum task_state state)
{
    for (int32_t p = 0; p < worker->settings->input_partitions; p++)
        if (worker->tasks[p] != NULL && worker->tasks[p]->state == state)
            return true;
    return false;
}

static bool any_reading_changelog(const struct worker *worker)
{
    for (int32_t p = 0; p < worker->settings->input_partitions; p++)
        if (worker->tasks[p] != NULL && worker->tasks[p]->take.reading)
            return true;
    return false;
}

static int poll_wait_ms(const struct worker *worker)
{
    int64_t wait_ms;
    if (worker_commit_due(worker, worker_now_ms(worker), &wait_ms) != COMMIT_NOTHING ||
        any_reading_changelog(worker))
        return 0;
    if (wait_ms > POLL_WAIT_MAX_MS)
        wait_ms = POLL_WAIT_MAX_MS;
    if (any_task_in(worker, TASK_STALLED) && wait_ms > STALLED_WAIT_MS)
        wait_ms = STALLED_WAIT_MS;
    if (any_task_in(worker, TASK_TAKING) && wait_ms > TAKING_WAIT_MS)
        wait_ms = TAKING_WAIT_MS;
    return (int)wait_ms;
}

static bool any_message_wanted(const struct worker *worker, const struct batch *batch)
{
    for (size_t i = 0; i < batch->message_count; i++) {
        const struct task *task = worker->tasks[batch->messages[i].partition];
        if (task != NULL && task->state == TASK_RUNNING)
            return true;
    }
    return false;
}

// A stalled task reads nothing until its schema is there.
static enum status halt_stalled(struct worker *worker, struct error *err)
{
    struct broker *broker = worker->ports.broker;
    for (int32_t p = 0; p < worker->settings->input_partitions; p++) {
        struct task *task = worker->tasks[p];
        if (task == NULL || task->state != TASK_STALLED || task->halted)
            continue;
        enum status status = broker->ops->stop(broker, p, err);
        if (status != STATUS_OK)
            return status;
        task->halted = true;
    }
    return STATUS_OK;
}

static enum status take_messages(struct worker *worker, const struct batch *batch,
                                 struct error *err)
{
    struct broker *broker = worker->ports.broker;
    if (!any_message_wanted(worker, batch))
        return STATUS_OK;
    enum status status = STATUS_OK;
    if (!worker->open) {
        status = worker->settings->at_least_once ? STATUS_OK : broker->ops->begin(broker, err);
        worker->open = status == STATUS_OK;
        worker->begun_ms = worker_now_ms(worker);
    }
    if (status == STATUS_OK)
        status = evaluate_batch(&worker->evaluate, batch->messages, batch->message_count, err);
    if (status != STATUS_OK)
        return worker_recover(worker, status, err);
    for (int32_t p = 0; p < worker->settings->input_partitions; p++)
        if (worker->tasks[p] != NULL)
            cards_release_pins(worker->tasks[p]->cards);
    return halt_stalled(worker, err);
}

static enum status take_poll(struct worker *worker, struct error *err)
{
    struct broker *broker = worker->ports.broker;
    struct batch batch = {.event = EVENT_NONE};
    enum status status = broker->ops->poll(broker, poll_wait_ms(worker), &batch, err);
    if (status == STATUS_RETRY) {
        if (log_due(&worker->warned_ms, worker_now_ms(worker), WARN_EVERY_MS))
            log_warn("worker", "the cluster is out of reach: waiting for it",
                     LOG_TEXT("reason", err->text));
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return worker_recover(worker, status, err);
    worker->backlog = batch.full;
    if (batch.event != EVENT_NONE)
        return worker_handle_event(worker, &batch, err);
    return take_messages(worker, &batch, err);
}

// Hands changelog records to the tasks that restore.
static enum status feed_restores(struct worker *worker, struct error *err)
{
    struct broker *broker = worker->ports.broker;
    struct changelog_batch batch;
    enum status status = broker->ops->changelog_poll(broker, TAKING_WAIT_MS, &batch, err);
    if (status == STATUS_RETRY)
        return STATUS_OK;
    if (status != STATUS_OK)
        return worker_recover(worker, status, err);
    for (size_t i = 0; i < batch.message_count && status == STATUS_OK; i++) {
        struct task *task = worker->tasks[batch.messages[i].partition];
        if (task == NULL || !task->take.reading)
            continue;
        int64_t before = task->take.records;
        status = take_apply(task, &batch.messages[i], err);
        worker->counters.restore_records += (uint64_t)(task->take.records - before);
    }
    for (int32_t p = 0; p < worker->settings->input_partitions && status == STATUS_OK; p++)
        if (worker->tasks[p] != NULL && worker->tasks[p]->take.reading)
            status = take_settle(worker->tasks[p], worker->settings, &worker->ports,
                                 &worker->counters, err);
    return status;
}

static enum status try_unstall(struct worker *worker, struct task *task, struct error *err)
{
    const struct purchase_plan *plan;
    const char *reason;
    struct broker *broker = worker->ports.broker;
    if (schemas_plan(worker->evaluate.schemas, task->stalled_schema, worker_now_ms(worker), &plan,
                     &reason) == SCHEMA_PENDING)
        return STATUS_OK;
    enum status status = broker->ops->start(broker, task->partition, task->position, err);
    if (status == STATUS_RETRY)
        return STATUS_OK;
    if (status != STATUS_OK)
        return worker_recover(worker, status, err);
    task->halted = false;
    task_move(task, TASK_RUNNING);
    log_info("task", "schema answered: going on", LOG_INT("partition", task->partition),
             LOG_INT("schema_id", task->stalled_schema),
             LOG_INT("waited_ms", worker_now_ms(worker) - task->stalled_ms));
    return STATUS_OK;
}

static enum status advance_task(struct worker *worker, struct task *task, struct error *err)
{
    if (task == NULL || worker->resetting)
        return STATUS_OK;
    if (task->state == TASK_TAKING)
        return take_advance(task, worker->settings, &worker->ports, &worker->counters, err);
    return task->state == TASK_STALLED ? try_unstall(worker, task, err) : STATUS_OK;
}

// Many partitions, and a cluster that is slow to answer, are taken over several turns: those that
// run go on in between.
static enum status advance_tasks(struct worker *worker, struct error *err)
{
    enum status status = STATUS_OK;
    int32_t count = worker->settings->input_partitions;
    int32_t first = worker->advance_next;
    int64_t until_ms = worker_now_ms(worker) + ADVANCE_MS_MAX;
    if (any_reading_changelog(worker))
        status = feed_restores(worker, err);
    for (int32_t i = 0; i < count && status == STATUS_OK; i++) {
        int32_t partition = (first + i) % count;
        worker->advance_next = (partition + 1) % count;
        status = advance_task(worker, worker->tasks[partition], err);
        if (worker_now_ms(worker) >= until_ms)
            break;
    }
    return status;
}

// Only a commit stages, and only a successful one leaves anything staged: what is staged here is
// committed, whether or not the next transaction has begun.
static enum status checkpoint_tasks(struct worker *worker, struct error *err)
{
    const struct stream_settings *settings = worker->settings;
    int64_t now_ms = worker_now_ms(worker);
    for (int32_t p = 0; p < settings->input_partitions; p++) {
        struct task *task = worker->tasks[p];
        if (task == NULL || task->state == TASK_TAKING)
            continue;
        bool full = cards_over_limit(task->cards) ||
                    task->store->ops->staged_bytes(task->store) >= 2 * settings->staged_max_bytes;
        enum status status =
            full ? task_checkpoint_wait(task, settings, now_ms, &worker->counters, err)
                 : task_checkpoint(task, settings, now_ms, false, &worker->counters, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status check_topics(struct worker *worker, int64_t now_ms, struct error *err)
{
    if (now_ms - worker->checked_ms < CHECK_EVERY_MS)
        return STATUS_OK;
    worker->checked_ms = now_ms;
    int32_t input;
    int32_t changelog;
    struct broker *broker = worker->ports.broker;
    enum status status = broker->ops->partition_counts(broker, &input, &changelog, err);
    if (status == STATUS_FATAL)
        return status;
    if (status != STATUS_OK)
        return STATUS_OK; // out of reach: poll tells of it
    const struct stream_settings *settings = worker->settings;
    if (input == settings->input_partitions && changelog == settings->input_partitions)
        return STATUS_OK;
    return error_set(err, STATUS_FATAL,
                     "the topic %s has %" PRId32 " partitions and %s has %" PRId32 ", but the "
                     "service started with %" PRId32 " (-1: the topic is gone); the state is "
                     "untouched: put the topics right, or see deploy/RUNBOOK.md on another "
                     "partition count",
                     settings->input_topic, input, settings->changelog_topic, changelog,
                     settings->input_partitions);
}

static void show_lag(struct worker *worker, int32_t partition)
{
    struct partition_gauges *gauges = &worker->gauges[partition];
    struct broker *broker = worker->ports.broker;
    int64_t end = broker->ops->input_end(broker, partition);
    if (!gauges->running || end < 0)
        return;
    gauges->lag = end > gauges->position ? end - gauges->position : 0;
}

static void publish(struct worker *worker, int64_t now_ms)
{
    if (worker->published_ms != 0 && now_ms - worker->published_ms < PUBLISH_EVERY_MS)
        return;
    worker->published_ms = now_ms;
    bool ready = worker->assigned && !worker->resetting;
    for (int32_t p = 0; p < worker->settings->input_partitions; p++) {
        worker->gauges[p] = (struct partition_gauges){.lag = -1};
        const struct task *task = worker->tasks[p];
        if (task == NULL)
            continue;
        task_gauges(task, &worker->gauges[p]);
        if (task->state == TASK_TAKING)
            worker->gauges[p].restore_ms = now_ms - task->take.began_ms;
        show_lag(worker, p);
        ready = ready && task->state == TASK_RUNNING && worker->gauges[p].lag >= 0;
        ready = ready && (task->table == NULL || table_is_followed(task->table));
    }
    worker_metrics_publish(worker->metrics, &worker->counters, worker->gauges, ready);
}

enum status worker_step(struct worker *worker, struct error *err)
{
    err->text[0] = '\0';
    enum status status = STATUS_OK;
    if (worker->resetting)
        status = worker_reset_advance(worker, err);
    if (status == STATUS_OK)
        status = take_poll(worker, err);
    if (status == STATUS_OK)
        status = worker_feed_tables(worker, err);
    if (status == STATUS_OK)
        status = advance_tasks(worker, err);
    if (status == STATUS_OK)
        status = worker_commit_what_is_due(worker, err);
    if (status == STATUS_OK)
        status = worker_pay_offsets(worker, err);
    if (status == STATUS_OK)
        status = worker_tend_tables(worker, err);
    if (status == STATUS_OK)
        status = checkpoint_tasks(worker, err);
    int64_t now_ms = worker_now_ms(worker);
    if (status == STATUS_OK)
        status = check_topics(worker, now_ms, err);
    struct inquiry *inquiry = worker->metrics->inquiry;
    if (inquiry != NULL && inquiry_waits(inquiry))
        inquiry_advance(inquiry, worker->tasks, worker->settings->input_partitions);
    publish(worker, now_ms);
    worker_metrics_turn(worker->metrics, now_ms);
    ensure(status == STATUS_OK || status == STATUS_FATAL);
    return status;
}

enum status worker_finish(struct worker *worker, struct error *err)
{
    enum status status = worker_commit(worker, err);
    int64_t now_ms = worker_now_ms(worker);
    for (int32_t p = 0; p < worker->settings->input_partitions && status == STATUS_OK; p++) {
        struct task *task = worker->tasks[p];
        if (task != NULL && task->state != TASK_TAKING)
            status = task_checkpoint_wait(task, worker->settings, now_ms, &worker->counters, err);
    }
    if (status == STATUS_OK)
        status = worker_settle_tables(worker, err);
    worker->published_ms = 0;
    publish(worker, now_ms);
    return status;
}
