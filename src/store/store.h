// SPDX-License-Identifier: Apache-2.0
// The store port: what the stream runtime asks of local storage. One store is one input
// partition's state on disk: cards by token, and the checkpoint record that says which prefix of
// the changelog they reflect. Implemented on LMDB (store_lmdb.h) and in the tests' memory.
//
// A checkpoint is made in rounds: values are staged (copied), checkpoint_start freezes what is
// staged and writes it in the background, durably, together with the checkpoint record. A crash
// leaves the previous checkpoint or the new one; or, of a large one that is written in parts, the
// previous one with some of its cards as the new one has them, which its record says (`reach`).
// That is as good: each value was committed to the changelog behind the previous one's offset as
// the card's whole state, and reading on from there brings it, or a later one, to every such card.
// Reads see the last finished checkpoint, or values of one that is being written. Used by one
// thread at a time.
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "store/record.h"
#include "store/token.h"

struct checkpoint {
    int64_t changelog_offset; // all changelog records below it are reflected
    struct meta meta;
    // Beyond the offset above: a later checkpoint was cut off, and so some of the records between
    // the two are reflected. Else, as 0, there is no more to say. Users of the port look at it;
    // what they start checkpoints with leaves it 0.
    int64_t reach;
};

static inline bool checkpoint_is_cut_off(const struct checkpoint *checkpoint)
{
    return checkpoint->reach > checkpoint->changelog_offset;
}

struct store {
    const struct store_ops *ops;
};

// Called for each card of a scan; `value` is valid during the call.
typedef void store_scan_fn(void *context, const struct token *token, struct view value);

struct store_ops {
    // The last finished checkpoint; *found false when the store is empty. STATUS_RECORD when what
    // is there cannot be read or is damaged: the caller drops it and restores from the changelog.
    enum status (*load)(struct store *store, struct checkpoint *out, bool *found,
                        struct error *err) MUST_USE;
    // The card's value as of the last finished checkpoint, which may be one that checkpoint_poll
    // has not told of yet; value->data NULL when absent. Borrowed until the next call on the store.
    // STATUS_RECORD: damaged, as in load.
    enum status (*get)(struct store *store, const struct token *token, struct view *value,
                       struct error *err) MUST_USE;
    // Adds to what the next checkpoint writes; value.data NULL removes the card. Of several values
    // for one token the last one counts.
    void (*stage)(struct store *store, const struct token *token, struct view value);
    // Bytes staged and not yet frozen, and bytes frozen and not yet durable: for bounds.
    size_t (*staged_bytes)(const struct store *store);
    size_t (*frozen_bytes)(const struct store *store);
    // Freezes what is staged and starts to write it with this record. No checkpoint may be running.
    void (*checkpoint_start)(struct store *store, const struct checkpoint *checkpoint);
    // *running tells whether a checkpoint is still being written; with `wait` it returns only when
    // none is. STATUS_FATAL: the last one could not be written (disk full, I/O error; the sentence
    // says which file and what to do): the store still holds the one before, as after a crash, and
    // refuses further ones, with the same sentence, until it is dropped or opened anew. To be
    // called every now and then while one is running: the writer may wait for it.
    enum status (*checkpoint_poll)(struct store *store, bool wait, bool *running,
                                   struct error *err) MUST_USE;
    // Hands up to `max` cards with token >= *cursor to `each`, in token order, as of the last
    // finished checkpoint, and moves *cursor behind the last one; *wrapped when the end was
    // reached (the cursor is then at the lowest token again).
    enum status (*scan)(struct store *store, struct token *cursor, size_t max, store_scan_fn *each,
                        void *context, bool *wrapped, struct error *err) MUST_USE;
    // Cards in the last finished checkpoint, and the bytes it takes on disk.
    uint64_t (*card_count)(struct store *store);
    uint64_t (*disk_bytes)(struct store *store);
    // Forgets what is staged; waits for a running checkpoint to end first (no poll is needed then:
    // none is running).
    void (*discard)(struct store *store);
    // Removes every card and the checkpoint record, durably; discards what is staged.
    enum status (*drop)(struct store *store, struct error *err) MUST_USE;
    // Waits for a running checkpoint, then releases everything, the partition's lock included.
    void (*close)(struct store *store);
};

// A state directory: belongs to one process, each partition in it to one worker at a time.
struct store_dir {
    const struct store_dir_ops *ops;
};

struct store_dir_ops {
    // STATUS_RETRY while another worker of this process holds the partition; STATUS_RECORD when
    // what is there cannot be opened (damaged): reset and open again; STATUS_FATAL otherwise.
    enum status (*open)(struct store_dir *dir, int32_t partition, struct store **out,
                        struct error *err) MUST_USE;
    // Deletes the partition's store, which must not be open.
    enum status (*reset)(struct store_dir *dir, int32_t partition, struct error *err) MUST_USE;
    // The same for the partition's table, a store of its own beside the cards': its checkpoints
    // wait for none of theirs, and dropping one leaves the other.
    enum status (*open_table)(struct store_dir *dir, int32_t partition, struct store **out,
                              struct error *err) MUST_USE;
    enum status (*reset_table)(struct store_dir *dir, int32_t partition,
                               struct error *err) MUST_USE;
    void (*close)(struct store_dir *dir);
};

#endif
