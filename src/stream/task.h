// SPDX-License-Identifier: Apache-2.0
// A task is one input partition in the hands of a worker: its cards in memory, its store, its
// place in the input. This file knows its life; take.h brings it to running, evaluate.h feeds it
// purchases, changes.h writes what has changed.
//
//   TAKING ---> RUNNING <---> STALLED          any state --> TAKING (rewind: memory is dropped,
//                  \            /               the state is what the changelog says)
//                   SUSPENDED --> TAKING
#ifndef STREAM_TASK_H
#define STREAM_TASK_H

#include "store/cards.h"
#include "stream/counts.h"
#include "stream/metrics.h"
#include "stream/settings.h"
#include "stream/table.h"

enum task_state {
    TASK_TAKING,    // opening the store, restoring; reads no input
    TASK_RUNNING,   // takes purchases
    TASK_STALLED,   // a purchase at `position` waits for its schema; reads no input
    TASK_SUSPENDED, // revoked, but kept warm: it may come back unchanged
};

// Where taking stands; see take.c.
enum take_step {
    TAKE_STORE,
    TAKE_COMMITTED,
    TAKE_MARKS,
    TAKE_CHANGELOG,
    TAKE_START,
};

struct take {
    enum take_step step;
    int64_t began_ms;
    int64_t stuck_ms;       // since when nothing moves; 0: it does
    int64_t fence_tried_ms; // when the state's former owner was last fenced; 0: not yet
    int64_t next_try_ms;    // back-off after STATUS_RETRY
    int64_t committed;      // the group's offset; -1: none
    int64_t input_low;
    int64_t input_high;
    int64_t changelog_low;
    int64_t mark;     // the changelog's true high watermark, noted after `committed`
    int64_t from;     // where reading the changelog began
    int64_t moved_to; // changelog position at the last progress
    int64_t records;  // applied since the task was opened or rewound
    bool checkpoint;  // the store holds one, up to task->changelog_end
    int64_t reach;    // and some cards as of up to here
    bool reading;     // the changelog is open
    bool ahead;       // it is read while `committed` cannot be had yet
    bool was_ahead;   // and that as far as it went
    bool warm;        // memory is that of a suspended task
    bool incarnation_known;
    uint64_t incarnation; // records of others are skipped
    bool meta_known;      // task->meta came from the checkpoint or the changelog
    int64_t meta_end;     // one past the last meta record that was read; 0: none was
    int64_t warned_ms;
    int64_t progress_ms;
};

struct task {
    int32_t partition;
    enum task_state state;
    struct take take;
    struct store *store; // NULL until it is open
    struct cards *cards;
    bool store_was_empty; // when memory was: what the store holds now came from memory
    struct counts counts; // noted since the last commit, when counts are written
    struct table *table;  // NULL: no rule asks for it
    struct optional_ms stream_time;
    int64_t position;           // the next input offset to take
    int64_t committed_position; // as of the last commit
    bool written;               // records of its purchases are in the open transaction
    bool offset_owed;           // at least once: the state is ahead of the group's offset
    struct meta meta;           // as of the last commit
    int64_t changelog_end;      // one past the last meta record: all that is committed is below it
    int64_t checkpointed_end;   // changelog_end as of the last checkpoint started
    uint64_t round;             // the number of the next checkpoint
    bool checkpoint_running;
    int64_t checkpoint_ms; // when the last one was started
    size_t created_count;  // cards made since the last commit: the sweep's measure
    struct token sweep_cursor;
    int64_t swept_ms;     // up to when the sweep by the clock has done its share
    uint64_t sweep_cards; // in the store in the sweep's round through it, at most
    bool damaged;         // the store cannot be read: the next rewind is a whole one
    uint32_t stalled_schema;
    bool halted; // stalled, and its reading has been stopped
    int64_t stalled_ms;
};

struct task *task_open(const struct stream_settings *settings, int32_t partition, int64_t now_ms);
// Waits for a running checkpoint and frees everything; nothing is committed here.
void task_close(struct task *task, const struct stream_ports *ports);

// Moves along the picture above; any other move stops the process.
void task_move(struct task *task, enum task_state state);

// Forgets memory and begins to take the partition again: what the changelog says will be true. The
// store stays open; its checkpoint is still a prefix of the changelog.
void task_rewind(struct task *task, const struct stream_ports *ports, int64_t now_ms);
// Like task_rewind, but the store is emptied too: it is damaged, or of another incarnation.
enum status task_rewind_whole(struct task *task, const struct stream_ports *ports, int64_t now_ms,
                              struct error *err) MUST_USE;

// True when purchases were taken since the last commit.
static inline bool task_has_progress(const struct task *task)
{
    return task->position != task->committed_position;
}

// Starts a checkpoint of what is committed when one is due (by interval, or by the bound on staged
// bytes), and notices when one has ended. To be called between transactions' steps only when
// nothing is staged that is not committed. `force`: start one as soon as none runs.
enum status task_checkpoint(struct task *task, const struct stream_settings *settings,
                            int64_t now_ms, bool force, struct counters *counters,
                            struct error *err) MUST_USE;
// Waits until everything committed is in the store.
enum status task_checkpoint_wait(struct task *task, const struct stream_settings *settings,
                                 int64_t now_ms, struct counters *counters,
                                 struct error *err) MUST_USE;

// The card of a token: from memory, else from the store, else new and empty. STATUS_RECORD: the
// store is damaged.
enum status task_card(struct task *task, const struct token *token, struct card_entry **out,
                      struct error *err) MUST_USE;

// The store turned out to be damaged while it was read: returns STATUS_ABORT, and the rewind that
// follows is a whole one.
enum status task_note_damage(struct task *task, const struct error *err) MUST_USE;

void task_gauges(const struct task *task, struct partition_gauges *out);

#endif
