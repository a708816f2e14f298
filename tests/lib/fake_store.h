// SPDX-License-Identifier: Apache-2.0
// The store port in memory: a directory of stores that outlives its users, with faults on demand.
// Deterministic: a checkpoint ends at a poll that waits, or at the poll after as many as were set.
//
// A crash of a worker or process is played thus:
//   fake_store_crash(dir); ... the worker is taken apart by its usual ways ...;
//   fake_store_restart(dir)
// Between the two nothing that is done to a store lasts.
#ifndef LIB_FAKE_STORE_H
#define LIB_FAKE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

// What stands for a partition's table where the functions below take a partition.
static inline int32_t fake_store_table(int32_t partition)
{
    return -1 - partition;
}

// The port. It lasts, with all that its stores hold, until its `close`, which frees everything; all
// stores must be closed then. The functions below take no other implementation's directory.
struct store_dir *fake_store_dir_open(void);

// Polls without `wait` that answer "running" before a checkpoint ends (0 at first: the first poll
// ends it). One that is running ends so much sooner.
void fake_store_set_polls(struct store_dir *dir, unsigned polls);
// From now on checkpoints are written in parts: each poll that answers "running" leaves some more
// of the cards on the disk, to be seen by reads, and for a crash to leave it at that. As in the
// implementation on LMDB, one of an empty store is not.
void fake_store_write_in_parts(struct store_dir *dir);
// The `countdown`-th checkpoint to end from now on fails (1: the next one; 0: none).
void fake_store_fail_checkpoint(struct store_dir *dir, unsigned countdown);
// While the disk is full every checkpoint that ends fails.
void fake_store_set_full(struct store_dir *dir, bool full);
// The same for `open`: it answers `status` with some sentence.
void fake_store_fail_open(struct store_dir *dir, unsigned countdown, enum status status);

enum fake_damage { FAKE_DAMAGE_NONE, FAKE_DAMAGE_OPEN, FAKE_DAMAGE_LOAD, FAKE_DAMAGE_READ };
// From now on open, or load, or get and scan of the partition answer STATUS_RECORD, until it is
// reset or dropped.
void fake_store_damage(struct store_dir *dir, int32_t partition, enum fake_damage damage);

// From now on the checkpoint before the last one is kept too, for fake_store_revert.
void fake_store_keep_versions(struct store_dir *dir);
// The disk has lied: the partition's last checkpoint is gone, the one before is there. False:
// nothing was kept. The store must not be open.
bool fake_store_revert(struct store_dir *dir, int32_t partition);
// What is on the disk, for a look from outside. False: nothing, or damaged.
bool fake_store_checkpoint(struct store_dir *dir, int32_t partition, struct checkpoint *checkpoint);
void fake_store_each(struct store_dir *dir, int32_t partition, store_scan_fn *each, void *context);

// `running_last`: whether checkpoints that are running reach the disk.
void fake_store_crash(struct store_dir *dir, bool running_last);
void fake_store_restart(struct store_dir *dir);

// Checkpoints that have reached the disk.
size_t fake_store_checkpoint_count(const struct store_dir *dir);
// Calls of get.
size_t fake_store_get_count(const struct store_dir *dir);
// Stores that are open.
size_t fake_store_open_count(const struct store_dir *dir);

#endif
