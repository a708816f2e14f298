// SPDX-License-Identifier: Apache-2.0
// A worker: one thread's broker, its tasks, and the one transaction that spans them. Nothing here
// is shared with other workers but const settings and the published metrics. A worker is driven
// step by step, so that a service thread, a test or a simulation can drive it alike.
#ifndef STREAM_WORKER_H
#define STREAM_WORKER_H

#include "stream/changes.h"
#include "stream/evaluate.h"
#include "stream/metrics.h"
#include "stream/output.h"
#include "stream/settings.h"
#include "stream/task.h"

// An alert that has to go out takes its own partition's progress along and no other's: each
// partition more is two requests and two markers more before the alert can be read.
enum commit_scope {
    COMMIT_NOTHING,
    COMMIT_WRITTEN, // tasks that have written alerts, dead letters or masked purchases
    COMMIT_ALL,
};

struct worker {
    const struct stream_settings *settings;
    struct stream_ports ports;
    struct worker_metrics *metrics;
    struct counters counters;
    struct partition_gauges *gauges;
    struct task **tasks; // by input partition; NULL: not ours
    struct output output;
    struct evaluate evaluate;
    struct changes *changes;
    struct table_shared *tables; // NULL: no rule asks for a table
    bool open;                   // a transaction has been begun
    int64_t begun_ms;            // when
    int64_t committing_ms;       // when the last commit began
    bool backlog;                // the last poll came back full
    bool assigned;               // the group has given us an assignment
    bool resetting;              // the producer must be made anew before anything else
    int64_t reset_next_ms;       // back-off
    int64_t reset_wait_ms;
    int64_t offsets_next_ms; // back-off of worker_pay_offsets
    int32_t advance_next;    // the partition whose turn it is to be taken
    int64_t checked_ms;      // when the partition counts were looked at
    int64_t published_ms;
    int64_t warned_ms;
};

// `metrics` must outlive the worker; the worker takes the broker and closes it.
struct worker *worker_open(const struct stream_settings *settings, const struct stream_ports *ports,
                           struct worker_metrics *metrics);

// One turn: serves the group, takes a batch, restores, commits, checkpoints, whatever is due; waits
// for work at most about 100 ms. STATUS_OK, or STATUS_FATAL with the reason to leave.
enum status worker_step(struct worker *worker, struct error *err) MUST_USE;

// Commits and checkpoints what is done. To be followed by worker_close. STATUS_FATAL when that
// failed: nothing is lost, but the next start has something to restore.
enum status worker_finish(struct worker *worker, struct error *err) MUST_USE;

// Frees everything at once, leaving no trace but what was committed. Waits for a running
// checkpoint.
void worker_close(struct worker *worker);

// -- for the files of the worker itself --

// Commits the open transaction, if there is one. Failures are recovered from inside (recover.h):
// STATUS_OK then too, with the tasks rewound. STATUS_FATAL: leave.
enum status worker_commit(struct worker *worker, struct error *err) MUST_USE;
// At least once: commits to the group the offsets that the tasks' states are ahead of, if any. The
// states know their offsets, so nothing is lost while this does not succeed.
enum status worker_pay_offsets(struct worker *worker, struct error *err) MUST_USE;
// What of the open transaction is to be committed now; *wait_ms says how long at most until then.
enum commit_scope worker_commit_due(const struct worker *worker, int64_t now_ms, int64_t *wait_ms);
enum status worker_commit_what_is_due(struct worker *worker, struct error *err) MUST_USE;

// After STATUS_ABORT or STATUS_RESET: gives up the open transaction and rewinds the tasks to the
// last commit.
enum status worker_recover(struct worker *worker, enum status cause, struct error *err) MUST_USE;
// Goes on with a reset that has begun; STATUS_OK also while it has to be tried again later.
enum status worker_reset_advance(struct worker *worker, struct error *err) MUST_USE;

// Takes the rows of the tables that are there; waits for nothing.
enum status worker_feed_tables(struct worker *worker, struct error *err) MUST_USE;
// Brings tables on; does nothing while a transaction is open.
enum status worker_tend_tables(struct worker *worker, struct error *err) MUST_USE;
// Checkpoints what has been read of them.
enum status worker_settle_tables(struct worker *worker, struct error *err) MUST_USE;

// Acts on what the group says, then accepts it.
enum status worker_handle_event(struct worker *worker, const struct batch *batch,
                                struct error *err) MUST_USE;

static inline int64_t worker_now_ms(const struct worker *worker)
{
    return worker->ports.broker->ops->now_ms(worker->ports.broker);
}

#endif
